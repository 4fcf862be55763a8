//! What is not applied, and what is not made. Nothing is written then.

use std::fs;
use std::path::Path;

use release::pair::{Source, read_pair};
use release::upgrade::{Package, Trust, UpgradeError, apply, make};
use relup::Direction;

use crate::world::{RELUP, copy_tree, directory, host, package, shop, things};

/// Applies to a host that was altered; nothing of it may change.
fn refused(direction: Direction, host: &Path) -> UpgradeError {
    let before = things(host);
    let package = Package::open(&package(), Trust::Anyone).unwrap();
    let error = apply(&package, host, direction).unwrap_err();
    assert!(things(host) == before, "nothing was written: {error}");
    error
}

#[test]
fn another_base_is_refused_by_name() {
    let host = host("0.2.0");
    let error = refused(Direction::Up, host.path());
    let UpgradeError::WrongBase { needed, found, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(
        (needed.as_str(), found.as_str()),
        ("shop 0.1.0", "shop 0.2.0")
    );
    let empty = tempfile::tempdir().unwrap();
    let error = refused(Direction::Up, empty.path());
    assert!(error.to_string().contains("no release"), "{error}");
}

#[test]
fn an_altered_base_is_refused_with_its_first_file() {
    let shop_app = "lib/shop-0.1.0/ebin/shop.app";
    let kernel = "lib/kernel-8.5.3/ebin/application.beam";
    let kernel = match shop("0.1.0").join(kernel).exists() {
        true => kernel.to_owned(),
        false => {
            let mut libraries = fs::read_dir(shop("0.1.0").join("lib")).unwrap();
            let found = libraries.find_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.starts_with("kernel-").then_some(name)
            });
            format!("lib/{}/ebin/application.beam", found.unwrap())
        }
    };
    for (path, other) in [
        (shop_app, "lib/shop-0.1.0/priv/data.txt"),
        (kernel.as_str(), shop_app),
        ("bin/shop", shop_app),
        ("releases/0.1.0/sys.config", "releases/0.1.0/vm.args"),
    ] {
        let host = host("0.1.0");
        let mut bytes = fs::read(host.path().join(path)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(host.path().join(path), bytes).unwrap();
        // One that comes later as well.
        fs::remove_file(host.path().join(other)).unwrap();
        let first = path.min(other);
        let error = refused(Direction::Up, host.path());
        let UpgradeError::Altered { path: named, .. } = &error else {
            panic!("{path}: {error}");
        };
        assert_eq!(named, first);
    }
}

#[test]
fn a_module_that_is_none_of_the_bases_is_refused() {
    let host = host("0.1.0");
    let extra = "lib/shop-0.1.0/ebin/Elixir.Shop.Patched.beam";
    fs::write(host.path().join(extra), "x").unwrap();
    let error = refused(Direction::Up, host.path());
    assert!(error.to_string().contains(extra), "{error}");
}

#[test]
fn a_mode_that_differs_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let host = host("0.1.0");
    let path = host.path().join("bin/shop");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = refused(Direction::Up, host.path());
    assert!(error.to_string().contains("bin/shop"), "{error}");
}

#[test]
fn where_something_else_is_already_nothing_goes() {
    let host = host("0.1.0");
    let dir = host.path().join("lib/shop-0.2.0");
    copy_tree(&shop("0.2.0").join("lib/shop-0.2.0"), {
        fs::create_dir(&dir).unwrap();
        &dir
    });
    fs::write(dir.join("priv/data.txt"), "other").unwrap();
    let error = refused(Direction::Up, host.path());
    let UpgradeError::Occupied {
        path, directory, ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(path, "lib/shop-0.2.0/priv/data.txt");
    assert_eq!(directory, "lib/shop-0.2.0");
}

#[test]
fn a_damaged_package_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(package()).unwrap();
    let path = dir.path().join("package");
    for end in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..end]).unwrap();
        let error = Package::open(&path, Trust::Anyone).unwrap_err();
        let told = matches!(
            error,
            UpgradeError::Damaged { .. } | UpgradeError::NotPackage { .. }
        );
        assert!(told, "cut at {end}: {error}");
    }
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    fs::write(&path, flipped).unwrap();
    let error = Package::open(&path, Trust::Anyone).unwrap_err();
    assert!(matches!(error, UpgradeError::Damaged { .. }), "{error}");
}

/// What making a package of 0.1.0 and an altered 0.2.0 says.
fn not_made(alter: impl Fn(&Path)) -> UpgradeError {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_tree(&shop("0.2.0"), dir.path());
    alter(dir.path());
    let (a, b) = (directory(&shop("0.1.0")), directory(dir.path()));
    let (a, b) = read_pair(&a, &b, &[]).unwrap();
    let path = out.path().join("package");
    let error = make(&a, &b, RELUP, None, &path).unwrap_err();
    assert!(things(out.path()).is_empty());
    error
}

#[test]
fn contents_that_differ_under_one_version_name_what_to_bump() {
    let error = not_made(|root| {
        for app in ["logger", "mochiweb"] {
            let mut libraries = fs::read_dir(root.join("lib")).unwrap();
            let library = libraries.find_map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                name.starts_with(&format!("{app}-")).then_some(path)
            });
            let file = library.unwrap().join(format!("ebin/{app}.app"));
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, format!("%% changed\n{text}")).unwrap();
        }
    });
    let UpgradeError::NotBumped { directories } = &error else {
        panic!("{error}");
    };
    let names: Vec<&str> = directories
        .iter()
        .map(|(dir, _)| dir.split_once('-').unwrap().0)
        .collect();
    assert_eq!(names, ["lib/logger", "lib/mochiweb"]);
}

#[test]
fn a_release_is_not_upgraded_to_itself() {
    let a = directory(&shop("0.1.0"));
    let (one, two) = read_pair(&a, &a, &[]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let error = make(&one, &two, RELUP, None, &out.path().join("x")).unwrap_err();
    assert!(matches!(error, UpgradeError::SameVsn { .. }), "{error}");
}

#[test]
fn without_sasl_there_is_no_upgrade() {
    let (a, mut b) = crate::world::readings();
    b.release.applications.retain(|app| app.name != "sasl");
    let out = tempfile::tempdir().unwrap();
    let error = make(&a, &b, RELUP, None, &out.path().join("x")).unwrap_err();
    assert!(error.to_string().contains("without sasl"), "{error}");
    assert!(matches!(b.source, Source::Directory { .. }));
}
