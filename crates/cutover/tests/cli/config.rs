//! `cutover config`, and what is the same for every command.

use super::run::{Sandbox, assert_shown};

#[test]
fn values_are_shown_with_their_origin_and_secrets_are_not() {
    let sandbox = Sandbox::empty();
    sandbox.write(".env", "PASSWORD=hunter2\n");
    sandbox.write(
        "cutover.toml",
        "service = \"shop\"\nenv_file = \".env\"\n[env]\nTOKEN = \"hunter3\"\n[environments.staging]\n",
    );
    let shown = sandbox.shown(&["config"], &[("CUTOVER_ENV", "staging")]);
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.contains("environment = \"staging\""), "{shown}");
    assert!(shown.contains("# CUTOVER_ENV"), "{shown}");
    assert!(shown.contains("# .env:1"), "{shown}");
    let open = sandbox.json(&["config", "--json", "--show-env"]);
    assert_eq!(open["settings"]["env.PASSWORD"]["value"], "hunter2");
    assert_eq!(open["settings"]["env.TOKEN"]["origin"], "cutover.toml:4");
}

#[test]
fn the_file_is_found_from_below_and_errors_show_its_path() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "cutover.toml",
        "service = \"shop\"\n[deploy]\nwach = \"3s\"\n",
    );
    assert_shown!(sandbox.shown(&["config"], &[]), @r#"
    exit 3
    --- stdout
    --- stderr
    error: cutover.toml:3:1: unknown key `wach` in [deploy]
      | wach = "3s"
      | ^
    hint: did you mean `watch`?
    "#);
    assert_shown!(Sandbox::empty().shown(&["config"], &[]), @r#"
    exit 3
    --- stdout
    --- stderr
    error: there is no cutover.toml in ROOT/project or above it
    hint: run `cutover init` in your Mix project, or name the file with `--config`
    "#);
}

#[test]
fn a_failure_is_json_too_where_json_is_asked_for() {
    let output = Sandbox::empty().run(&["config", "--json"], &[]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (said["error"]["kind"].as_str(), output.status.code()),
        (Some("configuration"), Some(3))
    );
}

#[test]
fn the_service_is_called_after_the_project_unless_named() {
    let sandbox = Sandbox::project("");
    sandbox.write("cutover.toml", "");
    let config = sandbox.json(&["config", "--json"]);
    assert_eq!(config["settings"]["service"]["value"], "tiny");
    assert_eq!(config["settings"]["service"]["origin"], "mix.exs");
}

#[test]
fn a_wrong_command_line_is_2_and_a_missing_agent_is_9() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.run(&["confg"], &[]).status.code(), Some(2));
    assert_shown!(sandbox.shown(&["agent", "status"], &[]), @r#"
    exit 9
    --- stdout
    --- stderr
    error: the agent does not answer at ROOT/home/agent/agent.sock
      because No such file or directory (os error 2)
    hint: `cutover deploy` starts the agent; so does `cutover agent run`
    "#);
}
