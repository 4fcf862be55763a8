//! Archives made by somebody who means harm, or cut on their way.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use release::pair::{PairError, Source, read};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use crate::world::shop;

fn header(kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header
}

/// A tar with an entry of any name, as no honest tool writes it.
fn tar_with(name: &[u8], kind: EntryType, link: &[u8], data: &[u8]) -> (TempDir, PathBuf) {
    let mut header = header(kind, data.len() as u64);
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
    header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link);
    header.set_cksum();
    let mut tar = Builder::new(Vec::new());
    tar.append(&header, data).unwrap();
    gz(&tar.into_inner().unwrap())
}

fn gz(plain: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.tar.gz");
    let mut gz = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    gz.write_all(plain).unwrap();
    gz.finish().unwrap();
    (dir, path)
}

#[track_caller]
fn check((_dir, path): (TempDir, PathBuf), expected: &str) {
    let error = read(&Source::open(&path, None).unwrap(), &[]).unwrap_err();
    assert!(matches!(error, PairError::Archive { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(expected), "{expected:?} in: {text}");
}

#[test]
fn paths_that_leave_the_release_are_refused() {
    let file = EntryType::Regular;
    check(tar_with(b"../evil", file, b"", b"x"), "holds . or ..");
    check(tar_with(b"/etc/evil", file, b"", b"x"), "is absolute");
    check(
        tar_with(b"lib/../../evil", file, b"", b"x"),
        "holds . or ..",
    );
    let link = EntryType::Symlink;
    check(tar_with(b"lib/x", link, b"/etc/passwd", b""), "absolute");
    check(
        tar_with(b"lib/x", link, b"../../x", b""),
        "leaves the release",
    );
    check(
        tar_with(b"lib/x", EntryType::Link, b"lib/y", b""),
        "which is not there",
    );
    check(tar_with(b"lib/x", EntryType::Char, b"", b""), "device");
}

#[test]
fn a_file_that_comes_twice_is_refused() {
    let mut tar = Builder::new(Vec::new());
    for text in ["one", "two"] {
        let mut header = header(EntryType::Regular, 3);
        tar.append_data(&mut header, "bin/x", text.as_bytes())
            .unwrap();
    }
    check(gz(&tar.into_inner().unwrap()), "bin/x is there twice");
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    const BOMB_BYTES: u64 = 1 << 30;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.tar.gz");
    let gz = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    let mut tar = Builder::new(gz);
    let mut header = header(EntryType::Regular, BOMB_BYTES);
    let zeros = std::io::Read::take(std::io::repeat(0), BOMB_BYTES);
    tar.append_data(&mut header, "lib/x-1/priv/zeros", zeros)
        .unwrap();
    tar.into_inner().unwrap().finish().unwrap();
    check((dir, path), "far more than a release does");
}

#[test]
fn a_text_that_is_too_large_is_refused() {
    let text = vec![b' '; 5 << 20];
    let mut tar = Builder::new(Vec::new());
    let mut header = header(EntryType::Regular, text.len() as u64);
    tar.append_data(&mut header, "lib/x-1/ebin/x.app", text.as_slice())
        .unwrap();
    check(gz(&tar.into_inner().unwrap()), "larger than");
}

#[test]
fn a_tar_that_is_cut_short_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.tar.gz");
    let status = sys::process::command("tar")
        .arg("-czf")
        .arg(&whole)
        .arg("-C")
        .arg(shop("0.1.0"))
        .arg(".")
        .status();
    assert!(status.unwrap().success());
    let bytes = fs::read(&whole).unwrap();
    let cut = dir.path().join("cut.tar.gz");
    for end in [20, 1000, bytes.len() / 2, bytes.len() - 5] {
        fs::write(&cut, &bytes[..end]).unwrap();
        let error = read(&Source::open(&cut, None).unwrap(), &[]).unwrap_err();
        assert!(matches!(error, PairError::Archive { .. }), "{end}: {error}");
    }
}
