//! What an instance is given and how its health is told.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use agent::api::v1::BeamHealth;

use super::layers::Resolver;
use super::{Origin, Row};
use crate::settings::duration::Time;
use crate::settings::env_file;
use crate::settings::error::SettingsError;
use crate::settings::names::Variable;
use crate::settings::place::{At, Place};
use crate::settings::port::PortChoice;
use crate::settings::resolved::Health;

/// Time for a node to say how it is.
const BEAM_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest env file.
const ENV_FILE_BYTES_MAX: u64 = 1 << 20;

/// Variables that the agent sets for every instance.
const OURS: [&str; 4] = [
    "RELEASE_NODE",
    "RELEASE_TMP",
    "RELEASE_ROOT",
    "RELEASE_COOKIE",
];

impl Resolver<'_> {
    pub(super) fn instance_env(
        &mut self,
        dir: &Path,
    ) -> Result<BTreeMap<String, String>, SettingsError> {
        let given = self.given(|s| s.env_file.as_ref());
        self.optional("env_file", |s| s.env_file.as_ref());
        let mut env = BTreeMap::new();
        if let Some(at) = given {
            let path = dir.join(&at.value);
            let shown = at.value.display().to_string();
            let hint = || Some("make the file, or take `env_file` out".to_owned());
            let bytes = sys::file::read_bounded(&path, ENV_FILE_BYTES_MAX)
                .map_err(|error| self.wrong(at.place, "env_file", error.to_string(), hint()))?;
            let text = String::from_utf8(bytes).map_err(|_| {
                self.wrong(at.place, "env_file", format!("{shown} is not UTF-8"), None)
            })?;
            let variables = env_file::parse(&text).map_err(|error| {
                self.wrong(at.place, "env_file", format!("{shown}:{error}"), None)
            })?;
            let own = self.merged(|s| s.env.as_ref());
            for (name, (value, line)) in variables {
                if own.contains_key(&name) {
                    continue;
                }
                self.rows.push(Row {
                    key: format!("env.{name}"),
                    value: value.clone().into(),
                    origin: Origin::Line {
                        file: shown.clone(),
                        line,
                    },
                    secret: true,
                });
                env.insert(name.to_string(), value);
            }
        }
        env.extend(self.table("env", |s| s.env.as_ref()));
        Ok(env)
    }

    /// Refuses variables that the agent sets itself.
    pub(super) fn refuse_ours(
        &self,
        ports: &BTreeMap<String, Option<u16>>,
    ) -> Result<(), SettingsError> {
        for (name, at) in self.merged(|s| s.env.as_ref()) {
            let (message, hint) = if OURS.contains(&name.as_str()) {
                (
                    "every instance gets its own from cutover".to_owned(),
                    "take it out of [env]",
                )
            } else if ports.contains_key(name.as_str()) {
                ("it is in [ports] too".to_owned(), "keep the one in [ports]")
            } else {
                continue;
            };
            return Err(self.wrong(
                at.place,
                &format!("env.{name}"),
                message,
                Some(hint.to_owned()),
            ));
        }
        Ok(())
    }

    pub(super) fn ports(
        &mut self,
    ) -> Result<(BTreeMap<String, Option<u16>>, String), SettingsError> {
        let mut given = self.merged(|s| s.ports.as_ref());
        if given.is_empty()
            && let Ok(port) = Variable::try_from("PORT".to_owned())
        {
            self.row("ports.PORT", &PortChoice::Auto, Origin::Default);
            given.insert(
                port,
                At {
                    value: PortChoice::Auto,
                    place: Place::Named("default"),
                },
            );
        } else {
            for (name, at) in &given {
                let origin = self.origin(at.place);
                self.row(&format!("ports.{name}"), &at.value, origin);
            }
        }
        // With one port there is nothing to choose.
        let only = given.keys().next().filter(|_| given.len() == 1).cloned();
        let http = self.given(|s| s.http_port.as_ref());
        if let Some(at) = &http
            && !given.contains_key(&at.value)
        {
            let known: Vec<&str> = given.keys().map(Variable::as_str).collect();
            let message = format!(
                "there is no port {} in [ports], only {}",
                at.value,
                known.join(", ")
            );
            let hint = format!("write `{} = \"auto\"` in [ports]", at.value);
            return Err(self.wrong(at.place, "http_port", message, Some(hint)));
        }
        let default = only.or_else(|| given.keys().find(|name| name.as_str() == "PORT").cloned());
        let Some(default) = default.or_else(|| http.map(|at| at.value)) else {
            let place = given
                .values()
                .next()
                .map_or(Place::Named("[ports]"), |at| at.place);
            let message = "there are several ports, and none of them is PORT".to_owned();
            let hint = "say which one takes the traffic: `http_port = \"NAME\"`".to_owned();
            return Err(self.wrong(place, "ports", message, Some(hint)));
        };
        let http = self
            .value("http_port", |s| s.http_port.as_ref(), default)
            .to_string();
        let ports = given
            .into_iter()
            .map(|(name, at)| (name.to_string(), at.value.into()));
        Ok((ports.collect(), http))
    }

    pub(super) fn beam(&mut self) -> Option<BeamHealth> {
        let beam = self.optional("health.beam", |s| s.health.as_ref()?.beam.as_ref())?;
        let timeout = beam.timeout.map_or(BEAM_TIMEOUT, |time| time.duration());
        let number = |count: u32| u64::from(count);
        let usual = BeamHealth::usual(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        let applications = beam.applications.unwrap_or_default();
        Some(BeamHealth {
            applications: applications.iter().map(ToString::to_string).collect(),
            run_queue_max_per_scheduler: beam
                .run_queue_max
                .map_or(usual.run_queue_max_per_scheduler, |max| {
                    Some(number(max.get()))
                }),
            mailbox_max: beam
                .mailbox_max
                .map_or(usual.mailbox_max, |max| Some(number(max.get()))),
            restarts_max: beam
                .restarts_max
                .map_or(usual.restarts_max, |max| Some(number(max.get()))),
            crash_reports_max: beam
                .crash_reports_max
                .map_or(usual.crash_reports_max, |max| Some(number(max.get()))),
            memory_max_bytes: beam
                .memory_max
                .map_or(usual.memory_max_bytes, |max| Some(max.bytes())),
            ..usual
        })
    }

    pub(super) fn health(&mut self) -> Result<(Health, Duration), SettingsError> {
        let path = self.optional("health.path", |s| s.health.as_ref()?.path.as_ref());
        let tcp = self.given(|s| s.health.as_ref()?.tcp.as_ref());
        let command = self.given(|s| s.health.as_ref()?.command.as_ref());
        self.optional("health.command", |s| s.health.as_ref()?.command.as_ref());
        if let Some(at) = command.as_ref().filter(|_| path.is_some() || tcp.is_some()) {
            let message = "the check is a command, or a path, or TCP: one of them".to_owned();
            let hint = "take out `command`, or `path` and `tcp`".to_owned();
            return Err(self.wrong(at.place, "health.command", message, Some(hint)));
        }
        let path = match (path, &tcp) {
            (Some(path), Some(At { value: true, place })) => {
                let message = format!("the check is either TCP or GET {path}, not both");
                let hint = "take out `path` or `tcp`".to_owned();
                return Err(self.wrong(*place, "health.tcp", message, Some(hint)));
            }
            (
                None,
                Some(At {
                    value: false,
                    place,
                }),
            ) => {
                let message = "without TCP the check needs a path".to_owned();
                let hint = "write `path = \"/health\"` in [health], or take `tcp` out".to_owned();
                return Err(self.wrong(*place, "health.tcp", message, Some(hint)));
            }
            (path, _) => path,
        };
        self.value(
            "health.tcp",
            |s| s.health.as_ref()?.tcp.as_ref(),
            path.is_none() && command.is_none(),
        );
        let timeout = self.time(
            "health.timeout",
            |s| s.health.as_ref()?.timeout.as_ref(),
            Time::of_ms(2000),
        );
        let interval = self.time(
            "health.interval",
            |s| s.health.as_ref()?.interval.as_ref(),
            Time::of_ms(1000),
        );
        let health = match (path, command) {
            (Some(path), _) => Health::Http {
                path: path.to_string(),
                timeout,
            },
            (None, Some(command)) => Health::Command {
                words: command.value.words().to_vec(),
                timeout,
            },
            (None, None) => Health::Tcp { timeout },
        };
        Ok((health, interval))
    }
}
