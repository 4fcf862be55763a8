//! A plan in words: what each step does, its gate, and how long all may take.

use super::{
    Analysis, Bounds, HookPoint, HookRun, HookSite, HostPlan, HotWork, OnFailure, Plan, Purpose,
    Source, Step, Work,
};
use crate::name::InstanceId;
use crate::span::span as s;

impl Plan {
    /// Says in words what a step does.
    pub fn does(&self, step: &Step) -> String {
        let candidate = self.candidate.artifact.short();
        let stable = self
            .stable
            .as_ref()
            .map_or("stable", |stable| stable.artifact.short());
        let on = self.on(step);
        match step.work {
            Work::Hook(place) => self.hook_does(place, &on),
            Work::Clear => {
                let hosts = step.hosts.iter().map(|place| &self.hosts[*place as usize]);
                let names = |host: &HostPlan| {
                    let names: Vec<_> = host.clear.iter().take(5).map(InstanceId::as_str).collect();
                    // The same names are on every host.
                    match self.hosts.len() {
                        0..=1 => names.join(", "),
                        _ => format!("{} on {}", names.join(", "), host.host),
                    }
                };
                match step.hosts.len() {
                    0..=3 => {
                        let each: Vec<String> = hosts.map(names).collect();
                        format!("stop and remove {}", each.join(", "))
                    }
                    _ => format!("stop and remove what is in the way {on}"),
                }
            }
            Work::Start if step.expected_ms == 0 => format!("probe the warm {candidate} {on}"),
            Work::Start => format!("start {candidate} {on}"),
            Work::Command => {
                let args = self.release_command.as_ref();
                let args = args.map_or_else(String::new, |command| command.args.join(" "));
                format!("run `{args}` once {on}")
            }
            Work::Quiesce => format!("end the jobs of {stable} {on}"),
            Work::Activate => format!("begin the jobs of {candidate} {on}"),
            Work::Preview => format!("let testers at {candidate} {on}"),
            Work::Weight(weight) => format!("route {weight} % to {candidate} {on}"),
            Work::Pause { for_ms: Some(ms) } => format!("wait for {}", s(ms)),
            Work::Pause { for_ms: None } => "wait until promoted".into(),
            Work::Analysis(place) => {
                let analysis = self.analyses.get(place as usize);
                analysis.map_or_else(String::new, analysis_does)
            }
            Work::Watch { for_ms: 0 } => format!("look at health and answers {on}"),
            Work::Watch { for_ms } => format!("watch health and answers for {} {on}", s(for_ms)),
            Work::Commit { .. } => format!("have every proxy prepare, then commit {on}"),
            Work::Drain => self.drain_does(stable, &on),
            Work::DrainBack => self.drain_does(candidate, &on),
            Work::Keep if self.purpose == Purpose::Deploy && self.timing.rollback_window_ms > 0 => {
                let window = s(self.timing.rollback_window_ms);
                format!("keep {stable} running for {window} {on}")
            }
            Work::Keep | Work::Vacate => format!("stop {stable} {on}"),
            Work::Leave { lb_notice_ms } => {
                format!("fail the readiness path for {} {on}", s(lb_notice_ms))
            }
            Work::Return => format!("pass the readiness path {on}"),
            Work::Hot(work) => hot_does(work, candidate, &on),
            Work::Settle { for_ms } => format!("observe for {}", s(for_ms)),
            Work::AwaitCommand => "wait for the end of the release command".into(),
            Work::Restore => format!("start {stable} again {on}"),
            Work::QuiesceBack => format!("end the jobs of {candidate} {on}"),
            Work::ActivateBack => format!("begin the jobs of {stable} {on}"),
            Work::RouteBack => format!("route all to {stable} {on}"),
            Work::StopBack => format!("stop {candidate} {on}"),
            Work::HotBack => format!("bring the code of {stable} back {on}"),
        }
    }

    /// Says in words what has to be true to go on from a step, and what follows if it is not.
    pub fn gate(&self, step: &Step) -> String {
        let timing = &self.timing;
        let else_back = if self.stable.is_some() {
            "else all goes back to stable"
        } else {
            "else it stops"
        };
        match step.work {
            Work::Hook(place) => self.hook_gate(place, else_back),
            Work::Clear => "removed".into(),
            Work::Start if step.expected_ms == 0 => format!("healthy, {else_back}"),
            Work::Start => format!(
                "healthy for {} without a break within {}, {else_back}",
                s(timing.min_healthy_time_ms),
                s(timing.healthy_deadline_ms)
            ),
            Work::Command => {
                let command = self.release_command.as_ref();
                let timeout_ms = command.map_or(0, |command| command.timeout_ms);
                format!(
                    "exit code 0 within {}, {else_back}; unknown outcome: paused for a person",
                    s(timeout_ms)
                )
            }
            Work::Quiesce | Work::Activate => format!("done, {else_back}"),
            Work::Preview => format!(
                "acknowledged by every proxy, leased for {}",
                s(timing.orphan_timeout_ms)
            ),
            Work::Weight(_) if self.stable.is_some() => format!(
                "acknowledged by every proxy, leased for {}, {else_back}",
                s(timing.orphan_timeout_ms)
            ),
            Work::Weight(_) => "acknowledged".into(),
            Work::Pause { for_ms: Some(_) } => "time, or promoted".into(),
            Work::Pause { for_ms: None } => {
                format!("promoted within {}, {else_back}", s(timing.pause_max_ms))
            }
            Work::Analysis(_) => {
                format!("successful, {else_back}; inconclusive: paused for a person")
            }
            Work::Watch { .. } => format!(
                "no crash, at most {} failed checks in a row, errors at most {} ‰ over stable's, {else_back}",
                self.tolerance.unhealthy_max, self.tolerance.errors_over_stable_permille
            ),
            Work::Commit { decides: true } => "point of no return".into(),
            Work::Commit { decides: false } => {
                "final for these hosts; an abort brings stable back by a start".into()
            }
            Work::Drain | Work::DrainBack => {
                format!("empty, or cut after {}", s(timing.drain_timeout_ms))
            }
            Work::Keep if self.purpose == Purpose::Deploy && timing.rollback_window_ms > 0 => {
                "the agent stops it after that".into()
            }
            Work::Keep | Work::Vacate | Work::StopBack => "stopped".into(),
            Work::Leave { .. } => "the balancer in front sends nothing more".into(),
            Work::Return => "acknowledged".into(),
            Work::Hot(HotWork::Commit) => "permanent".into(),
            Work::Hot(_) => format!("done, {else_back}"),
            Work::Settle { .. } => "healthy, else degraded".into(),
            Work::AwaitCommand => "it ended, or never began".into(),
            Work::Restore => format!(
                "healthy for {} without a break within {}, else degraded",
                s(timing.min_healthy_time_ms),
                s(timing.healthy_deadline_ms)
            ),
            Work::QuiesceBack | Work::ActivateBack => "done, or told".into(),
            Work::RouteBack => "seen at every proxy, else degraded".into(),
            Work::HotBack => "permanent, else degraded".into(),
        }
    }

