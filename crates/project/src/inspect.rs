//! What Mix knows of a project.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sys::file::FileError;

use crate::mix::{self, Error};

/// The program that asks, run by `elixir` in the project.
const SCRIPT: &str = include_str!("inspect.exs");
/// The largest answer that is read.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// A Mix project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// The application; an umbrella has none.
    pub app: Option<String>,
    /// The project's version; empty where it has none, as in an umbrella.
    pub version: String,
    /// The version of Elixir.
    pub elixir: String,
    /// The major version of OTP.
    pub otp: String,
    /// Whether it is an umbrella.
    pub umbrella: bool,
    /// The releases that `mix.exs` defines; without any, Mix makes one named as the application.
    pub releases: Vec<Release>,
    /// The release that Mix builds if several are defined and none is named.
    pub default_release: Option<String>,
    /// Direct dependencies.
    pub deps: Vec<String>,
    /// Dependencies that must be fetched before a build.
    pub deps_missing: Vec<String>,
    /// Names of the aliases in `mix.exs`, such as `assets.deploy`.
    pub aliases: Vec<String>,
    /// Configured Phoenix endpoints.
    pub endpoints: Vec<String>,
    /// Ecto repositories.
    pub ecto_repos: Vec<String>,
    /// Modules named `….Release` with a `migrate/0`.
    pub migrations: Vec<String>,
    /// A route that answers for health: from a compiled router, or a route macro in the source.
    pub health_route: Option<Found>,
    /// A path that looks like one for health, somewhere in the source.
    pub health_guess: Option<Found>,
    /// Whether there is a `config/runtime.exs`.
    pub runtime_config: bool,
    /// Variables without which `runtime.exs` raises, on some path through it.
    pub variables_required: Vec<String>,
    /// Variables that `runtime.exs` reads.
    pub variables_read: Vec<String>,
    /// Where dependencies are fetched to.
    pub deps_path: PathBuf,
    /// The directories in which the libraries of Erlang and Elixir lie.
    pub lib_dirs: Vec<PathBuf>,
}

/// A release that `mix.exs` defines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its version, where it is not the project's.
    pub version: Option<String>,
    /// Its steps, as Elixir prints them.
    pub steps: Vec<String>,
    /// The systems it has a launcher for: `unix`, `windows`.
    pub include_executables_for: Vec<String>,
    /// Whether it brings its own ERTS.
    pub include_erts: bool,
    /// Whether debug chunks are stripped.
    pub strip_beams: bool,
}

/// A path of a URL, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// The path.
    pub path: String,
    /// The file or module.
    pub file: String,
}

impl Project {
    /// What the project calls itself: its application, or an umbrella's release.
    pub fn name(&self) -> Option<String> {
        let release = || Some(self.choose(None).ok()?.name().to_owned());
        self.app.clone().or_else(release)
    }

    /// Says whether it depends on a library, or is Phoenix by its endpoints.
    pub fn is_phoenix(&self) -> bool {
        !self.endpoints.is_empty() || self.deps.iter().any(|dep| dep == "phoenix")
    }
}

/// Asks Mix about the project in `dir`, in the Mix environment `mix_env`. Nothing is compiled, started or
/// fetched.
///
/// # Errors
/// Where there is no project, no Mix, or Mix itself fails ([`Error::Failed`] with its own words).
pub fn inspect(dir: &Path, mix_env: &str) -> Result<Project, Error> {
    mix::expect_project(dir)?;
    let scratch = tempfile::tempdir().map_err(FileError::at(
        "create a temporary directory in",
        std::env::temp_dir(),
    ))?;
    let script = scratch.path().join("inspect.exs");
    let answer = scratch.path().join("answer.json");
    sys::file::write_atomic(&script, SCRIPT.as_bytes(), sys::file::Access::Private)?;
    let mut command = sys::process::command("elixir");
    command
        .arg(&script)
        .arg(&answer)
        .env("MIX_ENV", mix_env)
        .env("LC_ALL", "C.UTF-8")
        .env("MIX_QUIET", "1");
    mix::run(command, dir, &mut |_| {}).map_err(|error| match error {
        // The script is ours; what failed for the user is what Mix made of their project.
        Error::Failed {
            dir,
            status,
            output,
            ..
        } => Error::Failed {
            command: "mix loadconfig".to_owned(),
            dir,
            status,
            output,
        },
        error => error,
    })?;
    let bytes = sys::file::read_bounded(&answer, ANSWER_BYTES_MAX)?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Malformed {
        dir: dir.to_owned(),
        source,
    })
}
