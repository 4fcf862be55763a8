//! The way back to stable: steps too, of what was asked of each host.
//!
//! Hosts on which stable still runs come first and wait for no other: their proxies are told at once. Then
//! those on which it has to be started again. Hosts without room for two versions go last, in the batches
//! in which they came, the last one first, so that enough of them serve.

use super::{HookPoint, Plan, Step, Work};

/// What was asked of a host: it may have been done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    /// An instance of the candidate was started.
    pub(crate) started: bool,
    /// Its proxy was told of the candidate.
    pub(crate) routed: bool,
    /// Stable's instances were stopped, or their time was limited.
    pub(crate) let_go: bool,
    /// Stable was stopped before the candidate started.
    pub(crate) vacated: bool,
    /// Its readiness path failed on purpose.
    pub(crate) left: bool,
    /// The candidate's background work began.
    pub(crate) activated: bool,
    /// Stable's background work ended.
    pub(crate) quiesced: bool,
    /// Its code was changed.
    pub(crate) installed: bool,
}

/// Computes the way back. `command`: a release command may be under way.
pub(crate) fn way_back(plan: &Plan, touched: &[Touched], command: bool) -> Vec<Step> {
    let mut back = Back {
        plan,
        touched,
        steps: Vec::new(),
    };
    let places: Vec<u32> = (0u32..).take(plan.hosts.len()).collect();
    let all = |wanted: &dyn Fn(&Touched) -> bool| -> Vec<u32> {
        let wanted = |place: &&u32| wanted(&touched[**place as usize]);
        places.iter().filter(wanted).copied().collect()
    };
    if command {
        back.push("await-command", Work::AwaitCommand, vec![0], None);
    }
    back.push("hot-back", Work::HotBack, all(&|it| it.installed), None);
    let runs = all(&|it| !it.let_go && !it.vacated && !it.left && !it.installed);
    back.group(&runs, None);
    let stopped = all(&|it| it.let_go && !it.vacated && !it.left);
    back.push("restore", Work::Restore, stopped.clone(), None);
    back.group(&stopped, None);
    for (batch, hosts) in batches(plan).into_iter().rev() {
        let away: Vec<u32> = hosts
            .into_iter()
            .filter(|place| touched[*place as usize].left || touched[*place as usize].vacated)
            .collect();
        back.instead(&away, batch);
    }
    // Also where stable was stopped and the candidate had not started yet.
    let changed = all(&|it| it.started || it.installed || it.vacated);
    back.hooks(HookPoint::OnAbort, &changed);
    back.hooks(HookPoint::PostRollout, &changed);
    back.steps
}

/// Returns the batches in which hosts leave.
fn batches(plan: &Plan) -> Vec<(Option<u32>, Vec<u32>)> {
    plan.steps
        .iter()
        .filter(|step| matches!(step.work, Work::Leave { .. }))
        .map(|step| (step.batch, step.hosts.clone()))
        .collect()
}

struct Back<'a> {
    plan: &'a Plan,
    touched: &'a [Touched],
    steps: Vec<Step>,
}

impl Back<'_> {
    /// Back to a stable that runs beside the candidate: background work first, then traffic, then the rest.
    fn group(&mut self, hosts: &[u32], batch: Option<u32>) {
        let routed = |it: &Touched| it.routed;
        let activated = self.of(hosts, |it| it.activated);
        self.push("quiesce-back", Work::QuiesceBack, activated, batch);
        let quiesced = self.of(hosts, |it| it.quiesced);
        self.push("activate-back", Work::ActivateBack, quiesced, batch);
        let routed = self.with_stable(self.of(hosts, routed));
        self.push("route-back", Work::RouteBack, routed.clone(), batch);
        self.push("drain-back", Work::DrainBack, routed, batch);
        let started = self.of(hosts, |it| it.started);
        self.push("stop-back", Work::StopBack, started, batch);
    }

    /// Back to a stable that had to stop first: the candidate leaves as stable did.
    fn instead(&mut self, hosts: &[u32], batch: Option<u32>) {
        let vacated = self.of(hosts, |it| it.vacated);
        let served = self.of(&vacated, |it| it.routed);
        let notice = self.plan.steps.iter().find_map(|step| match step.work {
            Work::Leave { lb_notice_ms } => Some(lb_notice_ms),
            _ => None,
        });
        let lb_notice_ms = notice.unwrap_or(0);
        self.push(
            "leave-back",
            Work::Leave { lb_notice_ms },
            served.clone(),
            batch,
        );
        let activated = self.of(&vacated, |it| it.activated);
        self.push("quiesce-back", Work::QuiesceBack, activated, batch);
        self.push("drain-back", Work::DrainBack, served, batch);
        let started = self.of(&vacated, |it| it.started);
        self.push("stop-back", Work::StopBack, started, batch);
        self.push("restore", Work::Restore, vacated, batch);
        let quiesced = self.of(hosts, |it| it.quiesced);
        self.push("activate-back", Work::ActivateBack, quiesced, batch);
        // Also where it was only drained: a route ends the drain.
        self.push("route-back", Work::RouteBack, hosts.to_vec(), batch);
        self.push("return-back", Work::Return, hosts.to_vec(), batch);
    }

    fn of(&self, hosts: &[u32], wanted: fn(&Touched) -> bool) -> Vec<u32> {
        let wanted = |place: &&u32| wanted(&self.touched[**place as usize]);
        hosts.iter().filter(wanted).copied().collect()
    }

    fn with_stable(&self, mut hosts: Vec<u32>) -> Vec<u32> {
        hosts.retain(|place| !self.plan.hosts[*place as usize].stable.is_empty());
        hosts
    }

    fn hooks(&mut self, point: HookPoint, hosts: &[u32]) {
        for (place, hook) in (0u32..).zip(&self.plan.hooks) {
            if hook.point == point {
                let name = format!("{point}-{}", hook.name);
                self.add(&name, Work::Hook(place), hook.run.places(hosts), None);
            }
        }
    }

    fn push(&mut self, name: &str, work: Work, hosts: Vec<u32>, batch: Option<u32>) {
        if !hosts.is_empty() {
            self.add(name, work, hosts, batch);
        }
    }

    fn add(&mut self, name: &str, work: Work, hosts: Vec<u32>, batch: Option<u32>) {
        let name = match batch {
            Some(batch) => format!("{name}-{batch}"),
            None => name.to_owned(),
        };
        let given = |name: &str| self.steps.iter().any(|step| step.name == name);
        let numbered = (2u32..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let name = names.find(|name| !given(name)).unwrap_or(name);
        let (expected_ms, longest_ms) = self.plan.durations(work, &hosts);
        self.steps.push(Step {
            name,
            work,
            hosts,
            batch,
            expected_ms,
            longest_ms,
        });
    }
}
