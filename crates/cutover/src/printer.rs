//! The printer: the one owner of stdout and stderr.
//!
//! Results go to stdout, as text for people or, with `--json`, as one line of JSON; all else goes to
//! stderr. A reader that went away (a closed pipe) is not an error.

mod moment;
mod progress;

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

pub(crate) use self::moment::{ago, until};
pub(crate) use self::progress::{Progress, seconds};
use crate::failure::Failure;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mode {
    /// Results as JSON.
    pub(crate) json: bool,
    /// No progress and no notes.
    pub(crate) quiet: bool,
    /// No colour.
    pub(crate) no_color: bool,
}

/// The owner of stdout and stderr.
#[derive(Debug)]
pub(crate) struct Printer {
    mode: Mode,
    /// Whether progress may be drawn over itself.
    animated: bool,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// For text that matters less.
pub(crate) const DIM: Style = Style::new().dimmed();
/// For what went badly.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// For what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();

impl Printer {
    /// Makes the printer.
    pub(crate) fn new(mode: Mode) -> Self {
        let animated = !mode.quiet && !mode.no_color && std::io::stderr().is_terminal();
        Self { mode, animated }
    }

    /// Says whether colour is wanted.
    pub(crate) fn has_colour(&self) -> bool {
        !self.mode.no_color
    }

    /// Says whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.mode.json
    }

    /// Prints a result: `value` as one line of JSON, or the text of `human` for people.
    pub(crate) fn result<T: Serialize>(&self, value: &T, human: impl FnOnce() -> String) {
        if self.mode.json {
            match serde_json::to_string(value) {
                Ok(line) => self.out(&line),
                Err(error) => self.warn(&format!("cannot print the result as JSON: {error}")),
            }
        } else {
            self.out(&human());
        }
    }

    /// Prints lines of a result for people; nothing with `--json`.
    pub(crate) fn line(&self, text: &str) {
        if !self.mode.json {
            self.out(text);
        }
    }

    /// Prints bytes on stdout as they are, in every mode.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        swallow(out.write_all(bytes).and_then(|()| out.flush()));
    }

    /// Prints a part of a stream on stdout as it is; says whether anybody still reads.
    pub(crate) fn stream(&self, bytes: &[u8]) -> bool {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).is_ok()
    }

    /// Says something on stderr that is worth knowing, such as a key made on first use.
    pub(crate) fn note(&self, text: &str) {
        if !self.mode.quiet {
            self.err(text);
        }
    }

    /// Says on stderr, also with `--quiet`, what may go wrong.
    pub(crate) fn warn(&self, text: &str) {
        self.err(&format!("{WARNING}warning{WARNING:#}: {text}"));
    }

    /// Prints a failure on stderr: the error, why, what another program said, what to do. With `--json`
    /// stdout gets it too, as one line `{"error":{…}}`.
    pub(crate) fn failure(&self, failure: &Failure) {
        if !failure.verbatim.is_empty() {
            self.err(&failure.verbatim);
        }
        self.err(&format!("{ERROR}error{ERROR:#}: {}", failure.message));
        for cause in &failure.causes {
            self.err(&format!("  {DIM}because{DIM:#} {cause}"));
        }
        for line in &failure.output {
            self.err(&format!("  {DIM}|{DIM:#} {line}"));
        }
        for hint in &failure.hints {
            self.err(&format!("{HINT}hint{HINT:#}: {hint}"));
        }
        if self.mode.json {
            let error = serde_json::json!({"error": {
                "kind": failure.kind.word(),
                "exit": failure.kind.code(),
                "message": failure.message,
                "causes": failure.causes,
                "said": failure.verbatim,
                "output": failure.output,
                "hints": failure.hints,
            }});
            self.out(&error.to_string());
        }
    }

    /// Begins a step that may take more than a second. End it with [`Progress::done`]; dropped, it ends
    /// without a word, for the failure speaks.
    pub(crate) fn progress(&self, label: impl Into<String>) -> Progress {
        Progress::begin(label.into(), self.mode, self.animated)
    }

    fn out(&self, text: &str) {
        swallow(writeln!(anstream::stdout().lock(), "{text}"));
    }

    fn err(&self, text: &str) {
        swallow(writeln!(anstream::stderr().lock(), "{text}"));
    }
}

/// There is nobody left to tell that the terminal is gone.
fn swallow(result: std::io::Result<()>) {
    drop(result);
}
