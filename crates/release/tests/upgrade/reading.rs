//! The same release, whatever it is read from.

use std::fs;
use std::path::Path;

use release::pack::{Compression, pack};
use release::pair::{Source, read, read_pair};
use release::sbom::Sources;
use release::{ReleaseTree, SigningKey, Store, check};
use relup::Release;
use tempfile::TempDir;

use crate::world::{directory, shop};

fn tar_gz(root: &Path) -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.tar.gz");
    let status = sys::process::command("tar")
        .arg("-czf")
        .arg(&path)
        .arg("-C")
        .arg(root)
        .arg(".")
        .status();
    assert!(status.unwrap().success());
    (dir, path)
}

/// Everything but debug information, which each form keeps for itself.
fn shape(release: &Release) -> String {
    let modules = |modules: &relup::model::Modules| -> Vec<String> {
        let modules = modules.values();
        modules
            .map(|m| {
                format!(
                    "{} {} {:?} {:?} {}",
                    m.name, m.md5, m.exports, m.imports, m.funs
                )
            })
            .collect()
    };
    let apps: Vec<_> = release
        .applications
        .iter()
        .map(|app| (&app.name, &app.vsn, &app.resource, modules(&app.modules)))
        .collect();
    format!(
        "{:?}",
        (
            &release.name,
            &release.vsn,
            &release.erts,
            apps,
            modules(&release.consolidated),
            &release.sys_config,
            release.runtime_config,
            &release.files
        )
    )
}

#[test]
fn a_directory_a_tar_and_an_artifact_are_the_same_release() {
    let root = shop("0.1.0");
    let from_directory = read(&directory(&root), &[]).unwrap();
    let (_dir, path) = tar_gz(&root);
    let source = Source::open(&path, None).unwrap();
    assert!(matches!(source, Source::TarGz { .. }));
    let from_tar = read(&source, &[]).unwrap();
    assert!(shape(&from_directory.release) == shape(&from_tar.release));
    assert_eq!(from_directory.entries, from_tar.entries);

    let workshop = tempfile::tempdir().unwrap();
    let store = Store::open(workshop.path().join("artifacts")).unwrap();
    let (key, _) = SigningKey::load_or_create(&workshop.path().join("keys")).unwrap();
    let checked = check::check(ReleaseTree::read(&root).unwrap()).unwrap();
    let fast = Compression {
        level: 1,
        threads: 2,
    };
    let packed = pack(
        &checked,
        &key,
        &store,
        &Sources::default(),
        fast,
        &mut |_| (),
    )
    .unwrap();
    let source = Source::open(&packed.path, None).unwrap();
    assert!(matches!(source, Source::Artifact { .. }));
    let from_artifact = read(&source, &[]).unwrap();
    assert!(shape(&from_directory.release) == shape(&from_artifact.release));
    assert_eq!(from_directory.entries, from_artifact.entries);
}

#[test]
fn two_releases_read_together_are_those_read_alone() {
    let (a, b) = (directory(&shop("0.1.0")), directory(&shop("0.2.0")));
    let (one, two) = read_pair(&a, &b, &[]).unwrap();
    assert!(shape(&one.release) == shape(&read(&a, &[]).unwrap().release));
    assert!(shape(&two.release) == shape(&read(&b, &[]).unwrap().release));
    let (_dir, path) = tar_gz(&shop("0.2.0"));
    let tar = Source::open(&path, None).unwrap();
    let (_, three) = read_pair(&a, &tar, &[]).unwrap();
    assert!(shape(&two.release) == shape(&three.release));
}

#[test]
fn what_a_release_is_made_of_is_told() {
    let release = read(&directory(&shop("0.2.0")), &[]).unwrap().release;
    assert_eq!(
        (release.name.as_str(), release.vsn.as_str()),
        ("shop", "0.2.0")
    );
    assert!(release.runtime_config, "it has config/runtime.exs");
    assert!(release.sys_config.is_some());
    assert!(release.consolidated.contains_key("Elixir.Enumerable"));
    let shop = release.application("shop").unwrap();
    assert!(shop.modules["Elixir.Shop.Added"].exports("hello", 0));
    let file = "lib/shop-0.2.0/priv/same.txt";
    assert_eq!(release.files[file].size, 17);
    assert!(!release.files.keys().any(|path| path.contains("COOKIE")));
}

#[test]
fn debug_information_is_found_beside_stripped_beams() {
    let (a, b) = (directory(&shop("0.1.0")), directory(&shop("0.2.0")));
    let debug = |chunks: &[std::path::PathBuf]| {
        let (_, b) = read_pair(&a, &b, chunks).unwrap();
        let (_, module) = b.release.module("Elixir.Shop.Added").unwrap();
        module.debug.clone()
    };
    assert_eq!(debug(&[]), None, "Mix strips it");
    let build = shop("0.2.0").join("../../lib");
    assert!(debug(std::slice::from_ref(&build)).is_some());
    // Beams of another code tell nothing.
    assert_eq!(debug(&[shop("0.1.0").join("../../lib")]), None);
    assert!(fs::metadata(build).unwrap().is_dir());
}
