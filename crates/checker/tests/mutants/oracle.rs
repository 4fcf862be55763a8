//! The live node that judges: one Erlang machine, asked over its standard input and output.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use beam::{Limits, Term};
use relup::Low;
use tempfile::TempDir;

pub(crate) struct Oracle {
    erlang: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    dir: TempDir,
}

/// What the node says of a mutant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Judgement {
    /// The node ends as after the good script.
    Harmless,
    /// It does not; the difference as Erlang text.
    Harmful(String),
}

impl Oracle {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mutants/oracle.erl");
        let compiled = sys::process::command("erlc")
            .arg("-o")
            .arg(dir.path())
            .arg(source)
            .status()
            .expect("erlc runs");
        assert!(compiled.success(), "the oracle compiles");
        let mut erlang = sys::process::command("erl")
            .args(["-noshell", "-pa"])
            .arg(dir.path())
            .args(["-s", "oracle", "start"])
            .env("HOME", dir.path())
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("erl runs");
        let stdin = erlang.stdin.take().expect("its input");
        let stdout = BufReader::new(erlang.stdout.take().expect("its output"));
        Self {
            erlang,
            stdin,
            stdout,
            dir,
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn ask(&mut self, command: &str) -> Term {
        writeln!(self.stdin, "{command}.").expect("the node reads");
        self.stdin.flush().expect("the node reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the node answers");
        let mut terms = beam::term::consult(line.as_bytes(), &Limits::RELEASE)
            .unwrap_or_else(|e| panic!("{e}: {line}\nafter {command}"));
        assert_eq!(terms.len(), 1, "one answer, not: {line}\nafter {command}");
        let answer = terms.remove(0);
        let crashed = answer.as_tuple().and_then(|t| t[0].as_atom()) == Some("crashed");
        assert!(
            !crashed,
            "the oracle fails: {:?}\nafter {command}",
            answer.as_tuple().and_then(|t| t[1].text())
        );
        answer
    }

    /// Runs the script that mutants are compared with; answers what the node looks like then.
    pub(crate) fn good(&mut self, case: &str, script: &[Low]) -> String {
        let answer = self.ask(&run("good", case, script));
        text_of(&answer)
    }

    pub(crate) fn judge(&mut self, case: &str, script: &[Low]) -> Judgement {
        match self.ask(&run("mutant", case, script)) {
            Term::Atom(_) => Judgement::Harmless,
            other => Judgement::Harmful(text_of(&other)),
        }
    }
}

/// The words of an answer `{good, Words}` or `{differs, Words}`.
fn text_of(answer: &Term) -> String {
    let words = match answer.as_tuple() {
        Some([Term::Atom(tag), words]) if tag != "crashed" => words.text(),
        _ => None,
    };
    words.unwrap_or_else(|| panic!("the oracle fails: {answer}"))
}

fn run(role: &str, case: &str, script: &[Low]) -> String {
    let mut text = format!("{{run, {role}, {case}, [");
    for (number, instruction) in script.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        write!(text, "{comma}{}", instruction.to_term()).expect("text");
    }
    text.push_str("]}");
    text
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // Its own child only; it may be gone already.
        drop(self.erlang.kill());
        drop(self.erlang.wait());
    }
}
