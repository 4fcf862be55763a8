//! A package that is applied makes the other release, byte for byte.

use std::fs;
use std::path::Path;

use release::TrustedKeys;
use release::upgrade::{Package, Trust, UpgradeError, apply};
use relup::Direction;

use crate::world::{RELUP, assert_bin, assert_holds, host, package, shop, signed, things};

fn open(path: &Path) -> Package {
    Package::open(path, Trust::Anyone).unwrap()
}

#[test]
fn the_newer_release_lies_beside_the_older_one() {
    let host = host("0.1.0");
    let applied = apply(&open(&package()), host.path(), Direction::Up).unwrap();
    assert_eq!(
        (applied.from.as_str(), applied.to.as_str()),
        ("0.1.0", "0.2.0")
    );
    assert_holds(host.path(), "0.1.0");
    assert_holds(host.path(), "0.2.0");
    assert_bin(host.path(), "0.2.0");
    let read = |path: &str| fs::read_to_string(host.path().join(path)).unwrap();
    assert_eq!(read("releases/0.2.0/relup"), RELUP);
    assert_eq!(read("VERSION"), "0.2.0\n");
    assert_eq!(read("extra/new.txt"), "new\n");
    assert!(!host.path().join("gone.txt").exists());
}

#[test]
fn what_is_the_hosts_stays_as_it_is() {
    let host = host("0.1.0");
    fs::write(host.path().join("bin/own"), "the host's").unwrap();
    let start_erl = fs::read(host.path().join("releases/start_erl.data")).unwrap();
    let applied = apply(&open(&package()), host.path(), Direction::Up).unwrap();
    let read = |path: &str| fs::read(host.path().join(path)).unwrap();
    assert_eq!(read("releases/start_erl.data"), start_erl);
    assert_eq!(read("releases/RELEASES"), b"[].\n");
    assert_eq!(read("releases/COOKIE"), b"secret");
    assert_eq!(read("bin/own"), b"the host's");
    assert_eq!(read("log/erlang.log.1"), b"hello\n");
    let library = host.path().join("lib/shop-0.2.0");
    let entry = format!("{{shop,\"0.2.0\",\"{}\"}}", library.display());
    assert!(
        applied.releases_entry.contains(&entry),
        "{}",
        applied.releases_entry
    );
    assert!(applied.releases_entry.ends_with("unpacked}"));
}

#[test]
fn the_other_direction_makes_the_older_release() {
    let host = host("0.2.0");
    apply(&open(&package()), host.path(), Direction::Down).unwrap();
    assert_holds(host.path(), "0.1.0");
    assert_holds(host.path(), "0.2.0");
    assert_bin(host.path(), "0.1.0");
    // The newer release, which runs, finds there how to go back.
    let relup = fs::read_to_string(host.path().join("releases/0.2.0/relup")).unwrap();
    assert_eq!(relup, RELUP);
}

#[test]
fn up_and_back_leaves_the_launchers_of_the_first() {
    let host = host("0.1.0");
    let package = open(&package());
    apply(&package, host.path(), Direction::Up).unwrap();
    let applied = apply(&package, host.path(), Direction::Down).unwrap();
    assert!(applied.files < 20, "libraries are there: {}", applied.files);
    assert_holds(host.path(), "0.1.0");
    assert_bin(host.path(), "0.1.0");
    assert_eq!(
        fs::read_to_string(host.path().join("VERSION")).unwrap(),
        "0.1.0\n"
    );
}

#[test]
fn applied_twice_it_changes_nothing() {
    let host = host("0.1.0");
    let package = open(&package());
    apply(&package, host.path(), Direction::Up).unwrap();
    let before = things(host.path());
    let applied = apply(&package, host.path(), Direction::Up).unwrap();
    assert_eq!(applied.files, 0);
    assert!(things(host.path()) == before);
}

#[test]
fn it_holds_only_what_differs() {
    let whole: u64 = things(&shop("0.2.0"))
        .values()
        .map(|thing| match thing {
            crate::world::Thing::File(bytes, _) => bytes.len() as u64,
            crate::world::Thing::Link(_) => 0,
        })
        .sum();
    let bytes = fs::metadata(package()).unwrap().len();
    assert!(bytes * 200 < whole, "{bytes} of {whole}");
}

#[test]
fn the_same_releases_make_the_same_package() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = crate::world::readings();
    let path = dir.path().join("again");
    release::upgrade::make(&a, &b, RELUP, None, &path).unwrap();
    assert!(fs::read(path).unwrap() == fs::read(package()).unwrap());
}

#[test]
fn a_signature_counts_where_keys_are_pinned() {
    let (dir, key, path) = signed();
    let own = TrustedKeys::of(&key);
    let package = Package::open(&path, Trust::Keys(&own)).unwrap();
    assert_eq!(package.key, Some(key.id()));
    let (_other_dir, other, _) = signed();
    let others = TrustedKeys::of(&other);
    for (path, keys) in [(&path, &others), (&crate::world::package(), &own)] {
        let refused = Package::open(path, Trust::Keys(keys)).unwrap_err();
        assert!(
            matches!(refused, UpgradeError::Signature { .. }),
            "{refused}"
        );
    }
    drop(dir);
}
