//! `[[hooks]]`, `[[hosts]]` and `[prometheus]`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rollout::{HookPoint, HookRun, HookSite};

use super::layers::Resolver;
use crate::settings::duration::Time;
use crate::settings::error::SettingsError;
use crate::settings::file::{Hook, HookAt, HookOn, OnFailure};
use crate::settings::place::Place;
use crate::settings::resolved::{
    BuildHook, Hooks, HostSetting, LifecycleHook, Prometheus, Webhook,
};

/// Time for a hook that says nothing of it.
const USUAL: Duration = Duration::from_secs(60);
/// Hooks at most.
const HOOKS_MAX: usize = 100;
/// Hosts at most.
const HOSTS_MAX: usize = 1000;

/// Who runs a hook.
enum Kind {
    Build,
    Rollout(HookPoint),
    Lifecycle,
    /// Only a webhook.
    Webhook,
}

fn kind(at: HookAt) -> Kind {
    match at {
        HookAt::PreBuild | HookAt::PostBuild => Kind::Build,
        HookAt::ConfirmRollout => Kind::Rollout(HookPoint::ConfirmRollout),
        HookAt::PreDeploy => Kind::Rollout(HookPoint::PreDeploy),
        HookAt::PreRollout => Kind::Rollout(HookPoint::PreRollout),
        HookAt::ConfirmTrafficIncrease => Kind::Rollout(HookPoint::ConfirmTrafficIncrease),
        HookAt::ConfirmPromotion => Kind::Rollout(HookPoint::ConfirmPromotion),
        HookAt::PostRollout => Kind::Rollout(HookPoint::PostRollout),
        HookAt::PostDeploy => Kind::Rollout(HookPoint::PostDeploy),
        HookAt::OnAbort => Kind::Rollout(HookPoint::OnAbort),
        HookAt::Rollout | HookAt::Rollback | HookAt::Event => Kind::Webhook,
        HookAt::PreConfigure
        | HookAt::PostConfigure
        | HookAt::PreStart
        | HookAt::PostStart
        | HookAt::PreStop
        | HookAt::PostStop => Kind::Lifecycle,
        HookAt::PreUpgrade => Kind::Rollout(HookPoint::PreUpgrade),
        HookAt::PostUpgrade => Kind::Rollout(HookPoint::PostUpgrade),
    }
}

