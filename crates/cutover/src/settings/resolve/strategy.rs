//! The strategy with its settings, and background work.

use std::collections::BTreeMap;
use std::time::Duration;

use rollout::{Analysis, JobRun, Surge};

use super::layers::Resolver;
use crate::settings::bounded::Count;
use crate::settings::duration::Time;
use crate::settings::error::SettingsError;
use crate::settings::file::{CanaryStep, Job, Pause, Stickiness, Strategy};
use crate::settings::host_count::HostCount;
use crate::settings::names::Name;
use crate::settings::place::{At, Place};

/// Analyses by name.
pub(super) type Analyses = BTreeMap<Name, Analysis>;

const MINUTE: u64 = 60_000;
/// Time for a job that says nothing of it.
const JOB: Duration = Duration::from_secs(60);
/// Steps of a canary at most.
const STEPS_MAX: usize = 100;

impl Resolver<'_> {
    pub(super) fn strategy(
        &mut self,
        analyses: &Analyses,
    ) -> Result<rollout::Strategy, SettingsError> {
        let strategy = self.value(
            "deploy.strategy",
            |s| s.deploy.as_ref()?.strategy.as_ref(),
            Strategy::BlueGreen,
        );
        let given = self.given(|s| s.deploy.as_ref()?.fallback.as_ref());
        let fallback = self.value(
            "deploy.fallback",
            |s| s.deploy.as_ref()?.fallback.as_ref(),
            Strategy::BlueGreen,
        );
        if let Some(at) = given.filter(|at| matches!(at.value, Strategy::Auto | Strategy::Hot)) {
            let message = "the fallback is what is done where hot is not safe".to_owned();
            let hint = "choose rolling, canary or blue-green".to_owned();
            return Err(self.wrong(at.place, "deploy.fallback", message, Some(hint)));
        }
        let hot = self.hot();
        let rolling = self.rolling()?;
        let canary = self.canary(analyses)?;
        let blue_green = self.blue_green(analyses)?;
        let of = |strategy: Strategy| match strategy {
            Strategy::Hot | Strategy::Auto => rollout::Strategy::Hot(hot),
            Strategy::Rolling => rollout::Strategy::Rolling(rolling),
            Strategy::Canary => rollout::Strategy::Canary(canary.clone()),
            Strategy::BlueGreen => rollout::Strategy::BlueGreen(blue_green.clone()),
        };
        Ok(match strategy {
            Strategy::Auto => rollout::Strategy::Auto {
                hot,
                fallback: Box::new(of(fallback)),
            },
            other => of(other),
        })
    }

    fn hot(&mut self) -> rollout::Hot {
        let max_parallel = self.value(
            "deploy.hot.max_parallel",
            |s| s.deploy.as_ref()?.hot.as_ref()?.max_parallel.as_ref(),
            HostCount::percent(25),
        );
        let watch = self.time(
            "deploy.hot.watch",
            |s| s.deploy.as_ref()?.hot.as_ref()?.watch.as_ref(),
            Time::of_ms(10_000),
        );
        rollout::Hot {
            max_parallel: max_parallel.0,
            watch_ms: millis(watch),
        }
    }

    fn rolling(&mut self) -> Result<rollout::Rolling, SettingsError> {
        let given = self.given(|s| s.deploy.as_ref()?.rolling.as_ref()?.max_parallel.as_ref());
        let max_parallel = self.value(
            "deploy.rolling.max_parallel",
            |s| s.deploy.as_ref()?.rolling.as_ref()?.max_parallel.as_ref(),
            HostCount::percent(25),
        );
        if let Some(at) = given.filter(|at| at.value == HostCount::hosts(0)) {
            let message = "no host would ever be changed".to_owned();
            let hint = "write at least 1".to_owned();
            return Err(self.wrong(at.place, "deploy.rolling.max_parallel", message, Some(hint)));
        }
        let surge = self.value(
            "deploy.rolling.surge",
            |s| s.deploy.as_ref()?.rolling.as_ref()?.surge.as_ref(),
            true,
        );
        let lb_notice = self.time(
            "deploy.rolling.lb_notice",
            |s| s.deploy.as_ref()?.rolling.as_ref()?.lb_notice.as_ref(),
            Time::of_ms(10_000),
        );
        Ok(rollout::Rolling {
            max_parallel: max_parallel.0,
            surge: if surge {
                Surge::Beside
            } else {
                Surge::Instead {
                    lb_notice_ms: millis(lb_notice),
                }
            },
        })
    }

    fn canary(&mut self, analyses: &Analyses) -> Result<rollout::Canary, SettingsError> {
        let given = self.given(|s| s.deploy.as_ref()?.canary.as_ref()?.steps.as_ref());
        let steps = self.value(
            "deploy.canary.steps",
            |s| s.deploy.as_ref()?.canary.as_ref()?.steps.as_ref(),
            usual_steps(),
        );
        let place = given.map_or(Place::Named("default"), |at| at.place);
        const KEY: &str = "deploy.canary.steps";
        if steps.len() > STEPS_MAX {
            let message = format!("there are {} steps, {STEPS_MAX} at most", steps.len());
            return Err(self.wrong(place, KEY, message, None));
        }
        let mut weight = 0;
        let mut of = Vec::new();
        for step in steps {
            of.push(match step {
                CanaryStep::SetWeight(to) => {
                    if to.get() <= weight {
                        let message = format!("the weight goes from {weight} to {}", to.get());
                        let hint = "each weight must be more than the one before".to_owned();
                        return Err(self.wrong(place, KEY, message, Some(hint)));
                    }
                    weight = to.get();
                    rollout::CanaryStep::SetWeight(u8::try_from(weight).unwrap_or(100))
                }
                CanaryStep::Pause(pause) => rollout::CanaryStep::Pause {
                    for_ms: pause.time.map(|time| millis(time.duration())),
                },
                CanaryStep::Analysis(name) => {
                    let at = At { value: name, place };
                    rollout::CanaryStep::Analysis(self.analysis_of(analyses, &at, KEY)?)
                }
            });
        }
        let stickiness = self.value(
            "deploy.canary.stickiness",
            |s| s.deploy.as_ref()?.canary.as_ref()?.stickiness.as_ref(),
            Stickiness::Cookie,
        );
        Ok(rollout::Canary {
            steps: of,
            stickiness: match stickiness {
                Stickiness::Cookie => rollout::Stickiness::Cookie,
                Stickiness::Off => rollout::Stickiness::Off,
            },
        })
    }

    fn blue_green(&mut self, analyses: &Analyses) -> Result<rollout::BlueGreen, SettingsError> {
        let pre = self.given(|s| {
            s.deploy
                .as_ref()?
                .blue_green
                .as_ref()?
                .pre_promotion
                .as_ref()
        });
        let post = self.given(|s| {
            s.deploy
                .as_ref()?
                .blue_green
                .as_ref()?
                .post_promotion
                .as_ref()
        });
        self.optional("deploy.blue_green.pre_promotion", |s| {
            s.deploy
                .as_ref()?
                .blue_green
                .as_ref()?
                .pre_promotion
                .as_ref()
        });
        let pause: Option<Pause> = self.optional("deploy.blue_green.pause", |s| {
            s.deploy.as_ref()?.blue_green.as_ref()?.pause.as_ref()
        });
        self.optional("deploy.blue_green.post_promotion", |s| {
            s.deploy
                .as_ref()?
                .blue_green
                .as_ref()?
                .post_promotion
                .as_ref()
        });
        let find = |at: Option<At<Name>>, key| {
            at.map(|at| self.analysis_of(analyses, &at, key))
                .transpose()
        };
        Ok(rollout::BlueGreen {
            pre_promotion: find(pre, "deploy.blue_green.pre_promotion")?,
            pause: pause.map(|pause| rollout::Pause {
                for_ms: pause.time.map(|time| millis(time.duration())),
            }),
            post_promotion: find(post, "deploy.blue_green.post_promotion")?,
        })
    }

    fn analysis_of(
        &self,
        analyses: &Analyses,
        at: &At<Name>,
        key: &str,
    ) -> Result<Analysis, SettingsError> {
        if let Some(analysis) = analyses.get(&at.value) {
            return Ok(analysis.clone());
        }
        let known: Vec<&str> = analyses.keys().map(Name::as_str).collect();
        let message = match known.as_slice() {
            [] => format!("there is no [analysis.{}]", at.value),
            known => format!(
                "there is no [analysis.{}], only {}",
                at.value,
                known.join(", ")
            ),
        };
        let hint = format!("write [analysis.{}] with `for = \"5m\"`", at.value);
        Err(self.wrong(at.place, key, message, Some(hint)))
    }

    pub(super) fn background(&mut self) -> Result<rollout::Background, SettingsError> {
        let activate = self.given(|s| s.deploy.as_ref()?.activate.as_ref());
        let quiesce = self.given(|s| s.deploy.as_ref()?.quiesce.as_ref());
        self.optional("deploy.activate", |s| s.deploy.as_ref()?.activate.as_ref());
        self.optional("deploy.quiesce", |s| s.deploy.as_ref()?.quiesce.as_ref());
        let job = |at: Option<At<Job>>, key| at.map(|at| self.job(&at, key)).transpose();
        Ok(rollout::Background {
            activate: job(activate, "deploy.activate")?,
            quiesce: job(quiesce, "deploy.quiesce")?,
        })
    }

    fn job(&self, at: &At<Job>, key: &str) -> Result<rollout::Job, SettingsError> {
        let run = match (&at.value.rpc, &at.value.command) {
            (Some(expression), None) if !expression.trim().is_empty() => JobRun::Rpc {
                expression: expression.clone(),
            },
            (None, Some(command)) => JobRun::Command {
                words: command.words().to_vec(),
            },
            _ => {
                let message = "it needs one of `rpc` and `command`".to_owned();
                let hint =
                    "write `{ rpc = \"Shop.Jobs.start()\" }` or `{ command = \"…\" }`".to_owned();
                return Err(self.wrong(at.place, key, message, Some(hint)));
            }
        };
        let timeout = at.value.timeout.map_or(JOB, |time| time.duration());
        Ok(rollout::Job {
            run,
            timeout_ms: millis(timeout),
        })
    }
}

/// What suits most services: a small part for some minutes, then more.
fn usual_steps() -> Vec<CanaryStep> {
    let pause = |ms| {
        CanaryStep::Pause(Pause {
            time: Some(Time::of_ms(ms)),
        })
    };
    vec![
        CanaryStep::SetWeight(Count::of(5)),
        pause(2 * MINUTE),
        CanaryStep::SetWeight(Count::of(25)),
        pause(2 * MINUTE),
        CanaryStep::SetWeight(Count::of(50)),
        pause(2 * MINUTE),
        CanaryStep::SetWeight(Count::of(100)),
    ]
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
