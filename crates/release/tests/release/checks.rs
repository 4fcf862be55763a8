//! A release broken in one way is refused with the file and the remedy.

use std::fs;
use std::path::Path;

use release::check::check;
use release::{ReleaseTree, tree::TreeError};

use crate::sample::{checked, copy, root, set_mode};

#[test]
fn a_release_as_mix_makes_it_is_sound() {
    let release = checked(&root());
    let tree = release.tree();
    assert_eq!(tree.rel.name, "tiny");
    assert!(tree.library("tiny", "0.1.0").is_some());
    assert!(
        tree.consolidated
            .as_ref()
            .unwrap()
            .iter()
            .any(|m| m.name == "Elixir.Tiny.Shape")
    );
    assert!(tree.file("releases/COOKIE").is_none());
}

fn remove(root: &Path, path: &str) {
    let path = root.join(path);
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}

fn replace(root: &Path, path: &str, from: &str, to: &str) {
    let path = root.join(path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{path:?}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn write(root: &Path, path: &str, text: &[u8]) {
    fs::write(root.join(path), text).unwrap();
}

/// Breaks a copy and expects exactly these problems, each as `path: what`.
#[track_caller]
fn expect(break_it: impl FnOnce(&Path), expected: &[&str]) {
    let copy = copy();
    break_it(copy.path());
    let unsound = check(ReleaseTree::read(copy.path()).unwrap()).unwrap_err();
    let found: Vec<String> = unsound
        .problems
        .iter()
        .map(|p| {
            assert!(!p.remedy.is_empty());
            format!("{}: {}", p.path, p.what)
        })
        .collect();
    assert_eq!(found, expected);
    let message = unsound.to_string();
    assert!(message.contains(expected[0]), "{message}");
}

#[test]
fn versions_that_disagree_are_found() {
    expect(
        |r| replace(r, "lib/tiny-0.1.0/ebin/tiny.app", "\"0.1.0\"", "\"0.0.9\""),
        &["lib/tiny-0.1.0/ebin/tiny.app: says version 0.0.9, and the .rel file 0.1.0"],
    );
    expect(
        |r| fs::rename(r.join("lib/tiny-0.1.0"), r.join("lib/tiny-0.2.0")).unwrap(),
        &["lib/tiny-0.1.0: the .rel file wants version 0.1.0, and lib/tiny-0.2.0 is there"],
    );
    let rel = ReleaseTree::read(&root()).unwrap().rel;
    let sasl = rel
        .applications
        .iter()
        .find(|app| app.name == "sasl")
        .unwrap();
    let sasl = format!("lib/sasl-{}", sasl.vsn);
    expect(
        |r| remove(r, &sasl),
        &[&format!(
            "{sasl}: the .rel file wants it, and it is missing"
        )],
    );
    expect(
        |r| {
            replace(
                r,
                "releases/0.1.0/tiny.rel",
                "{\"tiny\",\"0.1.0\"}",
                "{\"tiny\",\"0.1.1\"}",
            )
        },
        &["releases/start_erl.data: names version 0.1.0, and the .rel file there 0.1.1"],
    );
    let erts = rel.erts;
    expect(
        |r| write(r, "releases/start_erl.data", b"9.0 0.1.0"),
        &[&format!(
            "releases/start_erl.data: names ERTS 9.0, and the .rel file {erts}"
        )],
    );
}

#[test]
fn modules_that_are_missing_or_wrong_are_found() {
    let ebin = "lib/tiny-0.1.0/ebin";
    expect(
        |r| remove(r, &format!("{ebin}/Elixir.Tiny.Square.beam")),
        &[
            "lib/tiny-0.1.0/ebin/Elixir.Tiny.Square.beam: tiny.app names this module, and it is missing",
        ],
    );
    expect(
        |r| {
            let square = r.join(format!("{ebin}/Elixir.Tiny.Square.beam"));
            fs::copy(
                square,
                r.join(format!("{ebin}/Elixir.Tiny.Application.beam")),
            )
            .unwrap();
        },
        &["lib/tiny-0.1.0/ebin/Elixir.Tiny.Application.beam: holds the module Elixir.Tiny.Square"],
    );
    expect(
        |r| write(r, &format!("{ebin}/Elixir.Tiny.Square.beam"), b"FOR1"),
        &["lib/tiny-0.1.0/ebin/Elixir.Tiny.Square.beam: not a BEAM file"],
    );
    expect(
        |r| write(r, &format!("{ebin}/tiny.app"), b"{application,tiny,"),
        &[
            "lib/tiny-0.1.0/ebin/tiny.app: lib/tiny-0.1.0/ebin/tiny.app: line 1: expected a term, found the end of the file",
        ],
    );
    expect(
        |r| write(r, "releases/0.1.0/consolidated/Elixir.Tiny.Shape.beam", b""),
        &["releases/0.1.0/consolidated/Elixir.Tiny.Shape.beam: not a BEAM file"],
    );
    expect(
        |r| remove(r, "releases/0.1.0/consolidated"),
        &[
            "releases/0.1.0/consolidated: start.boot loads consolidated protocols from it, and it is not there",
        ],
    );
}

#[test]
fn what_the_launcher_needs_is_looked_for() {
    for (path, what) in [
        ("bin/tiny", "is missing"),
        ("releases/0.1.0/start.boot", "is missing"),
        ("releases/0.1.0/start_clean.boot", "is missing"),
        ("releases/0.1.0/env.sh", "is missing"),
        ("releases/0.1.0/vm.args", "is missing"),
        ("releases/0.1.0/sys.config", "is missing"),
        ("releases/0.1.0/elixir", "is missing"),
    ] {
        expect(|r| remove(r, path), &[&format!("{path}: {what}")]);
    }
    expect(
        |r| set_mode(&r.join("bin/tiny"), 0o644),
        &["bin/tiny: is not executable"],
    );
    expect(
        |r| write(r, "releases/0.1.0/start.boot", b""),
        &["releases/0.1.0/start.boot: is empty"],
    );
    expect(
        |r| write(r, "releases/0.1.0/sys.config", b"[{kernel, [}]."),
        &["releases/0.1.0/sys.config: is not an Erlang term: line 1: expected a term, found `}`"],
    );
    expect(
        |r| {
            write(
                r,
                "releases/0.1.0/vm.args",
                b"## -name x\n+P 100000\n-setcookie secret\n",
            )
        },
        &["releases/0.1.0/vm.args:3: sets -setcookie, which every instance is given at its start"],
    );
    let erts = format!("erts-{}", ReleaseTree::read(&root()).unwrap().rel.erts);
    expect(
        |r| remove(r, &erts),
        &[&format!("{erts}: the Erlang runtime is not in the release")],
    );
    expect(
        |r| remove(r, &format!("{erts}/bin/beam.smp")),
        &[&format!("{erts}/bin/beam.smp: is missing")],
    );
}

#[test]
fn a_directory_that_is_no_release_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let message = |root: &Path| ReleaseTree::read(root).unwrap_err().to_string();
    assert!(message(dir.path()).contains("not an assembled release"));
    assert!(message(dir.path()).contains("_build/prod/rel/NAME"));
    assert!(message(&dir.path().join("nowhere")).contains("start_erl.data"));
    let copy = copy();
    write(copy.path(), "releases/start_erl.data", b"13.1.5");
    assert!(message(copy.path()).contains("two words"));
    remove(copy.path(), "releases/0.1.0/tiny.rel");
    write(copy.path(), "releases/start_erl.data", b"13.1.5 0.1.0");
    assert!(message(copy.path()).contains("holds 0 .rel files"));
}

#[test]
fn what_no_artifact_may_hold_is_refused() {
    let refused = |break_it: &dyn Fn(&Path)| {
        let copy = copy();
        break_it(copy.path());
        match ReleaseTree::read(copy.path()) {
            Err(TreeError::Refused { path, reason }) => format!("{}: {reason}", path.display()),
            other => panic!("{other:?}"),
        }
    };
    let link = |target: &'static str| {
        refused(&move |r| std::os::unix::fs::symlink(target, r.join("lib/escape")).unwrap())
    };
    assert!(link("/etc/passwd").contains("lib/escape: is a link to an absolute path"));
    assert!(link("../../x").contains("leaves the release"));
    let socket = refused(&|r| {
        std::os::unix::net::UnixListener::bind(r.join("s")).unwrap();
    });
    assert!(
        socket.contains("/s: is a device, socket or pipe"),
        "{socket}"
    );
}
