//! Packing and unpacking what Mix made, and what happens to an artifact on its way.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use release::manifest::{Content, EntryKind};
use release::unpack::{Origin, UnpackError, read_manifest, remove_leftovers, unpack, verify};

use crate::sample::{LONG_PATH, packed, root};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_unpacked_artifact_is_the_release_read_only() {
    let (workshop, packed) = packed();
    let host = tempfile::tempdir().unwrap();
    let store = host.path().join("store");
    let unpacked = unpack(&packed.path, &workshop.trusted(), &store).unwrap();
    assert_eq!(unpacked.id, packed.id);
    assert_eq!(unpacked.key, workshop.key.id());
    assert_eq!(unpacked.origin, Origin::Unpacked);
    assert_eq!(names(&store), [packed.id.to_string()]);
    assert_eq!(
        names(&unpacked.dir),
        [
            "manifest.json",
            "manifest.json.minisig",
            "release",
            "sbom.cdx.json"
        ]
    );
    let manifest = fs::read(unpacked.dir.join("manifest.json")).unwrap();
    assert_eq!(manifest, packed.manifest.to_bytes());
    for entry in &packed.manifest.entries {
        let (ours, theirs) = (
            root().join(&entry.path),
            unpacked.dir.join("release").join(&entry.path),
        );
        match &entry.kind {
            EntryKind::Symlink { target } => {
                assert_eq!(fs::read_link(theirs).unwrap(), PathBuf::from(target));
            }
            EntryKind::File { executable, .. } => {
                assert_eq!(
                    fs::read(&ours).unwrap(),
                    fs::read(&theirs).unwrap(),
                    "{}",
                    entry.path
                );
                assert_eq!(mode(&theirs), if *executable { 0o555 } else { 0o444 });
            }
        }
    }
    let release = unpacked.dir.join("release");
    let library = release.join("lib/tiny-0.1.0");
    assert_eq!(mode(&library), 0o755);
    assert!(release.join("extra/link.txt").is_symlink());
    assert_eq!(
        fs::read_to_string(library.join(LONG_PATH)).unwrap(),
        "long\n"
    );
    assert_eq!(mode(&library.join("priv/tool.sh")), 0o555);
    assert!(!release.join("releases/COOKIE").exists());
    // It runs.
    let version = sys::process::command(release.join("bin/tiny"))
        .arg("version")
        .env("RELEASE_COOKIE", "any")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(version.stdout).unwrap(), "tiny 0.1.0\n");

    let again = unpack(&packed.path, &workshop.trusted(), &store).unwrap();
    assert_eq!(again.origin, Origin::AlreadyThere);
}

#[test]
fn verifying_tells_who_signed_and_writes_nothing() {
    let (workshop, packed) = packed();
    let verified = verify(&packed.path, &workshop.trusted()).unwrap();
    assert_eq!((verified.id, verified.key), (packed.id, workshop.key.id()));
    assert_eq!(verified.manifest, packed.manifest);
    assert_eq!(read_manifest(&packed.path).unwrap(), packed.manifest);
    assert_eq!(
        names(workshop.store.dir()),
        [format!("{}.cutover", packed.id)]
    );
}

/// What a person does at 3 a.m., with no cutover at hand.
#[test]
fn tar_and_zstd_open_an_artifact() {
    let (_, packed) = packed();
    let dir = tempfile::tempdir().unwrap();
    let status = sys::process::command("tar")
        .args(["--zstd", "-xf"])
        .arg(&packed.path)
        .current_dir(dir.path())
        .status()
        .unwrap();
    assert!(status.success());
    for entry in &packed.manifest.entries {
        let path = dir.path().join("release").join(&entry.path);
        if let EntryKind::File {
            executable,
            content,
        } = &entry.kind
        {
            assert_eq!(Content::of(&fs::read(&path).unwrap()), *content);
            assert_eq!(mode(&path) & 0o100 != 0, *executable);
        }
    }
}

