//! Resolving: for every key the first layer that has it wins, and its origin is kept.

mod analysis;
mod deploy;
mod hooks;
mod instance;
mod layers;
mod proxy;
mod strategy;

use std::fmt;
use std::path::Path;

use self::layers::Resolver;
use super::bounded::{Count, Size};
use super::duration::Time;
use super::error::{SettingsError, Source};
use super::file::{File, Sections};
use super::keys;
use super::names::Name;
use super::resolved::{BuildSettings, Resolved};

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

/// A layer that says how health is told says it alone: an environment may check by a command what the file
/// checks by a path.
fn one_kind_of_check(layers: &mut [Sections]) {
    let says = |sections: &Sections| {
        let health = sections.health.as_ref();
        health.is_some_and(|h| h.path.is_some() || h.tcp.is_some() || h.command.is_some())
    };
    let Some(strongest) = layers.iter().position(says) else {
        return;
    };
    for weaker in &mut layers[strongest + 1..] {
        if let Some(health) = &mut weaker.health {
            (health.path, health.tcp, health.command) = (None, None, None);
        }
    }
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
    let mut layers = [flags, overlay, file.sections()];
    one_kind_of_check(&mut layers);
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
        env: r.table("build.env", |s| s.build.as_ref()?.env.as_ref()),
    };
    let env = r.instance_env(dir)?;
    let (ports, http_port) = r.ports()?;
    r.refuse_ours(&ports)?;
    let (health, health_interval) = r.health()?;
    let beam = r.beam();
    let proxy = r.proxy();
    let prometheus = r.prometheus(dir);
    let hooks = r.hooks()?;
    let analyses = r.analyses(&hooks)?;
    let deploy = r.deploy(&analyses)?;
    let hosts = r.hosts(dir)?;
    // Environments that share a host must not share node names.
    let default_node = match environment.as_str() {
        DEFAULT_ENVIRONMENT => service.to_string(),
        other => format!("{service}_{other}"),
    };
    let default_node = name(&default_node.replace('-', "_"));
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
        beam,
        proxy,
        deploy,
        node: node.to_string(),
        stop_timeout,
        log_bytes_max: log_size.bytes(),
        log_files,
        hooks,
        prometheus,
        hosts,
        rows: r.rows,
    })
}

/// The sections of the environment. A name that the file does not know is refused: it is a typing error
/// more often than not, and would begin a service of its own.
fn overlay(file: &File, environment: &Name, origin: &Origin) -> Result<Sections, SettingsError> {
    let environments = file.environments.as_ref();
    if let Some(sections) = environments.and_then(|all| all.get(environment)) {
        return Ok(sections.clone());
    }
    if *origin == Origin::Default {
        return Ok(Sections::default());
    }
    let known: Vec<&str> = environments
        .into_iter()
        .flat_map(|all| all.keys())
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
            "there is no environment {0:?} in the settings file, only {1}{meant}; to have it, write \
             [environments.{0}] there, which may be empty",
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
