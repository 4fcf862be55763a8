//! A project in a temporary directory, and the binary run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory with a project in it, and a home of its own beside it.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
}

impl Sandbox {
    /// Nothing in it.
    pub(crate) fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("project")).unwrap();
        Self { root }
    }

    /// A Mix project whose `project/0` has these keywords beside `app: :tiny`.
    pub(crate) fn project(keywords: &str) -> Self {
        let sandbox = Self::empty();
        sandbox.write(
            "mix.exs",
            &format!(
                "defmodule Tiny.MixProject do\n  use Mix.Project\n  def project, do: [app: :tiny, version: \"0.1.0\"{keywords}]\n  def application, do: [extra_applications: [:logger]]\nend\n"
            ),
        );
        sandbox.write(
            "lib/tiny.ex",
            "defmodule Tiny do\n  def hello, do: :world\nend\n",
        );
        sandbox
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.dir().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir().join(path)).unwrap()
    }

    /// The binary with a clean environment; `variables` are added to it.
    pub(crate) fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let path = std::env::var_os("PATH").unwrap();
        Command::new(env!("CARGO_BIN_EXE_cutover"))
            .args(args)
            .current_dir(self.dir())
            .env_clear()
            .env("PATH", path)
            .env("LANG", "C.UTF-8")
            .env("HOME", self.root.path())
            .env("CUTOVER_HOME", self.root.path().join("home"))
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    /// Exit code, stdout and stderr as one text, without what differs from run to run.
    pub(crate) fn shown(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.run(args, variables);
        let text = format!(
            "exit {}\n--- stdout\n{}--- stderr\n{}",
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap()
        );
        text.replace(&self.root.path().display().to_string(), "ROOT")
    }

    /// The one line of JSON on stdout.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.run(args, &[]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// A directory that a PATH can be, with nothing in it.
pub(crate) fn nowhere() -> &'static Path {
    Path::new("/nonexistent")
}

/// Checks a snapshot, durations and versions of the machine taken out.
macro_rules! assert_shown {
    ($shown:expr, @$expected:literal) => {
        insta::with_settings!({filters => vec![
            (r"\d+\.\d s", "N.N s"),
            (r"Elixir [\d.]+, OTP \d+", "Elixir X, OTP Y"),
            (r"signing key [0-9A-F]{16}", "signing key KEY"),
        ]}, { insta::assert_snapshot!($shown, @$expected) });
    };
}
pub(crate) use assert_shown;
