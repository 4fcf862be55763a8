//! A disk that is too small, for real: a tmpfs of 2 MiB in a mount namespace of the test's own.

use std::fs;
use std::path::Path;

use release::debug::{DebugError, keep};
use release::pack::{Compression, PackError, pack};
use release::sbom::Sources;
use release::unpack::{UnpackError, unpack};
use release::{ReleaseTree, SigningKey, Store};

use crate::sample::{checked, packed, root};

const DISK: &str = "CUTOVER_TEST_DISK";
const ARTIFACT: &str = "CUTOVER_TEST_ARTIFACT";
const KEYS: &str = "CUTOVER_TEST_KEYS";
const ROOT: &str = "CUTOVER_TEST_ROOT";

/// Runs [`on_a_small_disk`] in a process that sees the small disk.
#[test]
fn a_full_disk_is_told_and_nothing_is_left_on_it() {
    if !may_mount() {
        #[expect(clippy::print_stderr, reason = "a test that could not run must say so")]
        {
            eprintln!("not tried: this machine does not let us mount, as some containers do");
        }
        return;
    }
    let (workshop, packed) = packed();
    let disk = tempfile::tempdir().unwrap();
    let mount_then_test =
        "mount -t tmpfs -o size=2m none \"$CUTOVER_TEST_DISK\" && exec \"$0\" \"$@\"";
    let output = sys::process::command("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", mount_then_test])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "full_disk::on_a_small_disk"])
        .env(DISK, disk.path())
        .env(ARTIFACT, &packed.path)
        .env(KEYS, workshop.dir.path().join("keys"))
        .env(ROOT, root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn may_mount() -> bool {
    let tried = sys::process::command("unshare")
        .args([
            "--mount",
            "--map-root-user",
            "mount",
            "-t",
            "tmpfs",
            "none",
            "/mnt",
        ])
        .output();
    tried.is_ok_and(|output| output.status.success())
}

fn entries(dir: &Path) -> usize {
    fs::read_dir(dir).unwrap().count()
}

#[test]
#[ignore = "is run by the test above, where its disk is"]
fn on_a_small_disk() {
    let place = |name: &str| std::path::PathBuf::from(std::env::var_os(name).unwrap());
    let disk = place(DISK);
    let (key, _) = SigningKey::load_or_create(&place(KEYS)).unwrap();
    let trusted = release::TrustedKeys::of(&key);

    let store = disk.join("store");
    let error = unpack(&place(ARTIFACT), &trusted, &store).unwrap_err();
    assert!(matches!(error, UnpackError::NoSpace { .. }), "{error}");
    assert!(error.to_string().contains("make room"), "{error}");
    assert_eq!(entries(&store), 0);

    let artifacts = Store::open(disk.join("artifacts")).unwrap();
    let release = checked(&place(ROOT));
    let compression = Compression::DEFAULT;
    let sources = Sources::default();
    let error = pack(
        &release,
        &key,
        &artifacts,
        &sources,
        compression,
        &mut |_| (),
    )
    .unwrap_err();
    assert!(matches!(error, PackError::NoSpace { .. }), "{error}");
    assert_eq!(entries(artifacts.dir()), 0);

    let filler = disk.join("filler");
    let all = vec![1; 4 << 20];
    assert!(fs::write(&filler, all).is_err());
    let tree = ReleaseTree::read(&place(ROOT)).unwrap();
    let lib = "_build/prod/lib/tiny/ebin";
    let ebin = place(ROOT).ancestors().nth(4).unwrap().join(lib);
    assert!(ebin.is_dir(), "{ebin:?}");
    let error = keep(&tree, &[ebin], &disk.join("x.debug.tar.zst")).unwrap_err();
    assert!(matches!(error, DebugError::NoSpace { .. }), "{error}");
}
