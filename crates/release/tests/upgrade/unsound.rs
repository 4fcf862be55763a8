//! Releases whose parts contradict each other: a clear error each.

use std::fs;
use std::path::Path;

use release::pair::{PairError, Source, read};

use crate::world::{copy_tree, shop};

fn error_of(alter: impl Fn(&Path)) -> PairError {
    let dir = tempfile::tempdir().unwrap();
    copy_tree(&shop("0.1.0"), dir.path());
    alter(dir.path());
    read(&Source::open(dir.path(), None).unwrap(), &[]).unwrap_err()
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[track_caller]
fn check(alter: impl Fn(&Path), expected: &[&str]) {
    let error = error_of(alter).to_string();
    for text in expected {
        assert!(error.contains(text), "{text:?} in: {error}");
    }
}

#[test]
fn a_missing_resource_file() {
    check(
        |root| fs::remove_file(root.join("lib/shop-0.1.0/ebin/shop.app")).unwrap(),
        &["lib/shop-0.1.0/ebin/shop.app", "missing"],
    );
}

#[test]
fn a_missing_library() {
    check(
        |root| fs::remove_dir_all(root.join("lib/shop-0.1.0")).unwrap(),
        &["lib/shop-0.1.0 is missing"],
    );
}

#[test]
fn versions_that_do_not_agree() {
    check(
        |root| edit(&root.join("lib/shop-0.1.0/ebin/shop.app"), "0.1.0", "0.1.1"),
        &["shop.app", "says version 0.1.1", ".rel file 0.1.0"],
    );
    check(
        |root| {
            edit(
                &root.join("releases/0.1.0/shop.rel"),
                "\"0.1.0\"",
                "\"0.1.9\"",
            )
        },
        &["shop.rel", "is of version 0.1.9, not 0.1.0"],
    );
}

#[test]
fn two_versions_of_one_application() {
    check(
        |root| {
            let rel = root.join("releases/0.1.0/shop.rel");
            edit(
                &rel,
                "{shop,\"0.1.0\"",
                "{shop,\"0.0.9\",permanent},\n  {shop,\"0.1.0\"",
            );
        },
        &["shop.rel", "names the application shop twice"],
    );
}

#[test]
fn a_module_that_is_named_and_missing_and_one_that_is_another() {
    check(
        |root| {
            let ebin = root.join("lib/shop-0.1.0/ebin");
            fs::remove_file(ebin.join("Elixir.Shop.Health.beam")).unwrap();
            let (from, to) = ("Elixir.Shop.Jobs.beam", "Elixir.Shop.Router.beam");
            fs::copy(ebin.join(from), ebin.join(to)).unwrap();
        },
        &[
            "Elixir.Shop.Health.beam: shop.app names this module, and it is missing",
            "Elixir.Shop.Router.beam: holds the module Elixir.Shop.Jobs",
        ],
    );
}

#[test]
fn a_module_that_cannot_be_read() {
    check(
        |root| {
            let beam = root.join("lib/shop-0.1.0/ebin/Elixir.Shop.Jobs.beam");
            let bytes = fs::read(&beam).unwrap();
            fs::write(&beam, &bytes[..bytes.len() / 2]).unwrap();
        },
        &["Elixir.Shop.Jobs.beam", "cut short"],
    );
}

#[test]
fn what_is_no_release() {
    let empty = tempfile::tempdir().unwrap();
    let error = read(&Source::open(empty.path(), None).unwrap(), &[]).unwrap_err();
    assert!(matches!(error, PairError::NotRelease { .. }), "{error}");
    let file = empty.path().join("file");
    fs::write(&file, "hello").unwrap();
    let error = Source::open(&file, None).unwrap_err();
    assert!(error.to_string().contains("neither a directory"), "{error}");
    check(
        |root| fs::remove_file(root.join("releases/0.1.0/shop.rel")).unwrap(),
        &["no releases/0.1.0/NAME.rel"],
    );
}
