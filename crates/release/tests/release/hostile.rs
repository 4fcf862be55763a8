//! Artifacts made by somebody who means harm: whole and sealed, some even signed by a trusted key.

use std::fs;
use std::io::Write;
use std::path::Path;

use minisign::KeyPair;
use release::TrustedKeys;
use release::manifest::{
    Application, Content, Entry, EntryKind, EntryPath, MANIFEST_BYTES_MAX, Manifest,
};
use release::unpack::{UnpackError, unpack};
use tar::{Builder, EntryType, Header};

/// A key that the host trusts.
struct Signer {
    pair: KeyPair,
    trusted: TrustedKeys,
}

fn signer() -> Signer {
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let file = tempfile::Builder::new().suffix(".pub").tempfile().unwrap();
    fs::write(file.path(), pair.pk.to_box().unwrap().to_bytes()).unwrap();
    let trusted = TrustedKeys::load_one(file.path()).unwrap();
    Signer { pair, trusted }
}

impl Signer {
    fn sign(&self, manifest: &[u8]) -> Vec<u8> {
        minisign::sign(None, &self.pair.sk, manifest, None, None)
            .unwrap()
            .to_bytes()
    }
}

fn manifest(files: &[(&str, &[u8])]) -> Manifest {
    Manifest {
        release: "evil".to_owned(),
        vsn: "1".to_owned(),
        erts: "13.1.5".to_owned(),
        otp: "25".to_owned(),
        elixir: None,
        target: "x86_64-linux-gnu".to_owned(),
        applications: vec![Application {
            name: "evil".to_owned(),
            vsn: "1".to_owned(),
            modules: Vec::new(),
        }],
        consolidated: Vec::new(),
        entries: files
            .iter()
            .map(|(path, bytes)| Entry {
                path: EntryPath::new(*path).unwrap(),
                kind: EntryKind::File {
                    executable: false,
                    content: Content::of(bytes),
                },
            })
            .collect(),
        sbom: Content::of(b"{}"),
    }
}

/// A tar being made without any care.
struct Tar(Builder<Vec<u8>>);

impl Tar {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    /// Writes the name as it is, which the tar crate would refuse to.
    fn raw(mut self, kind: EntryType, name: &str, link: &str, bytes: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        let gnu = header.as_gnu_mut().unwrap();
        gnu.name[..name.len()].copy_from_slice(name.as_bytes());
        gnu.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.0.append(&header, bytes).unwrap();
        self
    }

    fn file(self, name: &str, bytes: &[u8]) -> Self {
        self.raw(EntryType::Regular, name, "", bytes)
    }

    /// Manifest, its signature, and the SBOM that it names.
    fn head(manifest: &[u8], signer: &Signer) -> Self {
        Self::new()
            .file("manifest.json", manifest)
            .file("manifest.json.minisig", &signer.sign(manifest))
            .file("sbom.cdx.json", b"{}")
    }

    fn bytes(self) -> Vec<u8> {
        sealed(&self.0.into_inner().unwrap())
    }
}

/// Compresses and seals as cutover does: the form is documented, anybody can.
fn sealed(tar: &[u8]) -> Vec<u8> {
    let mut file = zstd::encode_all(tar, 1).unwrap();
    let digest = blake3::hash(&file);
    file.write_all(&0x184D_2A5C_u32.to_le_bytes()).unwrap();
    file.write_all(&40_u32.to_le_bytes()).unwrap();
    file.write_all(b"cutover1").unwrap();
    file.write_all(digest.as_bytes()).unwrap();
    file
}

/// Unpacks bytes on a host; the error comes back, and nothing may be there, inside or outside the store.
#[track_caller]
fn refused(bytes: &[u8], signer: &Signer) -> UnpackError {
    let host = tempfile::tempdir().unwrap();
    let path = host.path().join("a.cutover");
    fs::write(&path, bytes).unwrap();
    let store = host.path().join("home/store");
    let error = unpack(&path, &signer.trusted, &store).unwrap_err();
    let left = |dir: &Path| fs::read_dir(dir).map_or(0, Iterator::count);
    assert_eq!(left(&store), 0, "{error}");
    assert!(left(&host.path().join("home")) <= 1, "{error}");
    assert_eq!(
        left(host.path()) - left(&host.path().join("home")),
        1,
        "{error}"
    );
    error
}

