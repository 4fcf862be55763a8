//! Steps as they are written down, one after the other; each is left out where it has nothing to do.

use std::collections::BTreeMap;

use analysis::QueryTemplate;

use crate::plan::{
    Analysis, HookPoint, HookRun, HookSite, HostCount, Plan, Purpose, Readiness, Source, Step, Work,
};

/// The steps so far.
pub(super) struct Script<'a> {
    plan: &'a Plan,
    preview: bool,
    steps: Vec<Step>,
    analyses: Vec<Analysis>,
    /// The candidate's part of the traffic by now.
    weight: u8,
    /// How often a name was given.
    names: BTreeMap<String, u32>,
}

/// Divides the places of hosts: the first one alone, then that many at a time.
pub(super) fn batches(hosts: usize, max_parallel: HostCount) -> Vec<Vec<u32>> {
    let places: Vec<u32> = (0u32..).take(hosts).collect();
    let (first, rest) = places.split_at(hosts.min(1));
    let rest = rest.chunks(max_parallel.at_once(hosts));
    std::iter::once(first)
        .chain(rest)
        .map(<[u32]>::to_vec)
        .collect()
}

impl<'a> Script<'a> {
    pub(super) fn new(plan: &'a Plan, preview: bool) -> Self {
        Self {
            plan,
            preview,
            steps: Vec::new(),
            analyses: Vec::new(),
            weight: 0,
            names: BTreeMap::new(),
        }
    }

