//! `cutover release`.

use std::fs;

use super::run::{Sandbox, assert_shown};

/// A project that is built, and its artifact's id.
fn built() -> (Sandbox, String) {
    let sandbox = Sandbox::project("");
    sandbox.write("cutover.toml", "service = \"tiny\"\n");
    let built = sandbox.json(&["build", "--json"]);
    let id = built["artifact"].as_str().unwrap().to_owned();
    (sandbox, id)
}

#[test]
fn an_artifact_is_listed_inspected_and_verified() {
    let (sandbox, id) = built();
    let listed = sandbox.json(&["release", "list", "--json"]);
    assert_eq!(listed[0]["artifact"], id.as_str());
    assert_eq!(
        (&listed[0]["release"], &listed[0]["vsn"]),
        (&"tiny".into(), &"0.1.0".into())
    );

    let shown = sandbox.shown(
        &["release", "inspect", &id[..8], "--modules", "--files"],
        &[],
    );
    assert!(shown.contains(&format!("artifact   {id}")), "{shown}");
    assert!(shown.contains("Elixir.Tiny tiny"), "{shown}");
    assert!(shown.contains("  bin/tiny\n"), "{shown}");
    assert!(!shown.contains("COOKIE"), "{shown}");
    let manifest = sandbox.json(&["release", "inspect", "--json"]);
    assert_eq!(manifest["format"], "cutover.manifest.v1");

    let verified = sandbox.json(&["release", "verify", "0.1.0", "--json"]);
    assert_eq!(verified["artifact"], id.as_str());
    let home = sandbox.dir().parent().unwrap().join("home");
    let file = home.join(format!("artifacts/{id}.cutover"));
    let file = file.to_str().unwrap();
    let key = home.join("keys/cutover.pub");
    sandbox.json(&[
        "release",
        "verify",
        file,
        "--key",
        key.to_str().unwrap(),
        "--json",
    ]);

    // Whoever does not hold the key trusts nobody.
    fs::remove_dir_all(home.join("keys")).unwrap();
    fs::remove_dir_all(home.join("agent/trusted")).unwrap();
    let shown = sandbox.shown(&["release", "verify", "--quiet"], &[]);
    assert!(shown.starts_with("exit 5\n"), "{shown}");
    assert!(
        shown.contains("which is not trusted here (ROOT/home/keys, ROOT/home/agent/trusted)"),
        "{shown}"
    );
}

#[test]
fn a_damaged_artifact_is_told_from_a_short_one() {
    let (sandbox, id) = built();
    let home = sandbox.dir().parent().unwrap().join("home");
    let mut bytes = fs::read(home.join(format!("artifacts/{id}.cutover"))).unwrap();
    fs::write(
        sandbox.dir().join("short.cutover"),
        &bytes[..bytes.len() - 7],
    )
    .unwrap();
    bytes[4000] ^= 1;
    fs::write(sandbox.dir().join("altered.cutover"), &bytes).unwrap();
    assert_shown!(sandbox.shown(&["release", "verify", "short.cutover", "--quiet"], &[]), @r"
    exit 5
    --- stdout
    --- stderr
    error: short.cutover: the artifact is cut short; copy or build it again
    ");
    assert_shown!(sandbox.shown(&["release", "verify", "altered.cutover", "--quiet"], &[]), @r"
    exit 5
    --- stdout
    --- stderr
    error: altered.cutover: the artifact was damaged or altered after it was packed; copy or build it again
    ");
    assert_shown!(sandbox.shown(&["release", "inspect", "./mix.exs"], &[]), @r"
    exit 5
    --- stdout
    --- stderr
    error: ./mix.exs: not an artifact; `cutover build` makes one
    ");
}

#[test]
fn an_artifact_that_is_not_there_is_told_so() {
    let sandbox = Sandbox::empty();
    assert_shown!(sandbox.shown(&["release", "list"], &[]), @r"
    exit 0
    --- stdout
    no artifacts yet; `cutover build` makes one
    --- stderr
    ");
    assert_shown!(sandbox.shown(&["release", "inspect", "deadbeef"], &[]), @r#"
    exit 2
    --- stdout
    --- stderr
    error: no artifact "deadbeef" in ROOT/home/artifacts; `cutover release list` shows what is there
    "#);
}
