//! What must be true of the repository itself.

mod dependencies;
mod files;
mod layers;
mod links;

use std::path::{Path, PathBuf};

/// Returns the repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("crates/tidy lies two levels below the root")
        .to_owned()
}

/// Returns the files that git knows of, or would, whose names end in one of `endings`, relative to the root.
fn files_ending(endings: &[&str]) -> Vec<PathBuf> {
    let output = sys::process::command("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git ls-files failed");
    String::from_utf8(output.stdout)
        .expect("file names are UTF-8")
        .lines()
        .filter(|name| endings.iter().any(|ending| name.ends_with(ending)))
        .map(PathBuf::from)
        .filter(|name| root().join(name).is_file())
        .collect()
}
