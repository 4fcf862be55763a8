//! `[deploy]`, and what its times must be to each other.

use super::layers::Resolver;
use super::strategy::Analyses;
use crate::settings::bounded::Count;
use crate::settings::duration::Time;
use crate::settings::error::SettingsError;
use crate::settings::file::Sections;
use crate::settings::host_count::HostCount;
use crate::settings::resolved::DeploySettings;

impl Resolver<'_> {
    pub(super) fn deploy(&mut self, analyses: &Analyses) -> Result<DeploySettings, SettingsError> {
        const MINUTE: u64 = 60_000;
        const HOUR: u64 = 60 * MINUTE;
        let strategy = self.strategy(analyses)?;
        let instances = self.count(
            "deploy.instances",
            |s| s.deploy.as_ref()?.instances.as_ref(),
            Count::of(1),
        );
        let min_healthy_time = self.time(
            "deploy.min_healthy_time",
            |s| s.deploy.as_ref()?.min_healthy_time.as_ref(),
            Time::of_ms(10_000),
        );
        let healthy_deadline = self.time(
            "deploy.healthy_deadline",
            |s| s.deploy.as_ref()?.healthy_deadline.as_ref(),
            Time::of_ms(5 * MINUTE),
        );
        let progress_deadline = self.time(
            "deploy.progress_deadline",
            |s| s.deploy.as_ref()?.progress_deadline.as_ref(),
            Time::of_ms(10 * MINUTE),
        );
        if min_healthy_time >= healthy_deadline {
            let message =
                "the new version could never be healthy for so long before the deadline".to_owned();
            let hint = "min_healthy_time must be shorter than healthy_deadline".to_owned();
            return Err(self.wrong_deploy(
                &["min_healthy_time", "healthy_deadline"],
                message,
                hint,
            ));
        }
        if healthy_deadline > progress_deadline {
            let message =
                "a rollout would be given up before the new version must be healthy".to_owned();
            let hint = "progress_deadline must not be shorter than healthy_deadline".to_owned();
            return Err(self.wrong_deploy(
                &["progress_deadline", "healthy_deadline"],
                message,
                hint,
            ));
        }
        let watch = self.time(
            "deploy.watch",
            |s| s.deploy.as_ref()?.watch.as_ref(),
            Time::of_ms(15_000),
        );
        let drain_timeout = self.time(
            "deploy.drain_timeout",
            |s| s.deploy.as_ref()?.drain_timeout.as_ref(),
            Time::of_ms(30_000),
        );
        let sockets_per_second = self.count(
            "deploy.sockets_per_second",
            |s| s.deploy.as_ref()?.sockets_per_second.as_ref(),
            Count::of(200),
        );
        let close_code = self.count(
            "deploy.close_code",
            |s| s.deploy.as_ref()?.close_code.as_ref(),
            Count::of(1012),
        );
        // Host by host there is no way back in one step, so nothing is kept running for it.
        let kept = match &strategy {
            rollout::Strategy::Rolling(_) => Time::of_ms(0),
            _ => Time::of_ms(HOUR),
        };
        let rollback_window = self.time(
            "deploy.rollback_window",
            |s| s.deploy.as_ref()?.rollback_window.as_ref(),
            kept,
        );
        let observe_after = self.time(
            "deploy.observe_after",
            |s| s.deploy.as_ref()?.observe_after.as_ref(),
            Time::of_ms(5_000),
        );
        let orphan_timeout = self.time(
            "deploy.orphan_timeout",
            |s| s.deploy.as_ref()?.orphan_timeout.as_ref(),
            Time::of_ms(30_000),
        );
        let release_command = self.optional("deploy.release_command", |s| {
            s.deploy.as_ref()?.release_command.as_ref()
        });
        let release_command_timeout = self.time(
            "deploy.release_command_timeout",
            |s| s.deploy.as_ref()?.release_command_timeout.as_ref(),
            Time::of_ms(10 * MINUTE),
        );
        let background = self.background()?;
        let failure_budget = self.value(
            "deploy.failure_budget",
            |s| s.deploy.as_ref()?.failure_budget.as_ref(),
            HostCount::hosts(0),
        );
        let min_available = self.value(
            "deploy.min_available",
            |s| s.deploy.as_ref()?.min_available.as_ref(),
            HostCount::hosts(1),
        );
        let pause_max = self.time(
            "deploy.pause_max",
            |s| s.deploy.as_ref()?.pause_max.as_ref(),
            Time::of_ms(24 * HOUR),
        );
        Ok(DeploySettings {
            background,
            failure_budget: failure_budget.0,
            min_available: min_available.0,
            pause_max,
            strategy,
            instances,
            min_healthy_time,
            healthy_deadline,
            progress_deadline,
            watch,
            drain_timeout,
            sockets_per_second,
            close_code: u16::try_from(close_code).unwrap_or(u16::MAX),
            rollback_window,
            observe_after,
            orphan_timeout,
            release_command: release_command.map(|command| command.words().to_vec()),
            release_command_timeout,
        })
    }

    /// The error for a relation between keys of `[deploy]`, at the first of them that was given.
    pub(super) fn wrong_deploy(
        &self,
        keys: &[&str],
        message: String,
        hint: String,
    ) -> SettingsError {
        for key in keys {
            let full = format!("deploy.{key}");
            let get = |s: &Sections| {
                let deploy = s.deploy.as_ref()?;
                match *key {
                    "min_healthy_time" => deploy.min_healthy_time.as_ref().map(|at| at.place),
                    "healthy_deadline" => deploy.healthy_deadline.as_ref().map(|at| at.place),
                    _ => deploy.progress_deadline.as_ref().map(|at| at.place),
                }
            };
            if let Some(place) = self.layers.iter().find_map(get) {
                return self.wrong(place, &full, message, Some(hint));
            }
        }
        SettingsError::Named {
            name: "deploy".to_owned(),
            message,
        }
    }
}