/// Tries to unpack bytes; whatever happens, nothing may be left.
fn refused(bytes: &[u8]) -> UnpackError {
    let (workshop, _) = packed();
    let dir = tempfile::tempdir().unwrap();
    let (path, store) = (dir.path().join("a.cutover"), dir.path().join("store"));
    fs::write(&path, bytes).unwrap();
    let error = unpack(&path, &workshop.trusted(), &store).unwrap_err();
    assert!(
        !store.exists() || names(&store).is_empty(),
        "{:?}",
        names(&store)
    );
    assert!(error.to_string().contains("a.cutover"), "{error}");
    error
}

#[test]
fn an_artifact_cut_at_any_byte_is_cut_short() {
    let (_, packed) = packed();
    let bytes = fs::read(&packed.path).unwrap();
    let last = bytes.len() - 1;
    for end in [
        4,
        5,
        47,
        48,
        49,
        1000,
        last / 3,
        last / 2,
        last - 48,
        last - 47,
        last - 1,
        last,
    ] {
        let error = refused(&bytes[..end]);
        assert!(
            matches!(error, UnpackError::CutShort { .. }),
            "{end}: {error}"
        );
    }
    for end in 0..4 {
        let error = refused(&bytes[..end]);
        assert!(
            matches!(error, UnpackError::NotArtifact { .. }),
            "{end}: {error}"
        );
    }
}

#[test]
fn an_artifact_altered_at_any_byte_is_refused() {
    let (_, packed) = packed();
    let mut bytes = fs::read(&packed.path).unwrap();
    let step = bytes.len() / 40;
    let last = bytes.len() - 1;
    let everywhere = (0..64)
        .chain((64..last).step_by(step))
        .chain(last - 50..=last);
    for at in everywhere {
        bytes[at] ^= 1;
        let error = refused(&bytes);
        let expected = match at {
            0..4 => matches!(error, UnpackError::NotArtifact { .. }),
            // Where the seal no longer reads as one, its file has none.
            at if (last - 47..last - 31).contains(&at) => {
                matches!(error, UnpackError::CutShort { .. })
            }
            _ => matches!(error, UnpackError::Altered { .. }),
        };
        assert!(expected, "{at} of {last}: {error}");
        bytes[at] ^= 1;
    }
    bytes.push(0);
    assert!(matches!(refused(&bytes), UnpackError::CutShort { .. }));
}

#[test]
fn what_is_no_artifact_is_told_so() {
    let zip = refused(b"PK\x03\x04 not ours");
    assert!(
        zip.to_string()
            .contains("not an artifact; `cutover build` makes one"),
        "{zip}"
    );
    let missing = verify(Path::new("/nowhere/a.cutover"), &packed().0.trusted()).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("cannot open /nowhere/a.cutover"),
        "{missing}"
    );
}

/// A file-size limit ends the write as a full disk does: no part stays.
#[test]
fn a_store_that_cannot_take_it_keeps_nothing_of_it() {
    let (workshop, packed) = packed();
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    fs::write(&store, "a file where the directory should be").unwrap();
    assert!(unpack(&packed.path, &workshop.trusted(), &store).is_err());
    assert_eq!(names(dir.path()), ["store"]);
}

#[test]
fn what_a_killed_unpack_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    remove_leftovers(&store).unwrap();
    fs::create_dir_all(store.join(".unpack-abc/release/lib")).unwrap();
    fs::create_dir_all(store.join("kept")).unwrap();
    remove_leftovers(&store).unwrap();
    assert_eq!(names(&store), ["kept"]);
}

/// No absolute path of the machine, and nothing but what the manifest says, is in the plain bytes.
#[test]
fn no_cookie_is_inside() {
    let (_, packed) = packed();
    let cookie = fs::read(root().join("releases/COOKIE")).unwrap();
    let mut plain = Vec::new();
    zstd::Decoder::new(fs::File::open(&packed.path).unwrap())
        .unwrap()
        .read_to_end(&mut plain)
        .unwrap();
    assert!(plain.len() > 1 << 20);
    assert!(!plain.windows(cookie.len()).any(|w| w == cookie));
}
