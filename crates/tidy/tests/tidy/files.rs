//! Files stay small, and no test file is forgotten.

use std::fs;

/// Past this many lines, look for the second concept.
const LINES_MAX: usize = 500;

#[test]
fn no_source_file_outgrows_its_concept() {
    let long: Vec<String> = super::files_ending(&[".rs"])
        .into_iter()
        .filter_map(|path| {
            let lines = fs::read_to_string(super::root().join(&path))
                .ok()?
                .lines()
                .count();
            (lines > LINES_MAX).then(|| format!("{} has {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "over {LINES_MAX} lines: {long:#?}");
}

#[test]
fn no_file_is_named_for_nothing() {
    let vague = ["util", "utils", "helpers", "common", "misc"];
    let wrong: Vec<_> = super::files_ending(&[".rs"])
        .into_iter()
        .filter(|p| {
            p.components().any(|c| {
                vague
                    .iter()
                    .any(|v| c.as_os_str() == *v || c.as_os_str() == format!("{v}.rs").as_str())
            })
        })
        .collect();
    assert!(wrong.is_empty(), "name the concept: {wrong:#?}");
}

#[test]
fn every_source_file_is_part_of_its_crate() {
    for path in super::files_ending(&[".rs"]) {
        let inside = path
            .components()
            .any(|c| c.as_os_str() == "src" || c.as_os_str() == "tests");
        let stem = path
            .file_stem()
            .and_then(|s| s.to_str())
            .expect("a file name");
        if !inside
            || matches!(stem, "lib" | "main" | "mod")
            || path.components().any(|c| c.as_os_str() == "bin")
        {
            continue;
        }
        let parent = path.parent().expect("a source file lies in a folder");
        if parent.file_name().is_some_and(|n| n == "tests") {
            continue; // a test target of its own
        }
        let owners = [
            parent.join("mod.rs"),
            parent.join("lib.rs"),
            parent.join("main.rs"),
            parent.with_extension("rs"),
        ];
        let declared = owners.iter().any(|owner| {
            fs::read_to_string(super::root().join(owner))
                .is_ok_and(|text| text.contains(&format!("mod {stem};")))
        });
        assert!(declared, "{}: no `mod {stem};` names it", path.display());
    }
}

#[test]
fn nothing_names_a_developers_machine() {
    // Whichever machine this is, the path of its checkout is its own.
    let here = super::root().display().to_string();
    for path in super::files_ending(&[".rs", ".md", ".toml", ".sh", ".exs", ".ex"]) {
        if path.ends_with("crates/tidy/tests/tidy/files.rs") {
            continue;
        }
        let text = fs::read_to_string(super::root().join(&path)).unwrap_or_default();
        for forbidden in ["/Users/", here.as_str()] {
            assert!(
                !text.contains(forbidden),
                "{}: names `{forbidden}`",
                path.display()
            );
        }
    }
}
