//! Real Mix projects, small ones, seen through the real Mix.
#![expect(
    clippy::disallowed_methods,
    reason = "a test lays out files that nobody else reads while it writes"
)]

use std::fs;
use std::path::Path;

use project::{Build, ChoiceError, Error, Found, Start, Which, build, inspect};

/// Writes a project: `mix.exs` with `keywords` in its `project/0`, and the given files.
fn project(keywords: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mix = format!(
        "defmodule Tiny.MixProject do\n  use Mix.Project\n  def project, do: [{keywords}]\n  def application, do: [extra_applications: [:logger]]\nend\n"
    );
    write(dir.path(), "mix.exs", &mix);
    for (path, text) in files {
        write(dir.path(), path, text);
    }
    dir
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const TINY: &str = "app: :tiny, version: \"0.1.0\"";

#[test]
fn a_plain_project_is_one_release_named_as_its_application() {
    let dir = project(TINY, &[("lib/tiny.ex", "defmodule Tiny do\nend\n")]);
    let seen = inspect(dir.path(), "prod").unwrap();
    assert_eq!(seen.app.as_deref(), Some("tiny"));
    assert_eq!(seen.version, "0.1.0");
    assert_eq!(seen.choose(None), Ok(Which::Implicit("tiny".into())));
    assert!(seen.releases.is_empty() && !seen.is_phoenix() && seen.health_route.is_none());
    // To look must not be to build.
    assert!(!dir.path().join("_build").exists());
}

#[test]
fn of_several_releases_only_the_default_one_is_chosen() {
    let two = "releases: [web: [steps: [:assemble, :tar]], worker: [strip_beams: false]]";
    let dir = project(&format!("{TINY}, {two}"), &[]);
    let seen = inspect(dir.path(), "prod").unwrap();
    let several = ChoiceError::Several(vec!["web".into(), "worker".into()]);
    assert_eq!(seen.choose(None), Err(several));
    assert_eq!(seen.releases[0].steps, [":assemble", ":tar"]);
    assert!(seen.releases[0].strip_beams && !seen.releases[1].strip_beams);
    let dir = project(&format!("{TINY}, {two}, default_release: :worker"), &[]);
    let seen = inspect(dir.path(), "prod").unwrap();
    assert_eq!(seen.choose(None), Ok(Which::Defined("worker".into())));
}

#[test]
fn phoenix_ecto_and_the_needs_of_runtime_exs_are_seen_without_running_it() {
    let dir = project(
        &format!("{TINY}, aliases: [\"assets.deploy\": [\"phx.digest\"]]"),
        &[
            (
                "config/config.exs",
                "import Config\nconfig :tiny, TinyWeb.Endpoint, url: [host: \"x\"]\nconfig :tiny, ecto_repos: [Tiny.Repo]\n",
            ),
            (
                "config/runtime.exs",
                "import Config\nif config_env() == :prod do\n  System.get_env(\"DATABASE_URL\") || raise \"\"\"\n  missing\n  \"\"\"\n  System.fetch_env!(\"SECRET_KEY_BASE\")\n  System.get_env(\"PORT\", \"4000\")\nend\n",
            ),
            (
                "lib/tiny_web/router.ex",
                "defmodule TinyWeb.Router do\n  import TinyWeb\n  scope \"/\" do\n    get \"/healthz\", TinyWeb.Health, :show\n  end\nend\n",
            ),
            (
                "lib/tiny/release.ex",
                "defmodule Tiny.Release do\n  def migrate do\n    :ok\n  end\nend\n",
            ),
        ],
    );
    let seen = inspect(dir.path(), "prod").unwrap();
    assert!(seen.is_phoenix());
    assert_eq!(seen.endpoints, ["TinyWeb.Endpoint"]);
    assert_eq!(seen.aliases, ["assets.deploy"]);
    assert_eq!(seen.ecto_repos, ["Tiny.Repo"]);
    assert_eq!(seen.migrations, ["Tiny.Release"]);
    assert_eq!(seen.variables_required, ["DATABASE_URL", "SECRET_KEY_BASE"]);
    assert!(seen.variables_read.contains(&"PORT".to_owned()));
    let route = Found {
        path: "/healthz".into(),
        file: "lib/tiny_web/router.ex".into(),
    };
    assert_eq!(seen.health_route, Some(route));
}

#[test]
fn a_path_that_is_merely_written_somewhere_is_a_guess() {
    let lib = "defmodule Tiny do\n  def route([\"health\"]), do: :ok\nend\n";
    let seen = inspect(project(TINY, &[("lib/tiny.ex", lib)]).path(), "prod").unwrap();
    assert_eq!(seen.health_route, None);
    assert_eq!(seen.health_guess.unwrap().path, "/health");
}

#[test]
fn an_umbrella_is_called_after_its_release() {
    let keywords = "apps_path: \"apps\", releases: [shop: [applications: [one: :permanent]]]";
    let one = "defmodule One.MixProject do\n  use Mix.Project\n  def project, do: [app: :one, version: \"0.1.0\"]\nend\n";
    let dir = project(keywords, &[("apps/one/mix.exs", one)]);
    let seen = inspect(dir.path(), "prod").unwrap();
    assert!(seen.umbrella && seen.app.is_none());
    assert_eq!(seen.name().as_deref(), Some("shop"));
}

#[test]
fn no_project_and_a_broken_one_are_told_apart() {
    let empty = tempfile::tempdir().unwrap();
    let error = inspect(empty.path(), "prod").unwrap_err();
    assert!(matches!(error, Error::NotAProject { .. }), "{error}");
    let broken = project("app: :tiny, version: raise(\"no version today\")", &[]);
    let error = inspect(broken.path(), "prod").unwrap_err();
    let Error::Failed { output, .. } = error else {
        panic!("{error}")
    };
    assert!(output.contains("no version today"), "{output}");
}

#[test]
fn a_build_leaves_nothing_of_an_older_one_and_a_failed_one_nothing_at_all() {
    let dir = project(TINY, &[("lib/tiny.ex", "defmodule Tiny do\nend\n")]);
    let wanted = Build {
        dir: dir.path().to_owned(),
        mix_env: "prod".into(),
        release: Which::Implicit("tiny".into()),
        start: Start::Incremental,
        before: vec![vec![
            "sh".into(),
            "-c".into(),
            "echo before in $MIX_ENV".into(),
        ]],
        env: std::collections::BTreeMap::new(),
        fetch: false,
    };
    let (mut steps, mut lines) = (Vec::new(), Vec::new());
    let mut run = || {
        build(&wanted, &mut |s| steps.push(s.to_owned()), &mut |l| {
            lines.push(l.to_owned())
        })
    };
    let release = run().unwrap().root;
    let stale = release.join("stale");
    fs::write(&stale, "").unwrap();
    assert_eq!(run().unwrap().root, release);
    assert!(!stale.exists() && release.join("bin/tiny").exists());
    write(
        dir.path(),
        "lib/tiny.ex",
        "defmodule Tiny do\n  syntax error here\nend\n",
    );
    let Error::Failed { output, .. } = run().unwrap_err() else {
        panic!("another failure")
    };
    assert!(output.contains("lib/tiny.ex:2"), "{output}");
    assert!(!release.exists());
    assert!(lines.contains(&"before in prod".to_owned()));
    assert!(
        steps[1].starts_with("mix release --overwrite --path"),
        "{steps:?}"
    );
}

#[test]
fn a_build_waits_for_the_one_before_it_to_be_done_with_the_release() {
    let dir = project(TINY, &[("lib/tiny.ex", "defmodule Tiny do\nend\n")]);
    let wanted = Build {
        dir: dir.path().to_owned(),
        mix_env: "prod".into(),
        release: Which::Implicit("tiny".into()),
        start: Start::Incremental,
        before: vec![],
        env: std::collections::BTreeMap::new(),
        fetch: false,
    };
    let first = build(&wanted, &mut |_| {}, &mut |_| {}).unwrap();
    let (waits, told) = std::sync::mpsc::channel();
    let second = std::thread::spawn(move || {
        build(
            &wanted,
            &mut |step| waits.send(step.to_owned()).unwrap(),
            &mut |_| {},
        )
        .map(drop)
    });
    assert_eq!(
        told.recv().unwrap(),
        "waiting for another build of this project"
    );
    assert!(first.root.join("bin/tiny").exists());
    drop(first);
    assert!(told.recv().unwrap().starts_with("mix release"));
    second.join().unwrap().unwrap();
}
