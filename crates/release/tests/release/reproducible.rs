//! The same inputs give the same artifact.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use release::pack::{Compression, Origin, pack};
use release::sbom::Sources;

use crate::sample::{Workshop, checked, copy, first_root, packed, root, set_mode};

/// Two builds from clean, each with its own cookie.
#[test]
fn two_builds_from_clean_give_the_same_id() {
    let cookie = |root: &Path| fs::read_to_string(root.join("releases/COOKIE")).unwrap();
    assert_ne!(cookie(&root()), cookie(&first_root()));
    let (_, second) = packed();
    let first = Workshop::new().pack(&first_root());
    assert_eq!(first.manifest, second.manifest);
    assert_eq!(first.id, second.id);
    let listed = second
        .manifest
        .entries
        .iter()
        .any(|e| e.path.as_str().contains("COOKIE"));
    assert!(!listed);
}

#[test]
fn what_a_run_or_an_older_build_left_does_not_count() {
    let (_, first) = packed();
    let copy = copy();
    let at = |path: &str| copy.path().join(path);
    fs::create_dir_all(at("tmp/log")).unwrap();
    fs::write(at("tmp/log/erlang.log.1"), "noise").unwrap();
    fs::write(at("releases/RELEASES"), "[].").unwrap();
    fs::create_dir_all(at("lib/tiny-0.0.9/ebin")).unwrap();
    fs::write(at("lib/tiny-0.0.9/ebin/tiny.app"), "{application,tiny,[]}.").unwrap();
    fs::create_dir_all(at("releases/0.0.9")).unwrap();
    fs::write(at("releases/0.0.9/tiny.rel"), "old").unwrap();
    set_mode(&at("releases/0.1.0/vm.args"), 0o600);
    set_mode(&at("bin/tiny"), 0o700);
    let workshop = Workshop::new();
    assert_eq!(workshop.pack(copy.path()).id, first.id);
}

#[test]
fn level_and_threads_leave_the_id_and_threads_the_bytes() {
    let release = checked(&root());
    let workshop = Workshop::new();
    let build = |level, threads| {
        let compression = Compression { level, threads };
        let store =
            release::Store::open(workshop.dir.path().join(format!("{level}-{threads}"))).unwrap();
        pack(
            &release,
            &workshop.key,
            &store,
            &Sources::default(),
            compression,
            &mut |_| (),
        )
        .unwrap()
    };
    let packed: Vec<_> = [(1, 1), (1, 2), (1, 4), (3, 2)]
        .into_iter()
        .map(|(level, threads)| build(level, threads))
        .collect();
    assert!(packed.iter().all(|p| p.id == packed[0].id));
    // The signature is salted, so a few bytes at the head differ; the rest is the same blocks.
    let sizes: Vec<_> = packed.iter().map(|p| p.bytes).collect();
    assert!(sizes[0].abs_diff(sizes[1]) < 64, "{sizes:?}");
    assert!(sizes[0].abs_diff(sizes[2]) < 64, "{sizes:?}");
    assert!(sizes[3] < sizes[0], "{sizes:?}");
}

#[test]
fn packing_again_with_the_same_key_keeps_what_is_there() {
    let workshop = Workshop::new();
    let first = workshop.pack(&root());
    let bytes = fs::read(&first.path).unwrap();
    let second = workshop.pack(&root());
    assert_eq!(
        (first.origin, second.origin),
        (Origin::Made, Origin::AlreadyThere)
    );
    assert_eq!(fs::read(&second.path).unwrap(), bytes);
    // A damaged one is replaced.
    fs::write(&first.path, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(workshop.pack(&root()).origin, Origin::Made);
    let mode = fs::metadata(&first.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let names: Vec<_> = fs::read_dir(workshop.store.dir()).unwrap().collect();
    assert_eq!(names.len(), 1);
}