    pub(super) fn plan(&self) -> &'a Plan {
        self.plan
    }

    pub(super) fn finish(self) -> (Vec<Step>, Vec<Analysis>) {
        (self.steps, self.analyses)
    }

    /// Returns the places of all hosts.
    pub(super) fn all(&self) -> Vec<u32> {
        (0u32..).take(self.plan.hosts.len()).collect()
    }

    /// Returns those of the hosts on which stable takes traffic.
    pub(super) fn with_stable(&self, hosts: &[u32]) -> Vec<u32> {
        let has = |place: &&u32| !self.plan.hosts[**place as usize].stable.is_empty();
        hosts.iter().filter(has).copied().collect()
    }

    /// Adds a step on these hosts, unless there are none.
    pub(super) fn push(&mut self, name: &str, work: Work, hosts: Vec<u32>, batch: Option<u32>) {
        if !hosts.is_empty() {
            self.add(name, work, hosts, batch);
        }
    }

    fn add(&mut self, name: &str, work: Work, hosts: Vec<u32>, batch: Option<u32>) {
        let name = match batch {
            Some(batch) => format!("{name}-{batch}"),
            None => name.to_owned(),
        };
        let given = self.names.entry(name.clone()).or_insert(0);
        *given += 1;
        let name = if *given == 1 {
            name
        } else {
            format!("{name}-{given}")
        };
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

    /// What comes first with every strategy.
    pub(super) fn head(&mut self) {
        let all = self.all();
        self.hooks(HookPoint::ConfirmRollout, &all, None);
        self.hooks(HookPoint::PreDeploy, &all, None);
        let full = |place: &u32| !self.plan.hosts[*place as usize].clear.is_empty();
        let hosts = all.into_iter().filter(full).collect();
        self.push("clear", Work::Clear, hosts, None);
    }

    /// What comes last with every strategy.
    pub(super) fn tail(&mut self) {
        let all = self.all();
        let for_ms = self.plan.timing.after_ms;
        self.push("settle", Work::Settle { for_ms }, all.clone(), None);
        self.hooks(HookPoint::PostDeploy, &all, None);
        self.hooks(HookPoint::PostRollout, &all, None);
    }

    /// The user's hooks of a point. On a way back to a version that is known nobody is asked.
    pub(super) fn hooks(&mut self, point: HookPoint, hosts: &[u32], batch: Option<u32>) {
        let after = matches!(point, HookPoint::PostDeploy | HookPoint::PostRollout);
        if self.plan.purpose == Purpose::Rollback && !after {
            return;
        }
        for (place, hook) in (0u32..).zip(&self.plan.hooks) {
            if hook.point == point {
                let name = format!("{point}-{}", hook.name);
                let hosts = hook.run.places(hosts);
                self.add(&name, Work::Hook(place), hosts, batch);
            }
        }
    }

    pub(super) fn start(&mut self, hosts: Vec<u32>, batch: Option<u32>) {
        self.push("start", Work::Start, hosts, batch);
    }

    pub(super) fn command(&mut self) {
        if self.plan.release_command.is_some() {
            self.push("command", Work::Command, vec![0], None);
        }
    }

    pub(super) fn preview(&mut self) {
        let hosts = self.with_stable(&self.all());
        if self.preview && self.plan.purpose == Purpose::Deploy {
            self.push("preview", Work::Preview, hosts, None);
        }
    }

    pub(super) fn jobs(&mut self, hosts: &[u32], batch: Option<u32>) {
        self.jobs_end(hosts, batch);
        self.jobs_begin(hosts, batch);
    }

    pub(super) fn jobs_end(&mut self, hosts: &[u32], batch: Option<u32>) {
        if self.plan.background.quiesce.is_some() {
            self.push("quiesce", Work::Quiesce, self.with_stable(hosts), batch);
        }
    }

    pub(super) fn jobs_begin(&mut self, hosts: &[u32], batch: Option<u32>) {
        if self.plan.background.activate.is_some() {
            self.push("activate", Work::Activate, hosts.to_vec(), batch);
        }
    }

    pub(super) fn weight(&mut self, weight: u8, hosts: Vec<u32>, batch: Option<u32>) {
        self.weight = weight;
        self.push(
            &format!("weight-{weight}"),
            Work::Weight(weight),
            hosts,
            batch,
        );
    }

    /// Waits. On a first deploy there is nothing that serves meanwhile, so nobody is waited for.
    pub(super) fn pause(&mut self, for_ms: Option<u64>) {
        if self.with_stable(&self.all()).is_empty() {
            return;
        }
        self.add("pause", Work::Pause { for_ms }, Vec::new(), None);
    }

    /// Judges by values from elsewhere alone where there is no stable to compare with, and before the
    /// candidate has traffic, which that of testers is not.
    pub(super) fn analysis(&mut self, analysis: &Analysis) {
        let mut hosts = self.with_stable(&self.all());
        let mut analysis = analysis.clone();
        if self.weight == 0 || hosts.is_empty() {
            analysis.comparison = None;
            analysis.latency = None;
        }
        if hosts.is_empty() {
            hosts = self.all();
            analysis.metrics.retain(|metric| !compares(&metric.source));
        }
        let judges = analysis.comparison.is_some()
            || analysis.latency.is_some()
            || !analysis.metrics.is_empty();
        if judges {
            let place = u32::try_from(self.analyses.len()).unwrap_or(u32::MAX);
            let for_ms = analysis.for_ms;
            self.analyses.push(analysis);
            let (name, work) = ("analysis", Work::Analysis(place));
            self.add(name, work, hosts, None);
            if let Some(step) = self.steps.last_mut() {
                step.expected_ms = for_ms;
                step.longest_ms = for_ms.saturating_add(self.plan.timing.pause_max_ms);
            }
        }
    }

    pub(super) fn watch(&mut self, for_ms: u64, hosts: Vec<u32>, batch: Option<u32>) {
        self.push("watch", Work::Watch { for_ms }, hosts, batch);
    }

    pub(super) fn leave(&mut self, lb_notice_ms: u64, hosts: Vec<u32>, batch: u32) {
        self.push("leave", Work::Leave { lb_notice_ms }, hosts, Some(batch));
    }

    pub(super) fn drain(&mut self, hosts: Vec<u32>, batch: Option<u32>) {
        self.push("drain", Work::Drain, hosts, batch);
    }

    /// Lets stable go.
    pub(super) fn let_go(&mut self, hosts: &[u32], batch: Option<u32>) {
        let hosts = self.with_stable(hosts);
        self.drain(hosts.clone(), batch);
        self.push("keep", Work::Keep, hosts, batch);
    }
}