    /// Returns how long the plan may take, in milliseconds from its start.
    pub fn bounds(&self) -> Bounds {
        let sum = |steps: &[Step], of: fn(&Step) -> u64| {
            steps.iter().map(of).fold(0, u64::saturating_add)
        };
        let decision = self.decision().unwrap_or(self.steps.len());
        let settle = self
            .steps
            .iter()
            .position(|step| matches!(step.work, Work::Settle { .. }))
            .unwrap_or(self.steps.len());
        let window = match self.purpose {
            Purpose::Deploy if self.stable.is_some() => self.timing.rollback_window_ms,
            _ => 0,
        };
        Bounds {
            expected_ms: sum(&self.steps, |step| step.expected_ms),
            longest_ms: sum(&self.steps, |step| step.longest_ms),
            abort_until_ms: sum(&self.steps[..decision], |step| step.expected_ms),
            rollback_until_ms: sum(&self.steps[..settle], |step| step.expected_ms)
                .saturating_add(window),
        }
    }

    fn on(&self, step: &Step) -> String {
        match step.hosts.as_slice() {
            [] => String::new(),
            [one] => format!("on {}", self.hosts[*one as usize].host),
            hosts if hosts.len() == self.hosts.len() => format!("on all {} hosts", hosts.len()),
            hosts => format!("on {} hosts", hosts.len()),
        }
    }

    fn hook_does(&self, place: u32, on: &str) -> String {
        let Some(hook) = self.hooks.get(place as usize) else {
            return String::new();
        };
        match &hook.run {
            HookRun::Webhook { url } => format!("call {}", address(url)),
            HookRun::Command { words, site } => {
                let on = match site {
                    HookSite::Operator => "beside the coordinator",
                    HookSite::EachHost | HookSite::FirstHost => on,
                };
                format!("run `{}` {on}", words.join(" "))
            }
        }
    }

    fn hook_gate(&self, place: u32, else_back: &str) -> String {
        let Some(hook) = self.hooks.get(place as usize) else {
            return String::new();
        };
        if hook.point.waits() {
            return format!("agreed within {}, {else_back}", s(self.timing.pause_max_ms));
        }
        // By then it is decided: nothing goes back any more, or all has.
        let is_late = matches!(
            hook.point,
            HookPoint::PostDeploy | HookPoint::PostRollout | HookPoint::OnAbort
        );
        match hook.on_failure {
            OnFailure::Abort if !is_late => {
                format!("done within {}, {else_back}", s(hook.timeout_ms))
            }
            _ => format!("done within {}, or told", s(hook.timeout_ms)),
        }
    }

    fn drain_does(&self, version: &str, on: &str) -> String {
        format!(
            "let {version} finish; move sockets, {} a second, close code {} {on}",
            self.moving.sockets_per_second, self.moving.close_code
        )
    }
}

fn hot_does(work: HotWork, candidate: &str, on: &str) -> String {
    match work {
        HotWork::Probe => format!("look whether the nodes can be upgraded now {on}"),
        HotWork::Unpack => format!("bring {candidate} to the nodes {on}"),
        HotWork::Install => format!("change the code to {candidate}, provisionally {on}"),
        HotWork::Verify => format!("check that every process and module runs {candidate} {on}"),
        HotWork::Commit => format!("make {candidate} permanent {on}"),
    }
}

fn analysis_does(analysis: &Analysis) -> String {
    let mut what = Vec::new();
    if analysis.comparison.is_some() {
        what.push("errors beside stable's".to_owned());
    }
    if analysis.latency.is_some() {
        what.push("slow requests beside stable's".to_owned());
    }
    for metric in &analysis.metrics {
        what.push(match &metric.source {
            Source::Prometheus { .. } => format!("metric {}", metric.name),
            Source::Webhook { url } => format!("{} by {}", metric.name, address(url)),
        });
    }
    format!("judge {} for {}", what.join(", "), s(analysis.for_ms))
}

/// Where a webhook is, without what may be a secret: its path and query.
fn address(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_webhook_is_named_without_what_may_be_a_secret() {
        assert_eq!(
            address("https://hooks.example.com/T0/B0/secret"),
            "https://hooks.example.com"
        );
        assert_eq!(
            address("http://localhost:9000?token=x"),
            "http://localhost:9000"
        );
        assert_eq!(address("https://a.example"), "https://a.example");
    }
}
