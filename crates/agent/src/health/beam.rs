//! The health of a node, asked through the distribution protocol.

use std::time::Duration;

use host::log::News;
use node::health::{BeamLimits, CrashReports, Judge, Verdict};
use node::{ConnectError, Cookie, Error, NodeName, Probe, Prober, Target};

use crate::api::v1::{BeamFigures, BeamHealth};
use crate::instance::Scene;
use crate::refusal::{Refusal, blocking};

/// Bytes of a cookie.
const COOKIE_BYTES_MAX: u64 = 255;

/// What a look at a node came to.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) passed: bool,
    pub(crate) detail: String,
    pub(crate) figures: Option<BeamFigures>,
}

impl Look {
    fn failed(detail: String) -> Self {
        Self {
            passed: false,
            detail,
            figures: None,
        }
    }
}

/// Looks at the node of an instance, one look at a time; what grows is seen from look to look.
#[derive(Debug, Default)]
pub(crate) struct Looker {
    sight: tokio::sync::Mutex<Option<Sight>>,
}

/// One run of a node, as it was seen up to now.
#[derive(Debug)]
struct Sight {
    run: u64,
    asked: BeamHealth,
    prober: Prober,
    judge: Judge,
    log: News,
    crash_reports: CrashReports,
}

impl Looker {
    /// Looks once.
    pub(crate) async fn look(&self, scene: &Scene, asked: &BeamHealth) -> Look {
        let mut sight = self.sight.lock().await;
        let same = |sight: &Sight| sight.run == scene.kept.run && sight.asked == *asked;
        let mut now = match sight.take().filter(same) {
            Some(sight) => sight,
            None => match Sight::new(scene, asked) {
                Ok(sight) => sight,
                Err(refusal) => return Look::failed(refusal.to_string()),
            },
        };
        now = match now.hear().await {
            Ok(now) => now,
            Err(refusal) => return Look::failed(refusal.to_string()),
        };
        let look = now.look().await;
        *sight = Some(now);
        look
    }
}

impl Sight {
    fn new(scene: &Scene, asked: &BeamHealth) -> Result<Self, Refusal> {
        let target = target(scene)?;
        Ok(Self {
            run: scene.kept.run,
            asked: asked.clone(),
            prober: Prober::new(target),
            judge: Judge::new(limits(asked)),
            log: News::of(scene.place.dir.join("logs")),
            crash_reports: CrashReports::new(),
        })
    }

    /// Counts the crash reports that came since the last look.
    async fn hear(mut self) -> Result<Self, Refusal> {
        blocking(move || {
            let news = self.log.read()?;
            self.crash_reports.feed(&news);
            self.judge.note_crash_reports(self.crash_reports.total());
            Ok(self)
        })
        .await
    }

    async fn look(&mut self) -> Look {
        match self.probe().await {
            Ok(probe) => {
                let verdict = self.judge.see(&probe, sys::clock::now_ms());
                told(&verdict, Some(self.figures(&probe)))
            }
            Err(error) => told(&self.judge.missed(&error), None),
        }
    }

    async fn probe(&mut self) -> Result<Probe, Error> {
        let within = Duration::from_millis(self.asked.timeout_ms);
        let seen = self.prober.look(within).await;
        let Err(Error::Connect(ConnectError::WrongName { found, .. })) = &seen else {
            return seen;
        };
        // A node with a long name finds the rest of it by itself.
        match long_name(self.prober.target(), found) {
            Some(target) => {
                self.prober = Prober::new(target);
                self.prober.look(within).await
            }
            None => seen,
        }
    }

    fn figures(&self, probe: &Probe) -> BeamFigures {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        BeamFigures {
            otp: probe.otp.clone(),
            booted: probe.booted,
            uptime_ms: probe.uptime_ms,
            applications: probe.applications.as_ref().map(|all| count(all.len())),
            schedulers: probe.schedulers_online,
            run_queue: probe.run_queue,
            processes: probe.processes.now,
            mailbox: probe.mailboxes.first().map_or(0, |mailbox| mailbox.length),
            memory_bytes: probe.memory.total,
            restarts: self.judge.restarts(),
            crash_reports: self.crash_reports.total(),
        }
    }
}

fn told(verdict: &Verdict, figures: Option<BeamFigures>) -> Look {
    Look {
        passed: verdict.healthy,
        detail: verdict.detail(),
        figures,
    }
}

/// The same node by the name it gives itself, if only the host differs from what we took it for.
fn long_name(target: &Target, found: &str) -> Option<Target> {
    let name = NodeName::new(found).ok()?;
    (name.short() == target.name.short()).then(|| Target {
        name,
        ..target.clone()
    })
}

fn target(scene: &Scene) -> Result<Target, Refusal> {
    let bad = |error: &dyn std::fmt::Display| Refusal::failed("beam", error.to_string());
    let name = NodeName::new(scene.place.site.node(&scene.kept)).map_err(|e| bad(&e))?;
    let path = scene.root().join("releases/COOKIE");
    let cookie = sys::file::read_bounded(&path, COOKIE_BYTES_MAX)?;
    let cookie = String::from_utf8(cookie).map_err(|e| bad(&e))?;
    let epmd_port = host::epmd::port(&scene.env()?)?;
    Ok(Target::local(
        name,
        Cookie::new(cookie.trim_end()),
        epmd_port,
    ))
}

fn limits(asked: &BeamHealth) -> BeamLimits {
    BeamLimits {
        applications: asked.applications.clone(),
        run_queue_max_per_scheduler: asked.run_queue_max_per_scheduler,
        mailbox_max: asked.mailbox_max,
        mailbox_growth_floor: asked.mailbox_growth_floor,
        looks: asked.looks,
        memory_max_bytes: asked.memory_max_bytes,
        restarts_max: asked.restarts_max,
        crash_reports_max: asked.crash_reports_max,
        limit_max_percent: asked.limit_max_percent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_known_by_its_long_name_and_another_node_is_not() {
        let name = NodeName::new("shop_1@web").unwrap();
        let target = Target::local(name, Cookie::new("c"), 4369);
        let known = long_name(&target, "shop_1@web.example.org").unwrap();
        assert_eq!(known.name.as_str(), "shop_1@web.example.org");
        assert_eq!(known.door, target.door);
        assert_eq!(long_name(&target, "shop_2@web"), None);
        assert_eq!(long_name(&target, "garbage"), None);
    }
}
