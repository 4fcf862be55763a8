//! Resolving: for every key the first layer that has it wins, and its origin is kept.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::bounded::{Count, Size};
use super::duration::Time;
use super::env_file;
use super::error::{SettingsError, Source};
use super::file::{File, Sections, Strategy};
use super::keys;
use super::names::{Name, UrlPath, Variable};
use super::place::{At, Place};
use super::port::{Listen, PortChoice};
use super::resolved::{BuildSettings, DeploySettings, Health, ProxySettings, Resolved};

/// The largest env file.
const ENV_FILE_BYTES_MAX: u64 = 1 << 20;

/// Where a value in force comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said otherwise.
    Default,
    /// A line of a file.
    Line { file: String, line: usize },
    /// A flag, an environment variable or the Mix project.
    Named(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Line { file, line } => write!(f, "{file}:{line}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// One key with its value in force and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) value: serde_json::Value,
    pub(crate) origin: Origin,
    /// Whether the value may be a secret.
    pub(crate) secret: bool,
}

/// What is to be resolved, beside the file.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The environment and where its name comes from.
    pub(crate) environment: (Name, Origin),
    /// The service's name where the file has none, and where it comes from.
    pub(crate) service: Option<(Name, Origin)>,
}

pub(super) fn resolve(
    file: &File,
    source: Source<'_>,
    dir: &Path,
    request: Request,
    flags: Sections,
) -> Result<Resolved, SettingsError> {
    let (environment, environment_origin) = request.environment;
    let overlay = overlay(file, &environment, &environment_origin)?;
    let layers = [flags, overlay, file.sections()];
    let mut r = Resolver {
        layers,
        source,
        rows: Vec::new(),
    };

    let service = match (&file.service, request.service) {
        (Some(at), _) => (at.value.clone(), r.origin(at.place)),
        (None, Some(given)) => given,
        (None, None) => return Err(SettingsError::NoService),
    };
    r.row("service", &service.0, service.1);
    r.row("environment", &environment, environment_origin);
    let service = service.0;
    let release = r.optional("release", |s| s.release.as_ref());

    let build = BuildSettings {
        mix_env: r
            .value(
                "build.mix_env",
                |s| s.build.as_ref()?.mix_env.as_ref(),
                name("prod"),
            )
            .to_string(),
        clean: r.value("build.clean", |s| s.build.as_ref()?.clean.as_ref(), false),
        before: {
            let before = r.value(
                "build.before",
                |s| s.build.as_ref()?.before.as_ref(),
                Vec::new(),
            );
            before
                .iter()
                .map(|command| command.words().to_vec())
                .collect()
        },
        env: r.table(
            "build.env",
            |s| s.build.as_ref()?.env.as_ref(),
            Secret::Maybe,
        ),
    };
    let env = r.instance_env(dir)?;
    let (ports, http_port) = r.ports()?;
    let (health, health_interval) = r.health()?;
    let proxy = r.proxy();
    let deploy = r.deploy()?;
    let default_node = name(&service.as_str().replace('-', "_"));
    let node = r.value(
        "instance.node",
        |s| s.instance.as_ref()?.node.as_ref(),
        default_node,
    );
    let stop_timeout = r.time(
        "instance.stop_timeout",
        |s| s.instance.as_ref()?.stop_timeout.as_ref(),
        Time::of_ms(30_000),
    );
    let log_size = r.value(
        "logs.size",
        |s| s.logs.as_ref()?.size.as_ref(),
        Size::of_bytes(10 << 20),
    );
    let log_files = r.count(
        "logs.files",
        |s| s.logs.as_ref()?.files.as_ref(),
        Count::of(5),
    );
    Ok(Resolved {
        dir: dir.to_owned(),
        service: service.to_string(),
        environment: environment.to_string(),
        release: release.map(|release| release.to_string()),
        build,
        env,
        ports,
        http_port,
        health,
        health_interval,
        proxy,
        deploy,
        node: node.to_string(),
        stop_timeout,
        log_bytes_max: log_size.bytes(),
        log_files,
        rows: r.rows,
    })
}

/// The sections of the environment. A name that the file does not know is refused where the file knows
/// some: it is a typing error more often than not.
fn overlay(file: &File, environment: &Name, origin: &Origin) -> Result<Sections, SettingsError> {
    let Some(environments) = &file.environments else {
        return Ok(Sections::default());
    };
    if let Some(sections) = environments.get(environment) {
        return Ok(sections.clone());
    }
    if *origin == Origin::Default {
        return Ok(Sections::default());
    }
    let known: Vec<&str> = environments
        .keys()
        .map(Name::as_str)
        .chain([DEFAULT_ENVIRONMENT])
        .collect();
    if known.contains(&environment.as_str()) {
        return Ok(Sections::default());
    }
    let near = keys::nearest(environment.as_str(), known.iter().copied());
    let meant = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
    Err(SettingsError::Named {
        name: origin.to_string(),
        message: format!(
            "there is no environment {:?} in the settings file, only {}{meant}",
            environment.as_str(),
            known.join(", ")
        ),
    })
}