impl HookRun {
    /// Returns at which of the places it runs; at none where the operator's side runs it.
    pub(crate) fn places(&self, hosts: &[u32]) -> Vec<u32> {
        match self {
            Self::Webhook { .. }
            | Self::Command {
                site: HookSite::Operator,
                ..
            } => Vec::new(),
            Self::Command {
                site: HookSite::EachHost,
                ..
            } => hosts.to_vec(),
            Self::Command {
                site: HookSite::FirstHost,
                ..
            } => hosts.first().copied().into_iter().collect(),
        }
    }
}

impl Plan {
    /// Returns how long a step takes: if nothing has to be waited for longer than it must, and if it takes
    /// as long as it may.
    pub(crate) fn durations(&self, work: Work, hosts: &[u32]) -> (u64, u64) {
        let timing = &self.timing;
        let progress = timing.progress_deadline_ms;
        let within = |ms: u64| (ms, ms.saturating_add(progress));
        match work {
            Work::Hook(place) => {
                let Some(hook) = self.hooks.get(place as usize) else {
                    return (0, progress);
                };
                let longest = if hook.point.waits() {
                    timing.pause_max_ms
                } else {
                    hook.timeout_ms
                };
                (0, longest.saturating_add(progress))
            }
            Work::Start => {
                let is_warm = |place: &u32| {
                    let candidate = &self.hosts[*place as usize].candidate;
                    candidate.iter().all(|one| one.readiness == Readiness::Warm)
                };
                let expected = if hosts.iter().all(is_warm) {
                    0
                } else {
                    timing.min_healthy_time_ms
                };
                (expected, timing.healthy_deadline_ms)
            }
            Work::Restore => (timing.min_healthy_time_ms, timing.healthy_deadline_ms),
            Work::Command | Work::AwaitCommand => {
                let command = self.release_command.as_ref();
                (
                    0,
                    command
                        .map_or(0, |command| command.timeout_ms)
                        .saturating_add(progress),
                )
            }
            Work::Quiesce | Work::QuiesceBack => {
                let job = self.background.quiesce.as_ref();
                (
                    0,
                    job.map_or(0, |job| job.timeout_ms).saturating_add(progress),
                )
            }
            Work::Activate | Work::ActivateBack => {
                let job = self.background.activate.as_ref();
                (
                    0,
                    job.map_or(0, |job| job.timeout_ms).saturating_add(progress),
                )
            }
            Work::Pause { for_ms: Some(ms) } => (ms, ms),
            Work::Pause { for_ms: None } => (0, timing.pause_max_ms),
            Work::Analysis(_) => (0, progress),
            Work::Watch { for_ms } | Work::Settle { for_ms } => within(for_ms),
            Work::Leave { lb_notice_ms } => within(lb_notice_ms),
            Work::Commit { .. } => (0, progress.saturating_mul(2)),
            Work::Drain | Work::DrainBack => (self.drain_expected_ms(), timing.drain_timeout_ms),
            Work::Clear
            | Work::Preview
            | Work::Weight(_)
            | Work::Keep
            | Work::Vacate
            | Work::Return
            | Work::Hot(_)
            | Work::RouteBack
            | Work::StopBack
            | Work::HotBack => (0, progress),
        }
    }

    fn drain_expected_ms(&self) -> u64 {
        let pace =
            u64::from(self.moving.sockets_per_second.max(1)) * self.hosts.len().max(1) as u64;
        (self.sockets_open.saturating_mul(1000) / pace).min(self.timing.drain_timeout_ms)
    }
}

/// Says whether a metric is measured beside stable's.
fn compares(source: &Source) -> bool {
    match source {
        Source::Prometheus { query } => {
            QueryTemplate::parse(query).is_ok_and(|template| template.compares())
        }
        Source::Webhook { .. } => false,
    }
}
