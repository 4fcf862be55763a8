//! What the commands that change a version say of themselves.

use super::run::Sandbox;

#[test]
fn every_command_of_a_rollout_explains_itself() {
    let sandbox = Sandbox::empty();
    let mut all = sandbox.shown(&["--help"], &[]);
    for command in [
        "plan", "deploy", "promote", "pause", "resume", "abort", "retry", "rollback", "freeze",
        "show", "status",
    ] {
        let shown = sandbox.shown(&[command, "-h"], &[]);
        all.push_str(&format!("\n$ cutover {command} -h\n{shown}"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_host_that_nobody_named_is_a_typing_error() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "cutover.toml",
        "service = \"shop\"\nrelease = \"shop\"\n[[hosts]]\nname = \"a\"\nhome = \"x\"\n",
    );
    let shown = sandbox.shown(&["app", "logs", "--host", "b"], &[]);
    super::run::assert_shown!(shown, @r"
    exit 2
    --- stdout
    --- stderr
    error: there is no host b in the settings
    hint: there are a
    ");
}
