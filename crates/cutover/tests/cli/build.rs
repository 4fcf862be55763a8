//! `cutover build`.

use super::run::{Sandbox, assert_shown};

#[test]
fn the_same_inputs_give_the_same_artifact_also_from_clean() {
    let sandbox = Sandbox::project("");
    sandbox.write("cutover.toml", "service = \"tiny\"\n");
    let first = sandbox.json(&["build", "--json"]);
    let second = sandbox.json(&["build", "--json"]);
    let clean = sandbox.json(&["build", "--clean", "--json"]);
    assert_eq!(first["artifact"].as_str().unwrap().len(), 64);
    assert_eq!(first["artifact"], second["artifact"]);
    assert_eq!(first["artifact"], clean["artifact"]);
    assert_eq!(
        [&first["already"], &second["already"], &clean["already"]],
        [false, true, true]
    );
    assert_eq!(
        [&first["key_created"], &second["key_created"]],
        [true, false]
    );
    // The version stays; the content is what counts.
    sandbox.write(
        "lib/tiny.ex",
        "defmodule Tiny do\n  def hello, do: :moon\nend\n",
    );
    let changed = sandbox.json(&["build", "--json"]);
    assert_ne!(first["artifact"], changed["artifact"]);
    assert_eq!(first["vsn"], changed["vsn"]);
}

#[test]
fn mixs_own_errors_are_shown_as_they_are() {
    let sandbox = Sandbox::project("");
    sandbox.write("cutover.toml", "service = \"tiny\"\n");
    sandbox.write(
        "lib/tiny.ex",
        "defmodule Tiny do\n  def hello, do: missing()\nend\n",
    );
    let shown = sandbox.shown(&["build"], &[]);
    assert!(shown.starts_with("exit 4\n"), "{shown}");
    assert!(
        shown.contains("\n** (CompileError) lib/tiny.ex:2: undefined function missing/0"),
        "{shown}"
    );
    assert!(shown.contains("error: `mix release --overwrite --path ROOT/project/_build/cutover/rel/prod/tiny` failed in ROOT/project"), "{shown}");
}

#[test]
fn an_env_sh_that_would_take_the_port_away_is_refused() {
    let sandbox = Sandbox::project("");
    sandbox.write("cutover.toml", "service = \"tiny\"\n");
    sandbox.write("rel/env.sh.eex", "#!/bin/sh\nexport PORT=4000\n");
    let shown = sandbox.shown(&["build", "--quiet"], &[]);
    assert_shown!(shown, @r#"
    exit 3
    --- stdout
    --- stderr
    error: env.sh:2: PORT is set for every instance: export PORT=4000
    hint: two versions could not run at once; in rel/env.sh.eex write PORT="${PORT:-…}", or take the line out
    "#);
}
