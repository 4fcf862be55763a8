//! A node of the shop, booted from its release, upgraded by OTP's own release_handler and taken back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use beam::term::consult_one;
use beam::{Limits, Term};
use walkdir::WalkDir;

use crate::safe::Shows;

/// Boots the old release, installs the new one, installs the old one again, all under load, and returns
/// what was seen, and what the node printed.
pub(crate) fn upgrade(old: &Path, new: &Path, relup: &str, shows: &Shows) -> (Term, String) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("shop");
    lay(old, &root);
    lay(new, &root);
    let [from, to] = [old, new].map(vsn);
    // The launcher boots what start_erl.data names, and that is the last one laid there.
    let start_erl = root.join("releases/start_erl.data");
    fs::remove_file(&start_erl).unwrap();
    fs::copy(old.join("releases/start_erl.data"), &start_erl).unwrap();
    fs::write(root.join("releases").join(&to).join("relup"), relup).unwrap();
    release::releases_file::write(&root, "shop").unwrap();

    let vm_args = root.join("releases").join(&from).join("vm.args");
    let driver = driver().with_extension("");
    let start = format!(
        "\n-eval 'code:load_abs(\"{}\"),driver:main()'\n",
        driver.display()
    );
    let text = fs::read_to_string(&vm_args).unwrap() + &start;
    fs::remove_file(&vm_args).unwrap();
    fs::write(&vm_args, text).unwrap();

    let out = dir.path().join("seen");
    let output = Command::new(root.join("bin/shop"))
        .arg("start")
        .env("RELEASE_DISTRIBUTION", "none")
        .env("RELEASE_TMP", dir.path())
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .env("SHOP_OLD", &from)
        .env("SHOP_NEW", &to)
        .env("SHOP_OUT", &out)
        .env("SHOP_SHOWS", shows.expression)
        .env_remove("RELEASE_VSN")
        .current_dir(dir.path())
        .output()
        .unwrap();
    let seen = fs::read(&out).unwrap_or_default();
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        !seen.is_empty(),
        "the node ended early: {}\n{printed}",
        output.status
    );
    let text = String::from_utf8(seen).unwrap();
    let seen = consult_one(text.as_bytes(), &Limits::RELEASE);
    (
        seen.unwrap_or_else(|e| panic!("{e}: {text}\n{printed}")),
        printed,
    )
}

fn vsn(release: &Path) -> String {
    let text = fs::read_to_string(release.join("releases/start_erl.data")).unwrap();
    text.split_whitespace().nth(1).unwrap().to_owned()
}

/// Lays a release at a root, beside what is there, as hard links.
fn lay(release: &Path, root: &Path) {
    for entry in WalkDir::new(release).into_iter().map(Result::unwrap) {
        let to = root.join(entry.path().strip_prefix(release).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&to).unwrap();
        } else if !to.exists() && fs::hard_link(entry.path(), &to).is_err() {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

/// The driver, compiled once.
fn driver() -> &'static Path {
    static DRIVER: OnceLock<PathBuf> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let out = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap()
            .keep();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases/driver.erl");
        let status = Command::new("erlc")
            .arg("-o")
            .arg(&out)
            .arg(source)
            .status()
            .unwrap();
        assert!(status.success());
        out.join("driver.beam")
    })
}
