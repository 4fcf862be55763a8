//! Describes a plan: its steps with their gates and deadlines, and how long it may take.

use super::{Bounds, Plan, Purpose, Readiness};

/// One step of a plan, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// A stable word for programs, the same as in [`crate::StepTime`].
    pub name: &'static str,
    /// What is done.
    pub does: String,
    /// What has to be true to go on, and what follows if it is not.
    pub gate: String,
    /// How long it takes if nothing has to be waited for, in milliseconds.
    pub expected_ms: u64,
    /// How long it may take, in milliseconds.
    pub longest_ms: u64,
}

impl Plan {
    /// Returns the steps in order.
    pub fn steps(&self) -> Vec<PlannedStep> {
        let timing = &self.timing;
        let hosts = match self.hosts.len() {
            1 => format!("on {}", self.hosts[0].host),
            n => format!("on all {n} hosts"),
        };
        let candidate = self.candidate.artifact.short();
        let mut steps = Vec::new();
        let mut step = |name, does: String, gate: String, expected_ms, longest_ms| {
            steps.push(PlannedStep {
                name,
                does,
                gate,
                expected_ms,
                longest_ms,
            });
        };
        let progress = timing.progress_deadline_ms;
        if self.hosts.iter().any(|host| !host.clear.is_empty()) {
            let instances: Vec<_> = self
                .hosts
                .iter()
                .flat_map(|host| &host.clear)
                .map(ToString::to_string)
                .collect();
            step(
                "clear",
                format!("stop and remove {}", instances.join(", ")),
                "removed".into(),
                0,
                progress,
            );
        }
        let back = if self.stable.is_some() {
            "else stable stays and the candidate stops"
        } else {
            "else it stops"
        };
        let warm = self.is_warm();
        let settle = if warm { 0 } else { timing.min_healthy_time_ms };
        step(
            "start",
            if warm {
                format!("probe the warm {candidate} {hosts}")
            } else {
                format!("start {candidate} {hosts}")
            },
            if warm {
                format!("healthy, {back}")
            } else {
                format!(
                    "healthy for {} without a break within {}, {back}",
                    s(settle),
                    s(timing.healthy_deadline_ms)
                )
            },
            settle,
            timing.healthy_deadline_ms,
        );
        if let Some(command) = &self.release_command {
            step(
                "command",
                format!(
                    "run `{}` once on {}",
                    command.args.join(" "),
                    self.hosts[0].host
                ),
                format!(
                    "exit code 0 within {}, {back}; unknown outcome: paused for a person",
                    s(command.timeout_ms)
                ),
                0,
                command.timeout_ms,
            );
        }
        if self.stable.is_some() {
            step(
                "switch",
                format!(
                    "route 100 % to {candidate} {hosts}, leased for {}",
                    s(timing.orphan_timeout_ms)
                ),
                "acknowledged by every proxy, else all go back".into(),
                0,
                progress,
            );
        } else {
            step(
                "switch",
                format!("route 100 % to {candidate} {hosts}"),
                "acknowledged".into(),
                0,
                progress,
            );
        }
        step(
            "watch",
            format!("watch health and answers for {}", s(self.watch_ms())),
            format!(
                "no crash, at most {} failed checks in a row, errors at most {} ‰ over stable's, {back}",
                self.tolerance.unhealthy_max, self.tolerance.errors_over_stable_permille
            ),
            self.watch_ms(),
            self.watch_ms().saturating_add(progress),
        );
        if let Some(stable) = &self.stable {
            step(
                "commit",
                "have every proxy prepare, then commit".into(),
                "point of no return".into(),
                0,
                progress,
            );
            step(
                "drain",
                format!(
                    "let {} finish; move sockets, {} a second, close code {}",
                    stable.artifact.short(),
                    self.moving.sockets_per_second,
                    self.moving.close_code
                ),
                format!("empty, or cut after {}", s(timing.drain_timeout_ms)),
                self.drain_expected_ms(),
                timing.drain_timeout_ms,
            );
            match (self.purpose, timing.rollback_window_ms) {
                (Purpose::Deploy, window) if window > 0 => step(
                    "keep",
                    format!("keep {} running for {}", stable.artifact.short(), s(window)),
                    "the agent stops it after that".into(),
                    0,
                    progress,
                ),
                _ => step(
                    "keep",
                    format!("stop {}", stable.artifact.short()),
                    "stopped".into(),
                    0,
                    progress,
                ),
            }
        }
        step(
            "after",
            format!("observe for {}", s(timing.after_ms)),
            "healthy, else degraded".into(),
            timing.after_ms,
            timing.after_ms.saturating_add(progress),
        );
        steps
    }

    /// Returns how long the plan may take, in milliseconds from its start.
    pub fn bounds(&self) -> Bounds {
        let steps = self.steps();
        let total =
            |of: fn(&super::PlannedStep) -> u64| steps.iter().map(of).fold(0, u64::saturating_add);
        let until = |name: &str| -> u64 {
            let end = steps
                .iter()
                .position(|step| step.name == name)
                .map_or(steps.len(), |i| i);
            steps[..end]
                .iter()
                .map(|step| step.expected_ms)
                .fold(0, u64::saturating_add)
        };
        let window = match self.purpose {
            Purpose::Deploy if self.stable.is_some() => self.timing.rollback_window_ms,
            _ => 0,
        };
        Bounds {
            expected_ms: total(|step| step.expected_ms),
            longest_ms: total(|step| step.longest_ms),
            abort_until_ms: until("commit"),
            rollback_until_ms: until("after").saturating_add(window),
        }
    }

    /// Says whether the candidate runs on every host already.
    pub fn is_warm(&self) -> bool {
        self.hosts
            .iter()
            .flat_map(|host| &host.candidate)
            .all(|placement| placement.readiness == Readiness::Warm)
    }

    /// Returns how long the candidate is watched: a version that is brought back is known, and not watched.
    pub fn watch_ms(&self) -> u64 {
        match self.purpose {
            Purpose::Deploy => self.timing.watch_ms,
            Purpose::Rollback => 0,
        }
    }

    fn drain_expected_ms(&self) -> u64 {
        let pace =
            u64::from(self.moving.sockets_per_second.max(1)) * self.hosts.len().max(1) as u64;
        (self.sockets_open.saturating_mul(1000) / pace).min(self.timing.drain_timeout_ms)
    }
}

fn s(ms: u64) -> String {
    match ms {
        0 => "0 s".into(),
        _ if ms.is_multiple_of(60_000) => format!("{} min", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("{} s", ms / 1000),
        _ => format!("{:.1} s", ms as f64 / 1000.0),
    }
}
