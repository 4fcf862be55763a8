//! Upgrade packages made by somebody who means harm: whole and sealed, but not what they should be.

use std::fs;
use std::path::{Path, PathBuf};

use release::upgrade::{Package, Trust, UpgradeError, UpgradeManifest, apply};
use relup::Direction;
use tar::{Builder, Header};
use tempfile::TempDir;

use crate::world::{host, package, things};

/// The entries of the honest package.
fn entries() -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(package()).unwrap();
    let plain = zstd::decode_all(&bytes[..bytes.len() - 48]).unwrap();
    let mut archive = tar::Archive::new(plain.as_slice());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut data = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut data).unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        (name, data)
    });
    entries.collect()
}

/// A sealed package of any entries.
fn forged(entries: &[(String, Vec<u8>)]) -> (TempDir, PathBuf) {
    let mut tar = Builder::new(Vec::new());
    for (name, data) in entries {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(data.len() as u64);
        tar.append_data(&mut header, name, data.as_slice()).unwrap();
    }
    let plain = tar.into_inner().unwrap();
    let mut bytes = zstd::encode_all(plain.as_slice(), 1).unwrap();
    let digest = blake3::hash(&bytes);
    bytes.extend(0x184D_2A5C_u32.to_le_bytes());
    bytes.extend(40_u32.to_le_bytes());
    bytes.extend(b"cutover1");
    bytes.extend(digest.as_bytes());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("package");
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn with_manifest(edit: impl Fn(String) -> String) -> (TempDir, PathBuf) {
    let mut entries = entries();
    let text = String::from_utf8(entries[0].1.clone()).unwrap();
    let edited = edit(text.clone());
    assert_ne!(edited, text);
    entries[0].1 = edited.into_bytes();
    forged(&entries)
}

/// Refused when it is opened or applied, and the host is as it was.
#[track_caller]
fn check((_dir, path): (TempDir, PathBuf), expected: &str) {
    let host = host("0.1.0");
    let before = things(host.path());
    let error = opened_and_applied(&path, host.path()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(expected), "{expected:?} in: {text}");
    assert!(things(host.path()) == before, "nothing was written");
    let names = fs::read_dir(host.path()).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        !names.any(|name| name.starts_with(".cutover")),
        "nothing is left"
    );
}

fn opened_and_applied(path: &Path, host: &Path) -> Result<(), UpgradeError> {
    let package = Package::open(path, Trust::Anyone)?;
    apply(&package, host, Direction::Up).map(|_| ())
}

#[test]
fn an_honest_copy_is_applied() {
    let (_dir, path) = forged(&entries());
    opened_and_applied(&path, host("0.1.0").path()).unwrap();
}

#[test]
fn paths_that_leave_the_release_or_are_the_hosts_are_refused() {
    let file = "lib/shop-0.2.0/priv/data.txt";
    for (path, expected) in [
        ("../../evil", "holds . or .."),
        ("/etc/evil", "is absolute"),
        ("lib/shop-0.2.0/../../../evil", "holds . or .."),
        ("releases/RELEASES", "none of its concern"),
        ("releases/COOKIE", "none of its concern"),
        ("releases/start_erl.data", "none of its concern"),
        ("releases/9.9.9/evil", "none of its concern"),
        ("releases/0.2.0/relup", "none of its concern"),
        (".cutover-upgrade-x/y", "none of its concern"),
        ("lib/shop-0.1.0/priv/evil", "two contents under one version"),
        ("lib/shop-0.2.0/ebin/shop.app/evil", "which is a file"),
    ] {
        check(with_manifest(|text| text.replacen(file, path, 1)), expected);
    }
}

#[test]
fn names_that_are_no_names_are_refused() {
    check(
        with_manifest(|text| text.replacen("\"vsn\":\"0.2.0\"", "\"vsn\":\"../0.2.0\"", 1)),
        "no name of a directory",
    );
    check(
        with_manifest(|text| text.replacen("\"release\":\"shop\"", "\"release\":\"../shop\"", 1)),
        "no name of a directory",
    );
}

#[test]
fn another_format_is_told() {
    check(
        with_manifest(|text| text.replacen("cutover.upgrade.v1", "cutover.upgrade.v9", 1)),
        "cutover.upgrade.v9",
    );
    check(
        with_manifest(|_| "{}".to_owned()),
        "no manifest of an upgrade",
    );
}

#[test]
fn contents_that_are_not_those_announced_are_refused() {
    let entries = entries();
    let blob = entries
        .iter()
        .position(|(name, _)| name.starts_with("up/"))
        .unwrap();

    let mut missing = entries.clone();
    missing.remove(blob);
    check(forged(&missing), "is missing");

    let mut other = entries.clone();
    other[blob].1 = zstd::encode_all([0; 100].as_slice(), 1).unwrap();
    check(forged(&other), "contradicts itself");

    let mut bomb = entries.clone();
    bomb[blob].1 = zstd::encode_all(vec![0; 200 << 20].as_slice(), 1).unwrap();
    check(forged(&bomb), "contradicts itself");

    let mut relup = entries;
    let at = relup.iter().position(|(name, _)| name == "relup").unwrap();
    relup[at].1 = b"{evil,[],[]}.".to_vec();
    check(forged(&relup), "relup is missing or another one");
}

#[test]
fn a_digest_that_is_not_that_of_the_files_is_refused() {
    let bytes = &entries()[0].1;
    let manifest = UpgradeManifest::parse(bytes).unwrap();
    for (digest, expected) in [
        (manifest.a.digest, "was altered"),
        (manifest.b.digest, "do not make the release"),
    ] {
        let hex = digest.to_hex().to_string();
        let other = "0".repeat(64);
        check(
            with_manifest(|text| text.replacen(&hex, &other, 1)),
            expected,
        );
    }
}

#[test]
fn a_manifest_cut_or_changed_anywhere_is_no_panic() {
    let bytes = entries()[0].1.clone();
    for end in (0..bytes.len()).step_by(211) {
        assert!(UpgradeManifest::parse(&bytes[..end]).is_err());
        let mut changed = bytes.clone();
        changed[end] = changed[end].wrapping_add(1);
        // A digit of a digest may be another digit: that is found when the files are looked at.
        let _either = UpgradeManifest::parse(&changed).is_ok();
    }
    assert_eq!(UpgradeManifest::parse(&bytes).unwrap().to_bytes(), bytes);
}
