//! `cutover init`.

use super::run::{Sandbox, assert_shown, nowhere};

#[test]
fn a_plain_project_gets_a_small_file_that_is_valid() {
    let sandbox = Sandbox::project("");
    assert_shown!(sandbox.shown(&["init"], &[]), @r#"
    exit 0
    --- stdout
    wrote cutover.toml for tiny 0.1.0 (Elixir X, OTP Y)
      release: tiny
      port: make the server listen on System.fetch_env!("PORT") in config/runtime.exs
      health: a TCP connection; a path that answers 2xx would tell more
    next: `cutover build`, then `cutover deploy`
    --- stderr
    asking Mix about the project …
    ✓ asking Mix about the project (N.N s)
    "#);
    insta::assert_snapshot!(sandbox.read("cutover.toml"), @r#"
    # Settings of cutover. Every key has a default; `cutover config` shows the ones in force and
    # where each comes from. Durations are written "10s", "5m" or "1h".

    service = "tiny"
    # A file of NAME=value lines for secrets; keep it out of version control.
    # env_file = ".env.production"

    # Each instance gets a free port in this variable, so that two versions can run at once.
    [ports]
    PORT = "auto"  # nothing in config/runtime.exs reads it yet: the server must listen on it

    # An instance is healthy when this path answers 2xx, or, without a path, when it accepts connections.
    [health]
    # path = "/health"

    # Where clients connect.
    [proxy]
    listen = "0.0.0.0:8080"
    # hosts = ["shop.example.com"]  # without any, every host name is the service's

    [deploy]
    # How long the old version is kept running, for an instant `cutover rollback`.
    rollback_window = "1h"
    "#);
    let config = sandbox.json(&["config", "--json"]);
    assert_eq!(config["settings"]["service"]["origin"], "cutover.toml:4");
    assert_eq!(config["settings"]["deploy.rollback_window"]["value"], "1h");
}

#[test]
fn a_file_that_is_there_is_kept_unless_forced() {
    let sandbox = Sandbox::project("");
    sandbox.write("cutover.toml", "service = \"mine\"\n");
    assert_shown!(sandbox.shown(&["init"], &[]), @r#"
    exit 3
    --- stdout
    --- stderr
    error: cutover.toml is there already
    hint: replace it with `cutover init --force`, or see what it says with `cutover config`
    "#);
    assert_eq!(sandbox.read("cutover.toml"), "service = \"mine\"\n");
    assert_eq!(
        sandbox.json(&["init", "--force", "--json"])["service"],
        "tiny"
    );
}

#[test]
fn several_releases_ask_for_one() {
    let sandbox = Sandbox::project(", releases: [web: [], worker: []]");
    assert_shown!(sandbox.shown(&["init"], &[]), @r#"
    exit 3
    --- stdout
    --- stderr
    asking Mix about the project …
    ✓ asking Mix about the project (N.N s)
    error: mix.exs defines several releases and no default_release: web, worker
    hint: name one with `cutover init --release NAME`
    "#);
    assert_eq!(
        sandbox.json(&["init", "--release", "worker", "--json"])["release"],
        "worker"
    );
    assert!(
        sandbox
            .read("cutover.toml")
            .contains("release = \"worker\"  # of web, worker")
    );
}

#[test]
fn phoenix_and_ecto_are_provided_for() {
    let sandbox = Sandbox::project(", aliases: [\"assets.deploy\": [\"phx.digest\"]]");
    sandbox.write(
        "config/config.exs",
        "import Config\nconfig :tiny, TinyWeb.Endpoint, []\nconfig :tiny, ecto_repos: [Tiny.Repo]\n",
    );
    sandbox.write(
        "config/runtime.exs",
        "import Config\nif System.get_env(\"PHX_SERVER\"), do: :ok\nSystem.fetch_env!(\"SECRET_KEY_BASE\")\nSystem.get_env(\"PORT\")\n",
    );
    sandbox.write("lib/tiny_web/router.ex", "defmodule TinyWeb.Router do\n  use TinyWeb, :router\n  get \"/up\", TinyWeb.Up, :show\nend\n");
    sandbox.write(
        "lib/tiny/release.ex",
        "defmodule Tiny.Release do\n  def migrate, do: :ok\nend\n",
    );
    assert_shown!(sandbox.shown(&["init"], &[]), @r#"
    exit 0
    --- stdout
    wrote cutover.toml for tiny 0.1.0 (Elixir X, OTP Y)
      release: tiny
      config/runtime.exs asks for SECRET_KEY_BASE: set them in [env] or in an env file
      assets: `mix assets.deploy` runs before the release is built
      Phoenix: PHX_SERVER is set; set PHX_HOST to the public host name
      port: PORT, which config/runtime.exs reads
      health: GET /up, a route of lib/tiny_web/router.ex
      migrations: Tiny.Release.migrate() runs before the new version gets traffic
    next: `cutover build`, then `cutover deploy`
    --- stderr
    asking Mix about the project …
    ✓ asking Mix about the project (N.N s)
    "#);
    insta::assert_snapshot!(sandbox.read("cutover.toml"), @r#"
    # Settings of cutover. Every key has a default; `cutover config` shows the ones in force and
    # where each comes from. Durations are written "10s", "5m" or "1h".

    service = "tiny"
    # A file of NAME=value lines for secrets; keep it out of version control.
    # env_file = ".env.production"

    [build]
    before = ["mix assets.deploy"]

    # Handed to every instance.
    [env]
    PHX_SERVER = "true"  # without it Phoenix opens no port
    # PHX_HOST = "shop.example.com"  # the host name in the URLs that Phoenix makes
    # SECRET_KEY_BASE = ""  # config/runtime.exs asks for it, from `mix phx.gen.secret`; better in the env file

    # Each instance gets a free port in this variable, so that two versions can run at once.
    [ports]
    PORT = "auto"

    # An instance is healthy when this path answers 2xx, or, without a path, when it accepts connections.
    [health]
    path = "/up"  # a route of lib/tiny_web/router.ex

    # Where clients connect.
    [proxy]
    listen = "0.0.0.0:8080"
    # hosts = ["shop.example.com"]  # without any, every host name is the service's

    [deploy]
    # Run once, by the new version, before it gets traffic. A rollback does not undo it.
    release_command = "eval 'Tiny.Release.migrate()'"
    # How long the old version is kept running, for an instant `cutover rollback`.
    rollback_window = "1h"
    "#);
    let settings = &sandbox.json(&["config", "--json", "--show-env"])["settings"];
    assert_eq!(settings["env.PHX_SERVER"]["value"], "true");
    assert_eq!(settings["health.path"]["value"], "/up");
    assert_eq!(
        settings["deploy.release_command"]["value"],
        serde_json::json!(["eval", "Tiny.Release.migrate()"])
    );
}

#[test]
fn without_a_project_without_mix_and_with_a_failing_mix_it_says_what_to_do() {
    let empty = Sandbox::empty();
    assert_shown!(empty.shown(&["init"], &[]), @r#"
    exit 3
    --- stdout
    --- stderr
    asking Mix about the project …
    error: there is no Mix project in ROOT/project: it has no mix.exs
    hint: run it in the directory of your mix.exs, or make a project with `mix new`
    "#);
    let path = nowhere().to_str().unwrap();
    assert_shown!(Sandbox::project("").shown(&["init"], &[("PATH", path)]), @r#"
    exit 4
    --- stdout
    --- stderr
    asking Mix about the project …
    error: cannot run elixir: it is not installed, or not on the PATH
    hint: install Elixir (on Debian: `apt install elixir`), or put it on the PATH
    "#);
    let failing = Sandbox::project(", deps: raise(\"out of deps\")");
    let shown = failing.shown(&["init"], &[]);
    assert!(shown.starts_with("exit 4\n"), "{shown}");
    assert!(shown.contains("** (RuntimeError) out of deps"), "{shown}");
    assert!(!failing.dir().join("cutover.toml").exists());
}
