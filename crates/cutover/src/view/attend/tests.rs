//! A view in a real terminal: `script` makes one, and runs this very test program in it.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use super::*;
use crate::view::example::canary;

/// Names the file for what was asked for; only in the program inside of the terminal.
const ORDERS: &str = "CUTOVER_TEST_ORDERS";
const INSIDE: &str = "view::attend::tests::inside";

/// What happened in a terminal.
struct Happened {
    /// Everything that was written to it.
    written: String,
    /// What was asked for.
    orders: String,
    /// The settings of the terminal, before and after.
    before: String,
    after: String,
}

/// Runs the program inside of a terminal, and types keys, each when the words before them are there.
fn in_a_terminal(typed: &[(&str, &str)], variables: &str) -> Happened {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let program = std::env::current_exe().unwrap();
    let shell = format!(
        "stty rows 30 cols 100; stty -g > '{}'; {variables} {ORDERS}='{}' '{}' {INSIDE} --exact --ignored --nocapture; stty -g > '{}'",
        file("before").display(),
        file("orders").display(),
        program.display(),
        file("after").display()
    );
    let mut script = sys::process::command("script")
        .args(["-qfec", &shell])
        .arg("/dev/null")
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let mut written = Vec::new();
    let mut bytes = [0; 4096];
    for (words, keys) in typed {
        while !String::from_utf8_lossy(&written).contains(words) {
            let count = stdout.read(&mut bytes).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&written));
            written.extend_from_slice(&bytes[..count]);
        }
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }
    stdout.read_to_end(&mut written).unwrap();
    drop(stdin);
    script.wait().unwrap();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    Happened {
        written: String::from_utf8_lossy(&written).into_owned(),
        orders: read(&file("orders")),
        before: read(&file("before")),
        after: read(&file("after")),
    }
}

/// What runs inside of the terminal. It is no test by itself.
#[tokio::test]
#[ignore = "runs in a terminal that another test makes"]
async fn inside() {
    let Some(path) = std::env::var_os(ORDERS) else {
        return;
    };
    let mut file = std::fs::File::create(path).unwrap();
    let (view, seen) = watch::channel(Some(Arc::new(canary(5))));
    let (_say, news) = mpsc::unbounded_channel();
    let look = Look {
        unicode: true,
        colour: true,
    };
    let live = Live::on(Screen::open().unwrap(), look, seen, news, true);
    let panics = std::env::var_os("CUTOVER_TEST_PANICS").is_some();
    let order = |verb: Verb| {
        assert!(!panics, "as the test wants it");
        writeln!(file, "{}", verb.word()).unwrap();
    };
    match attend(live, std::future::pending::<()>(), order).await {
        Attended::Left | Attended::Ended(()) => drop(view),
    }
    writeln!(file, "left").unwrap();
}

#[test]
fn keys_reach_the_rollout_and_the_terminal_is_as_it_was() {
    // q asks first where this process drives; any other key takes that back.
    let typed = [
        ("waits for a promotion", "pq"),
        ("q again to leave", "x a"),
        ("a again to abort", "aqq"),
    ];
    let happened = in_a_terminal(&typed, "");
    assert_eq!(happened.orders, "promote\npause\nabort\nleft\n");
    assert!(!happened.before.is_empty());
    assert_eq!(happened.before, happened.after);
    for words in ["\x1b[?1049h", "\x1b[?1049l", "weight-25"] {
        assert!(
            happened.written.contains(words),
            "{words:?}: {}",
            happened.written
        );
    }
}

#[test]
fn ctrl_c_leaves_at_once() {
    let happened = in_a_terminal(&[("waits for a promotion", "\x03")], "");
    assert_eq!(happened.orders, "left\n");
    assert_eq!(happened.before, happened.after);
}

#[test]
fn a_panic_is_told_on_a_terminal_that_is_as_it_was() {
    let happened = in_a_terminal(&[("waits for a promotion", "p")], "CUTOVER_TEST_PANICS=1");
    assert_eq!(happened.before, happened.after);
    let left = happened.written.find("\x1b[?1049l").unwrap();
    let told = happened.written.find("as the test wants it").unwrap();
    assert!(left < told, "{}", happened.written);
}
