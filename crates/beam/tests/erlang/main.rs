//! What this crate reads and writes, held against the real `erl`.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start erl and write its input; a core crate has no process adapter"
)]

mod consulted;
mod damaged;
mod digest;
mod etf;
mod installed;
mod terms;

use std::path::Path;
use std::process::Command;

/// Runs Erlang expressions and returns what they write to `Out`, a file since the standard output of
/// `erl` depends on the locale.
fn erl(code: &str, arguments: &[&Path]) -> String {
    let out = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new("erl")
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .args(["-noinput", "-boot", "start_clean", "-eval"])
        .arg(format!(
            "[OutPath | Arguments] = init:get_plain_arguments(), \
             {{ok, Out}} = file:open(OutPath, [write, {{encoding, utf8}}]), \
             {code}, ok = file:close(Out), _ = Arguments, halt(0)."
        ))
        .arg("-extra")
        .arg(out.path())
        .args(arguments)
        .output()
        .expect("erl is installed (script/setup)");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read_to_string(out.path()).unwrap()
}

/// What stands in a file, each with its length before it.
fn framed(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut terms = Vec::new();
    while let Some((size, after)) = rest.split_first_chunk::<4>() {
        let (term, after) = after.split_at(u32::from_be_bytes(*size) as usize);
        terms.push(term);
        rest = after;
    }
    terms
}

fn write_framed(path: &Path, terms: impl IntoIterator<Item = Vec<u8>>) {
    let framed = terms
        .into_iter()
        .flat_map(|term| [(term.len() as u32).to_be_bytes().as_slice(), &term].concat());
    std::fs::write(path, framed.collect::<Vec<u8>>()).unwrap();
}

/// Whether everything is to be tried.
fn all() -> bool {
    std::env::var_os("CUTOVER_TEST_ALL").is_some()
}
