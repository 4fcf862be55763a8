//! `RELEASES`, as `release_handler:create_RELEASES` writes it.

use std::fs;

use beam::Limits;
use beam::term::consult_one;
use release::releases_file;

use crate::sample::copy;

#[test]
fn it_is_what_release_handler_writes() {
    let copy = copy();
    let root = copy.path();
    let ours = releases_file::write(root, "tiny").unwrap();
    let bytes = fs::read(&ours).unwrap();
    let theirs = root.join("theirs");
    fs::create_dir(&theirs).unwrap();
    let code = r#"
        [Root, Dir] = init:get_plain_arguments(),
        Rel = filename:join(Root, "releases/0.1.0/tiny"),
        ok = release_handler:create_RELEASES(Root, Dir, Rel ++ ".rel", []),
        {ok, Same} = file:consult(filename:join(Root, "releases/RELEASES")),
        {ok, Same} = file:consult(filename:join(Dir, "RELEASES")),
        halt(0).
    "#;
    let output = sys::process::command("erl")
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .args([
            "-noinput",
            "-boot",
            "start_sasl",
            "-sasl",
            "errlog_type",
            "error",
            "-eval",
            code,
            "-extra",
        ])
        .args([root, theirs.as_path()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let written = fs::read(theirs.join("RELEASES")).unwrap();
    let term = |bytes: &[u8]| consult_one(bytes, &Limits::RELEASE).unwrap();
    assert_eq!(term(&bytes), term(&written));
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.contains(&format!("{}/lib/tiny-0.1.0", root.display())),
        "{text}"
    );
}

#[test]
fn a_root_without_a_release_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let message = releases_file::write(dir.path(), "tiny")
        .unwrap_err()
        .to_string();
    assert!(message.contains("releases/start_erl.data"), "{message}");
    let copy = copy();
    let message = releases_file::write(copy.path(), "other")
        .unwrap_err()
        .to_string();
    assert!(message.contains("releases/0.1.0/other.rel"), "{message}");
}
