//! What a shim and its agent say to one another, through files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sys::process::ProcessId;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// Counts the runs of the directory; records carry it, so that an old one is known as such.
    pub run: u64,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Bounds of its logs.
    pub log: LogLimits,
}

/// Bounds of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLimits {
    /// Size at which the file is rotated, in bytes.
    pub bytes_max: u64,
    /// How many rotated files are kept.
    pub files: u32,
}

/// Who runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The run, as in [`Launch`].
    pub run: u64,
    /// The shim.
    pub shim: ProcessId,
    /// The program, once it was started.
    pub process: Option<ProcessId>,
    /// When the run began, in milliseconds since the epoch.
    pub started_ms: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The run, as in [`Launch`].
    pub run: u64,
    /// The exit code, if it exited.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// When it was seen, in milliseconds since the epoch.
    pub at_ms: u64,
}

impl Exit {
    /// The exit code as a shell gives it: 128 + n for signal n; `None` where nobody saw it.
    pub fn shell_code(&self) -> Option<i32> {
        self.code.or_else(|| self.signal.map(|n| 128 + n))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exited with code {code}"),
            (None, Some(signal)) => write!(f, "ended by signal {signal}{}", signal_name(signal)),
            (None, None) => {
                f.write_str("ended unseen: the process that watched it had been killed")
            }
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        6 => " (abort)",
        9 => " (killed; by the kernel if memory ran out)",
        11 => " (segmentation fault)",
        15 => " (terminated)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_reads_as_a_sentence_and_as_a_shell_code() {
        let exit = |code, signal| Exit {
            run: 1,
            code,
            signal,
            at_ms: 0,
        };
        let check = |exit: Exit, words: &str, shell| {
            assert_eq!(exit.to_string(), words);
            assert_eq!(exit.shell_code(), shell);
        };
        check(exit(Some(1), None), "exited with code 1", Some(1));
        check(
            exit(None, Some(15)),
            "ended by signal 15 (terminated)",
            Some(143),
        );
        check(
            exit(None, None),
            "ended unseen: the process that watched it had been killed",
            None,
        );
    }
}
