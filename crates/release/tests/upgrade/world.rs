//! The example shop in two versions, built once and kept until its source changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use release::SigningKey;
use release::pair::{Reading, Source, read_pair};
use release::upgrade::make;
use tempfile::TempDir;
use walkdir::WalkDir;

/// What stands in a package for the relup; these tests do not run it.
pub(crate) const RELUP: &str = "{\"0.2.0\",[{\"0.1.0\",[],[]}],[{\"0.1.0\",[],[]}]}.\n";

const ADDED: &str = "defmodule Shop.Added do\n  def hello, do: :world\nend\n";

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop")
}

/// The sources of a version: the example's own, with what that version changes.
fn sources(vsn: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let root = example();
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(&root).unwrap().to_owned();
        let skipped = ["_build", "test", "deps"];
        if entry.file_type().is_file() && !skipped.iter().any(|dir| path.starts_with(dir)) {
            files.insert(path, fs::read(entry.path()).unwrap());
        }
    }
    let mix = String::from_utf8(files[Path::new("mix.exs")].clone()).unwrap();
    let mix = mix.replace("version: \"0.1.0\"", &format!("version: \"{vsn}\""));
    files.insert("mix.exs".into(), mix.into_bytes());
    files.insert("priv/same.txt".into(), b"the same in both\n".to_vec());
    files.insert(
        "priv/data.txt".into(),
        format!("data of {vsn}\n").repeat(500).into(),
    );
    files.insert("rel/overlays/VERSION".into(), format!("{vsn}\n").into());
    if vsn != "0.1.0" {
        files.insert("lib/shop/added.ex".into(), ADDED.into());
        files.insert("rel/overlays/extra/new.txt".into(), b"new\n".to_vec());
        files.insert("rel/overlays/bin/tool".into(), b"#!/bin/sh\n".to_vec());
    } else {
        files.insert("rel/overlays/gone.txt".into(), b"gone\n".to_vec());
        files.insert("rel/overlays/bin/old_tool".into(), b"#!/bin/sh\n".to_vec());
    }
    files
}

/// The release of a version. Tests copy before they change anything.
pub(crate) fn shop(vsn: &'static str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<&str, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let versions = ["0.1.0", "0.2.0"];
        versions.into_iter().map(|vsn| (vsn, build(vsn))).collect()
    });
    built[vsn].clone()
}

fn build(vsn: &str) -> PathBuf {
    let sources = sources(vsn);
    let mut hasher = blake3::Hasher::new();
    for (path, bytes) in &sources {
        hasher.update(path.to_str().unwrap().as_bytes());
        hasher.update(&bytes.len().to_le_bytes());
        hasher.update(bytes);
    }
    let key = &hasher.finalize().to_hex()[..16];
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shop-{vsn}-{key}"));
    let root = dir.join("_build/prod/rel/shop");
    if dir.join("done").exists() {
        return root;
    }
    if dir.exists() {
        fs::remove_dir_all(&dir).unwrap();
    }
    for (path, bytes) in &sources {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        if path.starts_with(dir.join("rel/overlays/bin")) {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let output = sys::process::command("mix")
        .args(["release", "--overwrite", "--quiet"])
        .current_dir(&dir)
        .env("MIX_ENV", "prod")
        .envs(release::reproducible_env())
        .output()
        .expect("mix is installed (script/setup)");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    fs::write(dir.join("done"), "").unwrap();
    root
}

pub(crate) fn directory(root: &Path) -> Source {
    Source::open(root, None).unwrap()
}

/// Both releases, read.
pub(crate) fn readings() -> (Reading, Reading) {
    let (a, b) = (directory(&shop("0.1.0")), directory(&shop("0.2.0")));
    read_pair(&a, &b, &[]).unwrap()
}

/// A package from the older to the newer one, unsigned.
pub(crate) fn package() -> PathBuf {
    static PACKAGE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PACKAGE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("up.package");
        let (a, b) = readings();
        make(&a, &b, RELUP, None, &path).unwrap();
        (dir, path)
    });
    path.clone()
}

/// A package that a key signed, with the directory of the key.
pub(crate) fn signed() -> (TempDir, SigningKey, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (key, _) = SigningKey::load_or_create(&dir.path().join("keys")).unwrap();
    let path = dir.path().join("up.package");
    let (a, b) = readings();
    let made = make(&a, &b, RELUP, Some(&key), &path).unwrap();
    assert!(made.signed);
    (dir, key, path)
}

/// A host: a copy of a release, with what a host adds.
pub(crate) fn host(vsn: &'static str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_tree(&shop(vsn), dir.path());
    fs::write(dir.path().join("releases/RELEASES"), "[].\n").unwrap();
    fs::write(dir.path().join("releases/COOKIE"), "secret").unwrap();
    fs::create_dir(dir.path().join("log")).unwrap();
    fs::write(dir.path().join("log/erlang.log.1"), "hello\n").unwrap();
    dir
}

pub(crate) fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_tree(&source, &target);
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source).unwrap(), &target).unwrap();
        } else {
            fs::copy(&source, &target).unwrap();
        }
    }
}

/// What a file is: its bytes and whether it may be run, or where it points.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    File(Vec<u8>, bool),
    Link(PathBuf),
}

/// Every file below a directory.
pub(crate) fn things(root: &Path) -> BTreeMap<PathBuf, Thing> {
    let mut things = BTreeMap::new();
    for entry in WalkDir::new(root).min_depth(1) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(root).unwrap().to_owned();
        if entry.file_type().is_symlink() {
            things.insert(path, Thing::Link(fs::read_link(entry.path()).unwrap()));
        } else if entry.file_type().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode();
            let bytes = fs::read(entry.path()).unwrap();
            things.insert(path, Thing::File(bytes, mode & 0o100 != 0));
        }
    }
    things
}

/// Whether every file of a release's `lib` and `releases/VSN` is on a host, byte for byte, and nothing
/// else beside it in those directories but a relup.
pub(crate) fn assert_holds(host: &Path, vsn: &'static str) {
    let release = shop(vsn);
    let libraries = fs::read_dir(release.join("lib")).unwrap();
    let libraries = libraries.map(|entry| Path::new("lib").join(entry.unwrap().file_name()));
    let own = PathBuf::from(format!("releases/{vsn}"));
    for directory in libraries.chain([own]) {
        let mut found = things(&host.join(&directory));
        found.remove(Path::new("relup"));
        let same = found == things(&release.join(&directory));
        assert!(same, "{} is that of {vsn}", directory.display());
    }
}

pub(crate) fn assert_bin(host: &Path, vsn: &'static str) {
    let same = things(&host.join("bin")) == things(&shop(vsn).join("bin"));
    assert!(same, "bin is that of {vsn}");
}