impl Resolver<'_> {
    pub(super) fn hooks(&mut self) -> Result<Hooks, SettingsError> {
        let given = self.given(|s| s.hooks.as_ref());
        self.value("hooks", |s| s.hooks.as_ref(), Vec::new());
        let mut hooks = Hooks::default();
        let Some(given) = given else {
            return Ok(hooks);
        };
        if given.value.len() > HOOKS_MAX {
            let message = format!("there are {} hooks, {HOOKS_MAX} at most", given.value.len());
            return Err(self.wrong(given.place, "hooks", message, None));
        }
        let mut names = BTreeSet::new();
        for (number, hook) in (1..).zip(&given.value) {
            let name = name(hook).unwrap_or_else(|| format!("hooks[{number}]"));
            self.add_hook(&mut hooks, hook, &name, given.place)?;
            if !names.insert((hook.at, name.clone())) {
                let message = format!("two hooks at one point are called `{name}`");
                let hint = "give one of them a `name`".to_owned();
                return Err(self.wrong(given.place, "hooks", message, Some(hint)));
            }
        }
        Ok(hooks)
    }

    fn add_hook(
        &self,
        hooks: &mut Hooks,
        hook: &Hook,
        name: &str,
        place: Place,
    ) -> Result<(), SettingsError> {
        let wrong = |message: String, hint: &str| {
            Err(self.wrong(
                place,
                "hooks",
                format!("{name}: {message}"),
                Some(hint.to_owned()),
            ))
        };
        let timeout = hook.timeout.map_or(USUAL, |time| time.duration());
        let on_failure = hook.on_failure.unwrap_or(OnFailure::Abort);
        let words = match (&hook.run, &hook.url) {
            (Some(run), None) => Some(run.words().to_vec()),
            (None, Some(_)) => None,
            (None, None) => {
                let message = "it says neither `run` nor `url`".to_owned();
                return wrong(message, "write one of them; hooks are counted from 1");
            }
            (Some(_), Some(_)) => {
                let message = "it needs one of `run` and `url`".to_owned();
                return wrong(message, "keep one of them");
            }
        };
        let kind = kind(hook.at);
        match (&kind, &words) {
            (Kind::Build | Kind::Lifecycle, None) => {
                return wrong("it is a command, not a webhook".to_owned(), "write `run`");
            }
            (Kind::Webhook, Some(_)) => {
                return wrong("it is a webhook, not a command".to_owned(), "write `url`");
            }
            (Kind::Rollout(_), Some(_)) => {}
            (_, _) if hook.on.is_some() => {
                return wrong(
                    "nobody can choose where it runs".to_owned(),
                    "take `on` out",
                );
            }
            _ => {}
        }
        let url = hook
            .url
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        match (kind, words) {
            (Kind::Build, words) => {
                let hook_ = BuildHook {
                    words: words.unwrap_or_default(),
                    timeout,
                    on_failure,
                };
                match hook.at {
                    HookAt::PreBuild => hooks.pre_build.push(hook_),
                    _ => hooks.post_build.push(hook_),
                }
            }
            (Kind::Lifecycle, words) => hooks.lifecycle.push(LifecycleHook {
                at: hook.at,
                name: name.to_owned(),
                words: words.unwrap_or_default(),
                timeout,
                on_failure,
            }),
            (Kind::Webhook, _) => {
                let webhook = Webhook {
                    name: name.to_owned(),
                    url,
                    timeout,
                };
                match hook.at {
                    HookAt::Rollback => hooks.rollback.push(webhook),
                    HookAt::Event => hooks.event.push(webhook),
                    _ => hooks.during_analysis.push(webhook),
                }
            }
            (Kind::Rollout(point), words) => hooks.rollout.push(rollout::Hook {
                point,
                name: name.to_owned(),
                run: match words {
                    Some(words) => HookRun::Command {
                        words,
                        site: site(hook.at, hook.on),
                    },
                    None => HookRun::Webhook { url },
                },
                timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
                on_failure: match on_failure {
                    OnFailure::Abort => rollout::OnFailure::Abort,
                    OnFailure::Continue => rollout::OnFailure::Continue,
                },
            }),
        }
        Ok(())
    }

    pub(super) fn hosts(&mut self, dir: &Path) -> Result<Vec<HostSetting>, SettingsError> {
        let given = self.given(|s| s.hosts.as_ref());
        self.value("hosts", |s| s.hosts.as_ref(), Vec::new());
        let Some(given) = given else {
            return Ok(Vec::new());
        };
        if given.value.is_empty() || given.value.len() > HOSTS_MAX {
            let message = format!(
                "there are {} hosts, not 1 to {HOSTS_MAX}",
                given.value.len()
            );
            return Err(self.wrong(given.place, "hosts", message, None));
        }
        let mut hosts: Vec<HostSetting> = Vec::new();
        for entry in given.value {
            let host = HostSetting {
                name: entry.name.to_string(),
                home: dir.join(&entry.home),
            };
            let twice = hosts
                .iter()
                .find(|other| other.name == host.name || other.home == host.home);
            if let Some(other) = twice {
                let message = format!("{} and {} share a name or a home", other.name, host.name);
                let hint = "each host has its own agent in its own home".to_owned();
                return Err(self.wrong(given.place, "hosts", message, Some(hint)));
            }
            hosts.push(host);
        }
        Ok(hosts)
    }

    pub(super) fn prometheus(&mut self, dir: &Path) -> Option<Prometheus> {
        let url = self.optional("prometheus.url", |s| s.prometheus.as_ref()?.url.as_ref());
        let token_file = self.optional("prometheus.token_file", |s| {
            s.prometheus.as_ref()?.token_file.as_ref()
        });
        let timeout = self.time(
            "prometheus.timeout",
            |s| s.prometheus.as_ref()?.timeout.as_ref(),
            Time::of_ms(10_000),
        );
        Some(Prometheus {
            url: url?.to_string(),
            token_file: token_file.map(|file| dir.join(file)),
            timeout,
        })
    }
}

/// What people call a hook: by its name, else its program or the host of its URL, if it has any of them.
fn name(hook: &Hook) -> Option<String> {
    if let Some(name) = &hook.name {
        return Some(name.to_string());
    }
    let program = hook.run.as_ref().and_then(|run| run.words().first());
    if let Some(program) = program {
        return Some(program.rsplit('/').next().unwrap_or(program).to_owned());
    }
    let url = hook.url.as_ref()?.as_str();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    Some(rest.split(['/', '?']).next().unwrap_or(rest).to_owned())
}

/// Where a command runs: what is around a hot upgrade belongs to the hosts, unless it is said.
fn site(at: HookAt, on: Option<HookOn>) -> HookSite {
    match (on, at) {
        (None, HookAt::PreUpgrade | HookAt::PostUpgrade) | (Some(HookOn::EachHost), _) => {
            HookSite::EachHost
        }
        (Some(HookOn::FirstHost), _) => HookSite::FirstHost,
        (None | Some(HookOn::Operator), _) => HookSite::Operator,
    }
}