#[track_caller]
fn contradiction(bytes: &[u8], signer: &Signer, expected: &str) {
    match refused(bytes, signer) {
        UnpackError::Contradiction { reason, .. } => {
            assert!(reason.contains(expected), "{reason}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn an_honest_one_made_by_hand_is_accepted() {
    let signer = signer();
    let manifest = manifest(&[("bin/x", b"x"), ("lib/y", b"yy")]).to_bytes();
    let bytes = Tar::head(&manifest, &signer)
        .file("release/bin/x", b"x")
        .file("release/lib/y", b"yy")
        .bytes();
    let host = tempfile::tempdir().unwrap();
    let path = host.path().join("a.cutover");
    fs::write(&path, bytes).unwrap();
    let unpacked = unpack(&path, &signer.trusted, &host.path().join("store")).unwrap();
    assert_eq!(fs::read(unpacked.dir.join("release/lib/y")).unwrap(), b"yy");
}

#[test]
fn entries_that_the_manifest_does_not_name_are_refused() {
    let signer = signer();
    let manifest = manifest(&[("bin/x", b"x"), ("lib/y", b"yy")]).to_bytes();
    let head = || Tar::head(&manifest, &signer);
    let both = || {
        head()
            .file("release/bin/x", b"x")
            .file("release/lib/y", b"yy")
    };
    let outside = [
        "release/../../../escape",
        "/tmp/cutover-escape",
        "release//etc",
        "escape",
        "release/lib/z",
    ];
    for name in outside {
        contradiction(
            &both().file(name, b"e").bytes(),
            &signer,
            "is not in the manifest",
        );
        let instead = head().file("release/bin/x", b"x").file(name, b"yy").bytes();
        contradiction(&instead, &signer, "is where release/lib/y should be");
    }
    contradiction(
        &both().file("release/lib/y", b"yy").bytes(),
        &signer,
        "or twice",
    );
    let twice = head()
        .file("release/bin/x", b"x")
        .file("release/bin/x", b"x");
    contradiction(&twice.bytes(), &signer, "is where release/lib/y should be");
    contradiction(
        &head().file("release/bin/x", b"x").bytes(),
        &signer,
        "lib/y is missing",
    );
    contradiction(&head().bytes(), &signer, "bin/x is missing");
}

#[test]
fn an_entry_of_another_content_kind_or_size_is_refused() {
    let signer = signer();
    let manifest = manifest(&[("x", b"xxxx")]).to_bytes();
    let head = || Tar::head(&manifest, &signer);
    contradiction(
        &head().file("release/x", b"xxxy").bytes(),
        &signer,
        "another digest",
    );
    for bytes in [&b""[..], b"xxx", b"xxxxx"] {
        contradiction(
            &head().file("release/x", bytes).bytes(),
            &signer,
            "not a file of 4 bytes",
        );
    }
    for kind in [EntryType::Symlink, EntryType::Link] {
        let link = head().raw(kind, "release/x", "/etc/passwd", b"");
        contradiction(&link.bytes(), &signer, "not a file of 4 bytes");
    }
    let fifo = head().raw(EntryType::Fifo, "release/x", "", b"");
    contradiction(&fifo.bytes(), &signer, "not a file of 4 bytes");
}

#[test]
fn a_head_out_of_order_is_refused() {
    let signer = signer();
    let manifest = manifest(&[]).to_bytes();
    let signature = signer.sign(&manifest);
    let unsigned = Tar::new()
        .file("manifest.json", &manifest)
        .file("sbom.cdx.json", b"{}");
    let message = refused(&unsigned.bytes(), &signer).to_string();
    assert!(message.contains("it is not signed"), "{message}");
    let empty = Tar::new()
        .file("manifest.json", &manifest)
        .file("manifest.json.minisig", b"");
    let message = refused(&empty.bytes(), &signer).to_string();
    assert!(message.contains("it is not signed"), "{message}");
    contradiction(
        &Tar::new().bytes(),
        &signer,
        "does not start with a manifest",
    );
    contradiction(
        &Tar::new().file("x", b"").bytes(),
        &signer,
        "does not start with a manifest",
    );
    let no_sbom = Tar::new()
        .file("manifest.json", &manifest)
        .file("manifest.json.minisig", &signature);
    contradiction(&no_sbom.bytes(), &signer, "SBOM is missing");
    let other_sbom = Tar::new()
        .file("manifest.json", &manifest)
        .file("manifest.json.minisig", &signature)
        .file("sbom.cdx.json", b"[]");
    contradiction(
        &other_sbom.bytes(),
        &signer,
        "SBOM is missing or another one",
    );
}

/// A manifest that is signed, and still leads outside.
#[test]
fn a_signed_manifest_with_a_path_that_escapes_is_refused() {
    let signer = signer();
    let good = String::from_utf8(manifest(&[("aa", b"x")]).to_bytes()).unwrap();
    for (from, to) in [
        ("\"aa\"", "\"../aa\""),
        ("\"aa\"", "\"/aa\""),
        ("\"aa\"", "\"a/./a\""),
        ("\"0644\"", "\"4755\""),
        ("\"release\":\"evil\"", "\"release\":\"evil\",\"extra\":1"),
        ("cutover.manifest.v1", "cutover.manifest.v9"),
        ("{\"format\"", "{ \"format\""),
    ] {
        assert!(good.contains(from), "{good}");
        let manifest = good.replacen(from, to, 1);
        let bytes = Tar::head(manifest.as_bytes(), &signer).bytes();
        let error = refused(&bytes, &signer);
        assert!(
            matches!(error, UnpackError::Manifest { .. }),
            "{to}: {error}"
        );
    }
    let through_link = good.replacen(
        "\"entries\":[",
        "\"entries\":[{\"path\":\"a\",\"symlink\":\"b\"},{\"path\":\"a/b\",\"symlink\":\"c\"},",
        1,
    );
    let bytes = Tar::head(through_link.as_bytes(), &signer).bytes();
    let message = refused(&bytes, &signer).to_string();
    assert!(message.contains("lies below"), "{message}");
}

#[test]
fn a_bomb_ends_where_its_manifest_says() {
    let signer = signer();
    let zeros = vec![0; 8 << 20];
    let manifest = manifest(&[("x", b"x")]).to_bytes();
    // Behind the end of the tar.
    let mut tar = Tar::head(&manifest, &signer)
        .file("release/x", b"x")
        .0
        .into_inner()
        .unwrap();
    tar.extend_from_slice(&zeros);
    contradiction(&sealed(&tar), &signer, "unpacks to more than it announces");
    tar.truncate(tar.len() - zeros.len());
    tar.push(1);
    contradiction(&sealed(&tar), &signer, "something follows its end");
    // As an endless name of a file.
    let name =
        Tar::head(&manifest, &signer).raw(EntryType::GNULongName, "././@LongLink", "", &zeros);
    contradiction(&name.bytes(), &signer, "unpacks to more than it announces");
    // As a manifest.
    let mut header = Header::new_gnu();
    header.set_path("manifest.json").unwrap();
    header.set_size(MANIFEST_BYTES_MAX + 1);
    header.set_cksum();
    contradiction(
        &sealed(header.as_bytes()),
        &signer,
        "manifest.json is larger than",
    );
}

#[test]
fn what_decodes_to_nonsense_is_refused() {
    let signer = signer();
    contradiction(&sealed(b""), &signer, "does not start with a manifest");
    contradiction(&sealed(&[7; 4096]), &signer, "cannot be decoded");
    let manifest = manifest(&[("x", b"x")]).to_bytes();
    let tar = Tar::head(&manifest, &signer)
        .file("release/x", b"x")
        .0
        .into_inner()
        .unwrap();
    // Cut inside, then compressed and sealed.
    for end in [100, 600, tar.len() - 1500] {
        refused(&sealed(&tar[..end]), &signer);
    }
}
