//! The independent checker: its own books of who serves what, fed by what hosts obeyed and by what is in
//! the ledger, never by the engine's opinion.

mod call;
mod end;
mod journal;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use rollout::{ArtifactId, HostCount, Plan, Purpose, Rolling, Strategy, Surge, Work};

use crate::rule::{Looks, Rule, Violation};
use crate::scenario::BEGIN;

pub(crate) use end::{Ending, Names};

/// The books.
#[derive(Debug)]
pub(crate) struct Checker {
    plan: Arc<Plan>,
    candidate: ArtifactId,
    stable: Option<ArtifactId>,
    way: Way,
    hosts: Vec<Book>,
    /// For each commit of the plan, the hosts that have not prepared.
    unprepared: Vec<u32>,
    available: u32,
    min_available: u32,
    replaced: u32,
    at_a_time: u32,
    asides: u32,
    budget: u32,
    pub(crate) decided: bool,
    pub(crate) given_up: bool,
    given_up_at: u64,
    /// How often the release command may run.
    pub(crate) runs_allowed: u32,
    runs: u32,
    /// Whether durations by a coordinator's clock mean nothing.
    pub(crate) clock_was_set: bool,
    pub(crate) violation: Option<Violation>,
    looks: [Looks; Rule::ALL.len()],
    now: u64,
}

/// What matters of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Stable beside the candidate on every host until the one commit.
    Beside,
    /// In batches, stable beside the candidate.
    Batches,
    /// In batches, one instead of the other.
    Instead,
    /// In batches, in the running node.
    Hot,
}

/// What is known of a host.
#[derive(Debug, Default)]
struct Book {
    /// The highest token that was obeyed.
    token: u64,
    available: u32,
    replaced: bool,
    /// Until when its weights may stay without a word.
    lease_until: Option<u64>,
    prepared: bool,
    committed: bool,
    committed_once: bool,
    /// How many release commands ran.
    commands: u32,
    aside: bool,
    /// Whether the commit of a hot upgrade was asked for.
    hot_commit: bool,
    /// The commit of the plan that it is of.
    group: Option<u32>,
    /// Whether nobody can say what became of jobs here.
    unseen: bool,
    /// When it was last not reached, or could do nothing for want of room.
    silent_at: Option<u64>,
}

impl Checker {
    pub(crate) fn new(plan: &Arc<Plan>) -> Self {
        let way = match &plan.strategy {
            Strategy::Hot(_) => Way::Hot,
            Strategy::Rolling(Rolling {
                surge: Surge::Instead { .. },
                ..
            }) => Way::Instead,
            Strategy::Rolling(_) => Way::Batches,
            _ => Way::Beside,
        };
        let fleet = plan.hosts.len() as u32;
        let instances: u32 = plan.hosts.iter().map(|host| host.stable.len() as u32).sum();
        let mut hosts: Vec<Book> = plan
            .hosts
            .iter()
            .map(|host| Book {
                available: host.stable.len() as u32,
                ..Book::default()
            })
            .collect();
        let mut unprepared = Vec::new();
        for step in &plan.steps {
            if let Work::Commit { .. } = step.work {
                for host in &step.hosts {
                    hosts[*host as usize].group = Some(unprepared.len() as u32);
                }
                let here = step
                    .hosts
                    .iter()
                    .filter(|host| !plan.hosts[**host as usize].stable.is_empty());
                unprepared.push(here.count() as u32);
            }
        }
        let at_a_time = match &plan.strategy {
            Strategy::Hot(hot) => up(hot.max_parallel, fleet),
            Strategy::Rolling(rolling) => up(rolling.max_parallel, fleet),
            _ => fleet,
        };
        Self {
            candidate: plan.candidate.artifact.clone(),
            stable: plan.stable.as_ref().map(|stable| stable.artifact.clone()),
            way,
            hosts,
            unprepared,
            available: instances,
            min_available: down(plan.tolerance.min_available, instances),
            replaced: 0,
            at_a_time,
            asides: 0,
            budget: down(plan.tolerance.failure_budget, fleet),
            decided: false,
            given_up: false,
            given_up_at: 0,
            runs_allowed: 1,
            runs: 0,
            clock_was_set: false,
            violation: None,
            looks: [Looks::default(); Rule::ALL.len()],
            now: BEGIN,
            plan: plan.clone(),
        }
    }

    /// Tells the checker the time of the world.
    pub(crate) fn at(&mut self, now: u64) {
        self.now = now;
    }

    /// Notes a look at a rule; `holds` says in words how it is broken. The first one stays.
    pub(crate) fn look(
        &mut self,
        rule: Rule,
        applies: bool,
        broken: impl FnOnce() -> Option<String>,
    ) {
        let looks = &mut self.looks[rule as usize];
        looks.checked += 1;
        if !applies {
            return;
        }
        looks.applied += 1;
        if self.violation.is_none()
            && let Some(detail) = broken()
        {
            self.violation = Some(Violation {
                rule,
                at_ms: self.now - BEGIN,
                detail,
            });
        }
    }

    /// Notes that jobs of a host may have ended unseen.
    pub(crate) fn unseen(&mut self, host: u32) {
        self.hosts[host as usize].unseen = true;
    }

    /// Notes that a host is, or was until now, not able to answer or to obey.
    pub(crate) fn silent(&mut self, host: u32, now: u64) {
        self.hosts[host as usize].silent_at = Some(now);
    }

    pub(crate) fn looks(&self) -> BTreeMap<&'static str, Looks> {
        Rule::ALL
            .iter()
            .map(|rule| (rule.name(), self.looks[*rule as usize]))
            .collect()
    }

    fn has_stable(&self, host: u32) -> bool {
        !self.plan.hosts[host as usize].stable.is_empty()
    }

    fn is_deploy(&self) -> bool {
        self.plan.purpose == Purpose::Deploy
    }
}

/// A number of things, where a part is rounded up.
fn up(count: HostCount, of: u32) -> u32 {
    match count {
        HostCount::Hosts(hosts) => hosts.max(1),
        HostCount::Percent(percent) => (of * u32::from(percent)).div_ceil(100).max(1),
    }
}

/// A number of things, where a part is rounded down.
fn down(count: HostCount, of: u32) -> u32 {
    match count {
        HostCount::Hosts(hosts) => hosts.min(of),
        HostCount::Percent(percent) => of * u32::from(percent) / 100,
    }
}