/// The environment unless another is asked for.
pub(crate) const DEFAULT_ENVIRONMENT: &str = "production";

/// A name known to be well formed: a literal, or made of one.
fn name(text: &str) -> Name {
    Name::of_project(text).unwrap_or_else(|| unreachable!("{text:?} is a name"))
}

/// Whether the values of a table may be secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secret {
    Never,
    Maybe,
}

struct Resolver<'a> {
    /// The strongest first.
    layers: [Sections; 3],
    source: Source<'a>,
    rows: Vec<Row>,
}

impl Resolver<'_> {
    fn origin(&self, place: Place) -> Origin {
        match place {
            Place::Offset(offset) => Origin::Line {
                file: self.source.file.to_owned(),
                line: self.source.line(offset),
            },
            Place::Named(name) => Origin::Named(name.to_owned()),
        }
    }

    fn row(&mut self, key: &str, value: &impl Serialize, origin: Origin) {
        self.rows.push(Row {
            key: key.to_owned(),
            value: serde_json::to_value(value).unwrap_or_default(),
            origin,
            secret: false,
        });
    }

    /// The strongest layer's value of a key, without a row.
    fn given<T: Clone>(&self, get: impl Fn(&Sections) -> Option<&At<T>>) -> Option<At<T>> {
        self.layers.iter().find_map(get).cloned()
    }

    fn value<T: Clone + Serialize>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<T>>,
        default: T,
    ) -> T {
        let (value, origin) = match self.given(get) {
            Some(at) => (at.value, self.origin(at.place)),
            None => (default, Origin::Default),
        };
        self.row(key, &value, origin);
        value
    }

    fn optional<T: Clone + Serialize>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<T>>,
    ) -> Option<T> {
        let given = self.given(get);
        let origin = given
            .as_ref()
            .map_or(Origin::Default, |at| self.origin(at.place));
        let value = given.map(|at| at.value);
        self.row(key, &value, origin);
        value
    }

    fn time<const MIN: u64, const MAX: u64>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<Time<MIN, MAX>>>,
        default: Time<MIN, MAX>,
    ) -> Duration {
        self.value(key, get, default).duration()
    }

    fn count<const MIN: u32, const MAX: u32>(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&At<Count<MIN, MAX>>>,
        default: Count<MIN, MAX>,
    ) -> u32 {
        self.value(key, get, default).get()
    }

    /// A table whose entries are merged over the layers.
    fn table(
        &mut self,
        key: &str,
        get: impl Fn(&Sections) -> Option<&BTreeMap<Variable, At<String>>>,
        secret: Secret,
    ) -> BTreeMap<String, String> {
        let merged = self.merged(get);
        let mut table = BTreeMap::new();
        for (name, at) in merged {
            self.rows.push(Row {
                key: format!("{key}.{name}"),
                value: at.value.clone().into(),
                origin: self.origin(at.place),
                secret: secret == Secret::Maybe,
            });
            table.insert(name.to_string(), at.value);
        }
        table
    }

    fn merged<T: Clone>(
        &self,
        get: impl Fn(&Sections) -> Option<&BTreeMap<Variable, At<T>>>,
    ) -> BTreeMap<Variable, At<T>> {
        let mut merged = BTreeMap::new();
        for layer in self.layers.iter().rev() {
            merged.extend(
                get(layer)
                    .into_iter()
                    .flatten()
                    .map(|(k, v)| (k.clone(), v.clone())),
            );
        }
        merged
    }

    fn instance_env(&mut self, dir: &Path) -> Result<BTreeMap<String, String>, SettingsError> {
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
        env.extend(self.table("env", |s| s.env.as_ref(), Secret::Maybe));
        Ok(env)
    }

    fn ports(&mut self) -> Result<(BTreeMap<String, Option<u16>>, String), SettingsError> {
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

    fn health(&mut self) -> Result<(Health, Duration), SettingsError> {
        let path = self.optional("health.path", |s| s.health.as_ref()?.path.as_ref());
        let tcp = self.given(|s| s.health.as_ref()?.tcp.as_ref());
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
            path.is_none(),
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
        let health = match path {
            Some(path) => Health::Http {
                path: path.to_string(),
                timeout,
            },
            None => Health::Tcp { timeout },
        };
        Ok((health, interval))
    }

    fn proxy(&mut self) -> ProxySettings {
        let any = Listen(([0, 0, 0, 0], 8080).into());
        let root =
            || UrlPath::try_from("/".to_owned()).unwrap_or_else(|_| unreachable!("`/` is a path"));
        let listen = self
            .value("proxy.listen", |s| s.proxy.as_ref()?.listen.as_ref(), any)
            .0;
        let hosts = self.value(
            "proxy.hosts",
            |s| s.proxy.as_ref()?.hosts.as_ref(),
            Vec::new(),
        );
        let prefix = self.value(
            "proxy.path_prefix",
            |s| s.proxy.as_ref()?.path_prefix.as_ref(),
            root(),
        );
        let header = self.time(
            "proxy.header_timeout",
            |s| s.proxy.as_ref()?.header_timeout.as_ref(),
            Time::of_ms(15_000),
        );
        let idle = self.time(
            "proxy.idle_timeout",
            |s| s.proxy.as_ref()?.idle_timeout.as_ref(),
            Time::of_ms(75_000),
        );
        let connect = self.time(
            "proxy.connect_timeout",
            |s| s.proxy.as_ref()?.connect_timeout.as_ref(),
            Time::of_ms(2000),
        );
        let response = self.time(
            "proxy.response_timeout",
            |s| s.proxy.as_ref()?.response_timeout.as_ref(),
            Time::of_ms(60_000),
        );
        let connections_max = self.count(
            "proxy.connections_max",
            |s| s.proxy.as_ref()?.connections_max.as_ref(),
            Count::of(50_000),
        );
        let header_size = self.value(
            "proxy.header_size_max",
            |s| s.proxy.as_ref()?.header_size_max.as_ref(),
            Size::of_bytes(64 << 10),
        );
        let hold = self.time(
            "proxy.hold",
            |s| s.proxy.as_ref()?.hold.as_ref(),
            Time::of_ms(5000),
        );
        let held_max = self.count(
            "proxy.held_max",
            |s| s.proxy.as_ref()?.held_max.as_ref(),
            Count::of(10_000),
        );
        ProxySettings {
            listen,
            hosts: hosts.iter().map(ToString::to_string).collect(),
            path_prefix: prefix.to_string(),
            limits: ::proxy::control::v1::Limits {
                header_timeout_ms: millis(header),
                idle_timeout_ms: millis(idle),
                connect_timeout_ms: millis(connect),
                response_timeout_ms: millis(response),
                connections_max,
                header_bytes_max: u32::try_from(header_size.bytes()).unwrap_or(u32::MAX),
                hold_ms: millis(hold),
                held_max,
            },
        }
    }

    fn deploy(&mut self) -> Result<DeploySettings, SettingsError> {
        const MINUTE: u64 = 60_000;
        const HOUR: u64 = 60 * MINUTE;
        let strategy = self.value(
            "deploy.strategy",
            |s| s.deploy.as_ref()?.strategy.as_ref(),
            Strategy::BlueGreen,
        );
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
        let rollback_window = self.time(
            "deploy.rollback_window",
            |s| s.deploy.as_ref()?.rollback_window.as_ref(),
            Time::of_ms(HOUR),
        );
        let orphan_timeout = self.time(
            "deploy.orphan_timeout",
            |s| s.deploy.as_ref()?.orphan_timeout.as_ref(),
            Time::of_ms(30_000),
        );
        let keep_releases = self.count(
            "deploy.keep_releases",
            |s| s.deploy.as_ref()?.keep_releases.as_ref(),
            Count::of(5),
        );
        let release_command = self.optional("deploy.release_command", |s| {
            s.deploy.as_ref()?.release_command.as_ref()
        });
        let release_command_timeout = self.time(
            "deploy.release_command_timeout",
            |s| s.deploy.as_ref()?.release_command_timeout.as_ref(),
            Time::of_ms(10 * MINUTE),
        );
        Ok(DeploySettings {
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
            orphan_timeout,
            keep_releases,
            release_command: release_command.map(|command| command.words().to_vec()),
            release_command_timeout,
        })
    }

    /// The error for a relation between keys of `[deploy]`, at the first of them that was given.
    fn wrong_deploy(&self, keys: &[&str], message: String, hint: String) -> SettingsError {
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

    fn wrong(
        &self,
        place: Place,
        key: &str,
        message: String,
        hint: Option<String>,
    ) -> SettingsError {
        match place {
            Place::Offset(offset) => self
                .source
                .wrong(offset, format!("`{key}`: {message}"), hint),
            Place::Named(name) => SettingsError::Named {
                name: name.to_owned(),
                message,
            },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
