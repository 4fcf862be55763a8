//! Keys and signatures, ours and those of the `minisign` tool.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use release::sign::{KeyOrigin, SignatureError};
use release::unpack::{UnpackError, unpack, verify};
use release::{SigningKey, TrustedKeys};

use crate::sample::{Workshop, packed, root, set_mode};

fn minisign(dir: &Path, arguments: &[&str]) -> Output {
    sys::process::command("minisign")
        .args(arguments)
        .current_dir(dir)
        .output()
        .expect("minisign is installed (script/setup)")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn minisign_verifies_what_we_signed() {
    let (workshop, packed) = packed();
    let store = tempfile::tempdir().unwrap();
    let unpacked = unpack(&packed.path, &workshop.trusted(), store.path()).unwrap();
    let key = workshop.dir.path().join("keys/cutover.pub");
    let key = key.to_str().unwrap();
    let good = minisign(&unpacked.dir, &["-V", "-p", key, "-m", "manifest.json"]);
    assert!(good.status.success(), "{}", text(&good));
    let comment = format!("Trusted comment: cutover artifact {}", packed.id);
    assert!(text(&good).contains(&comment), "{}", text(&good));

    let copy = store.path().join("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(
        unpacked.dir.join("manifest.json.minisig"),
        copy.join("manifest.json.minisig"),
    )
    .unwrap();
    fs::write(copy.join("manifest.json"), b"{}").unwrap();
    let bad = minisign(&copy, &["-V", "-p", key, "-m", "manifest.json"]);
    assert!(!bad.status.success());
}

#[test]
fn a_key_that_minisign_made_signs_here() {
    let workshop = Workshop::new();
    let keys = workshop.dir.path().join("made");
    fs::create_dir(&keys).unwrap();
    let made = minisign(
        &keys,
        &["-G", "-W", "-p", "cutover.pub", "-s", "cutover.key"],
    );
    assert!(made.status.success(), "{}", text(&made));
    let (key, origin) = SigningKey::load_or_create(&keys).unwrap();
    assert_eq!(origin, KeyOrigin::Loaded);
    let workshop = Workshop { key, ..workshop };
    let packed = workshop.pack(&root());
    let trusted = TrustedKeys::load(&keys).unwrap();
    assert_eq!(trusted.ids(), [workshop.key.id()]);
    verify(&packed.path, &trusted).unwrap();
}

#[test]
fn the_key_is_made_once_and_kept_secret() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let (first, origin) = SigningKey::load_or_create(&keys).unwrap();
    assert_eq!(origin, KeyOrigin::Created);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&keys), 0o700);
    assert_eq!(mode(&keys.join("cutover.key")), 0o600);
    fs::remove_file(keys.join("cutover.pub")).unwrap();
    let (second, origin) = SigningKey::load_or_create(&keys).unwrap();
    assert_eq!((first.id(), origin), (second.id(), KeyOrigin::Loaded));
    assert_eq!(
        fs::read(keys.join("cutover.pub")).unwrap(),
        second.public_file().unwrap()
    );
    let secret = fs::read_to_string(keys.join("cutover.key")).unwrap();
    assert!(!secret.contains(&format!("{first:?}")));

    set_mode(&keys.join("cutover.key"), 0o644);
    let message = SigningKey::load_or_create(&keys).unwrap_err().to_string();
    assert!(
        message.contains("others can read this secret key (mode 0644)"),
        "{message}"
    );
    set_mode(&keys.join("cutover.key"), 0o600);
    for broken in [
        "",
        "untrusted comment: x\n",
        "untrusted comment: x\nAAAA\n",
        "\u{0}\n\u{0}\n",
    ] {
        fs::write(keys.join("cutover.key"), broken).unwrap();
        let message = SigningKey::load_or_create(&keys).unwrap_err().to_string();
        assert!(
            message.contains("not an unencrypted minisign secret key"),
            "{message}"
        );
    }
}

fn signature_error(trusted: &TrustedKeys, path: &Path) -> SignatureError {
    match verify(path, trusted).unwrap_err() {
        UnpackError::Signature { source, .. } => source,
        other => panic!("{other}"),
    }
}

#[test]
fn only_a_trusted_key_counts() {
    let (workshop, packed) = packed();
    let dir = tempfile::tempdir().unwrap();
    let nobody = TrustedKeys::load(&dir.path().join("trusted")).unwrap();
    assert!(nobody.is_empty());
    let error = signature_error(&nobody, &packed.path);
    let key = workshop.key.id();
    assert!(
        matches!(&error, SignatureError::UnknownKey { key: k, .. } if *k == key),
        "{error}"
    );
    assert!(
        error.to_string().contains(&key) && error.to_string().contains("trusted"),
        "{error}"
    );

    let (stranger, _) = SigningKey::load_or_create(&dir.path().join("stranger")).unwrap();
    let error = signature_error(&TrustedKeys::of(&stranger), &packed.path);
    assert!(
        matches!(error, SignatureError::UnknownKey { .. }),
        "{error}"
    );

    let trusted = dir.path().join("trusted");
    fs::create_dir(&trusted).unwrap();
    for (name, key) in [("a.pub", &stranger), ("b.pub", &workshop.key)] {
        fs::write(trusted.join(name), key.public_file().unwrap()).unwrap();
    }
    fs::write(trusted.join("notes.txt"), "not a key").unwrap();
    assert_eq!(
        verify(&packed.path, &TrustedKeys::load(&trusted).unwrap())
            .unwrap()
            .key,
        key
    );
    fs::write(trusted.join("c.pub"), "not a key").unwrap();
    let message = TrustedKeys::load(&trusted).unwrap_err().to_string();
    assert!(
        message.contains("c.pub: not a minisign public key"),
        "{message}"
    );
}

#[test]
fn a_signature_altered_anywhere_does_not_count() {
    let (workshop, packed) = packed();
    let store = tempfile::tempdir().unwrap();
    let unpacked = unpack(&packed.path, &workshop.trusted(), store.path()).unwrap();
    let manifest = fs::read(unpacked.dir.join("manifest.json")).unwrap();
    let signature = fs::read(unpacked.dir.join("manifest.json.minisig")).unwrap();
    let trusted = workshop.trusted();
    trusted.verify(&manifest, &signature).unwrap();
    let untrusted_comment = signature.iter().position(|&b| b == b'\n').unwrap();
    for at in untrusted_comment + 1..signature.len() - 1 {
        let mut altered = signature.clone();
        altered[at] ^= 2;
        assert!(trusted.verify(&manifest, &altered).is_err(), "byte {at}");
    }
    for end in 0..signature.len() - 1 {
        assert!(
            trusted.verify(&manifest, &signature[..end]).is_err(),
            "cut at {end}"
        );
    }
    let mut other = manifest.clone();
    other[10] ^= 1;
    let error = trusted.verify(&other, &signature).unwrap_err();
    assert!(matches!(error, SignatureError::Wrong { .. }), "{error}");
}
