//! What is known of a host.

use std::collections::BTreeSet;

use crate::event::{Health, TrafficSeen, Verdict};
use crate::plan::{HostPlan, HotWork, Touched};
use crate::task::Task;
use crate::tick::Tick;

/// What is known of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// Tasks with a definite good reply.
    pub(crate) done: BTreeSet<Task>,
    /// Tasks that were ever asked for: they may have been done.
    pub(crate) asked: BTreeSet<Task>,
    /// Tasks whose reply is waited for.
    pub(crate) awaited: BTreeSet<Task>,
    /// The answer that stands in the way of going on.
    pub(crate) refused: Option<String>,
    /// Since when it does not answer, and what was seen.
    pub(crate) lost: Option<(Tick, String)>,
    /// The candidate's instances, in the order of the plan.
    pub(crate) gates: Vec<Gate>,
    /// Stable's instances, where they had to be started again.
    pub(crate) stable_gates: Vec<Gate>,
    /// The counters before the candidate had traffic.
    pub(crate) baseline: Option<TrafficSeen>,
    /// When the last reply came that changed what is seen; what was seen earlier says nothing.
    pub(crate) changed: Option<Tick>,
    /// Whether the step's own condition is met here.
    pub(crate) passed: bool,
    /// Where the candidate stands here.
    pub(crate) standing: Standing,
    /// The candidate's part of the traffic, as last acknowledged.
    pub(crate) weight: Option<u8>,
    /// Whether its weights are to be leased anew.
    pub(crate) lease_anew: bool,
    /// Why it was set aside.
    pub(crate) aside: Option<String>,
    /// The counters as an analysis last took them, with the interval.
    pub(crate) counted: Option<(u64, TrafficSeen)>,
}

/// Where the candidate stands on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was not started.
    Untouched,
    /// It started and has to prove its health.
    Starting,
    /// It has, or gets, traffic, and may be given up at any time.
    Serving,
    /// It is final here.
    Final,
}

/// What is known of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gate {
    /// Since when it is healthy without a break.
    pub(crate) healthy_since: Option<Tick>,
    /// Whether it has been for long enough.
    pub(crate) passed: bool,
    /// Failed checks in a row.
    pub(crate) streak: u32,
    /// Restarts as last seen.
    pub(crate) restarts: u32,
    /// What its check said last when it failed.
    pub(crate) detail: String,
}

impl Host {
    pub(crate) fn of(plan: &HostPlan) -> Self {
        Self {
            done: BTreeSet::new(),
            asked: BTreeSet::new(),
            awaited: BTreeSet::new(),
            refused: None,
            lost: None,
            gates: vec![Gate::default(); plan.candidate.len()],
            stable_gates: vec![Gate::default(); plan.stable.len()],
            baseline: None,
            changed: None,
            passed: false,
            standing: Standing::Untouched,
            weight: None,
            lease_anew: false,
            aside: None,
            counted: None,
        }
    }

    /// Forgets what was seen of the candidate's health.
    pub(crate) fn reset_gates(&mut self) {
        for gate in &mut self.gates {
            gate.reset();
        }
    }

    /// Says whether every instance of the candidate was healthy for long enough.
    pub(crate) fn is_ready(&self) -> bool {
        self.gates.iter().all(|gate| gate.passed)
    }

    /// Says whether every instance of stable was.
    pub(crate) fn is_restored(&self) -> bool {
        self.stable_gates.iter().all(|gate| gate.passed)
    }

    /// Says whether the candidate's weights may be leased: they were asked for and are not final.
    pub(crate) fn is_leased(&self) -> bool {
        self.standing != Standing::Final
            && self.aside.is_none()
            && self
                .asked
                .range(Task::Route(0)..=Task::Route(100))
                .next()
                .is_some()
    }

    /// Says whether the balancer in front was told to leave it, and not yet told to come back.
    pub(crate) fn is_out(&self) -> bool {
        self.asked.contains(&Task::Leave) && !self.done.contains(&Task::Return)
    }

    /// Notes a definite good reply.
    pub(crate) fn finish(&mut self, task: Task, now: Tick) {
        if task.changes_what_is_seen() {
            self.changed = Some(now);
        }
        match task {
            Task::Route(weight) => self.weight = Some(weight),
            Task::RouteFinal => self.weight = Some(100),
            Task::RouteBack => self.weight = Some(0),
            Task::Lease => self.lease_anew = false,
            Task::Hot(HotWork::Commit) | Task::Commit => self.standing = Standing::Final,
            _ => {}
        }
        if task == Task::RouteFinal {
            self.standing = Standing::Final;
        }
        self.done.insert(task);
    }

    /// Returns what was asked of it.
    pub(crate) fn touched(&self) -> Touched {
        let any = |from: Task, to: Task| self.asked.range(from..=to).next().is_some();
        Touched {
            started: any(Task::Start(0), Task::Start(u16::MAX)),
            routed: any(Task::Route(0), Task::Route(u8::MAX)),
            let_go: any(Task::Keep(0), Task::Keep(u16::MAX)),
            vacated: any(Task::Vacate(0), Task::Vacate(u16::MAX)),
            left: self.asked.contains(&Task::Leave),
            activated: any(Task::Activate(0), Task::Activate(u16::MAX)),
            quiesced: any(Task::Quiesce(0), Task::Quiesce(u16::MAX)),
            installed: self.asked.contains(&Task::Hot(HotWork::Install)),
        }
    }
}

impl Gate {
    pub(crate) fn reset(&mut self) {
        *self = Self {
            restarts: self.restarts,
            ..Self::default()
        };
    }

    /// Lets an instance prove its health: for `min_ms` without a break.
    pub(crate) fn prove(&mut self, health: &Health, now: Tick, min_ms: u64) {
        // One that crashed between two looks was not healthy for all of that time.
        if std::mem::replace(&mut self.restarts, health.restarts) != health.restarts {
            self.healthy_since = None;
        }
        if health.verdict == Verdict::Healthy {
            let since = *self.healthy_since.get_or_insert(now);
            self.passed = now.since(since) >= min_ms;
        } else {
            self.healthy_since = None;
            self.passed = false;
            self.detail.clone_from(&health.detail);
        }
    }

    /// Counts failed checks in a row.
    pub(crate) fn watch(&mut self, health: &Health) -> u32 {
        if health.verdict == Verdict::Healthy {
            self.streak = 0;
        } else {
            self.streak = self.streak.saturating_add(1);
            self.detail.clone_from(&health.detail);
        }
        self.restarts = self.restarts.max(health.restarts);
        self.streak
    }
}
