//! Every dependency has its reason in `docs/dependencies.md`, and none there is gone.

use std::fs;

#[test]
fn every_dependency_has_its_line_and_every_line_its_dependency() {
    let manifest: toml::Table = fs::read_to_string(super::root().join("Cargo.toml"))
        .expect("the workspace manifest")
        .parse()
        .expect("the workspace manifest is TOML");
    let theirs: Vec<&String> = manifest["workspace"]["dependencies"]
        .as_table()
        .expect("workspace dependencies")
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name)
        .collect();
    let document =
        fs::read_to_string(super::root().join("docs/dependencies.md")).expect("the list");
    let listed: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split("**").next())
        .collect();
    let missing: Vec<_> = theirs
        .iter()
        .filter(|n| !listed.contains(&n.as_str()))
        .collect();
    let gone: Vec<_> = listed
        .iter()
        .filter(|n| !theirs.iter().any(|t| t.as_str() == **n))
        .collect();
    assert!(
        missing.is_empty(),
        "without a line in docs/dependencies.md: {missing:?}"
    );
    assert!(
        gone.is_empty(),
        "in docs/dependencies.md, but not used: {gone:?}"
    );
}
