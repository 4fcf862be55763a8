//! Running Mix and passing on what it says.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use sys::file::FileError;

/// Lines of output kept for an error.
const LINES_KEPT: usize = 200;
/// The longest line that is passed on, in bytes; the rest of it is dropped.
const LINE_BYTES_MAX: u64 = 16 * 1024;

/// Why Mix could not tell or do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Mix project.
    #[error("there is no Mix project in {}: it has no mix.exs", dir.display())]
    NotAProject {
        /// The directory that was looked at.
        dir: PathBuf,
    },
    /// A program is not installed.
    #[error("cannot run {program}: it is not installed, or not on the PATH")]
    NotInstalled {
        /// Its name, such as `mix`.
        program: String,
    },
    /// A program could not be run.
    #[error("cannot run {program} in {}: {source}", dir.display())]
    NotRun {
        /// Its name.
        program: String,
        /// Where it should have run.
        dir: PathBuf,
        /// The system's own error.
        source: io::Error,
    },
    /// A program failed; its own words say why.
    #[error("`{command}` failed in {} ({status})", dir.display())]
    Failed {
        /// The command line, for people.
        command: String,
        /// Where it ran.
        dir: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        output: String,
    },
    /// Mix answered something that is not understood.
    #[error("the answer of Mix in {} was not understood: {source}", dir.display())]
    Malformed {
        /// The project.
        dir: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A file could not be read or removed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Refuses a directory without `mix.exs`.
pub(crate) fn expect_project(dir: &Path) -> Result<(), Error> {
    if dir.join("mix.exs").is_file() {
        return Ok(());
    }
    Err(Error::NotAProject {
        dir: dir.to_owned(),
    })
}

/// Runs a command to its end in its directory, with nothing to read; every line that it prints goes to
/// `on_line` as it comes.
///
/// # Errors
/// Where it cannot be run, or fails.
pub(crate) fn run(
    mut command: Command,
    dir: &Path,
    on_line: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let not_run = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => Error::NotInstalled {
            program: program.clone(),
        },
        _ => Error::NotRun {
            program: program.clone(),
            dir: dir.to_owned(),
            source,
        },
    };
    let (reader, writer) = io::pipe().map_err(not_run)?;
    let shown = show(&command);
    // Both streams into one pipe, so that the lines keep their order.
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(writer.try_clone().map_err(not_run)?)
        .stderr(writer);
    let mut child = command.spawn().map_err(not_run)?;
    // The command holds the pipe's other end; while it does, reading would never end.
    drop(command);
    let read = pass_on(BufReader::new(reader), on_line);
    let status = child.wait().map_err(not_run)?;
    let output = read.map_err(not_run)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed {
        command: shown,
        dir: dir.to_owned(),
        status,
        output,
    })
}

fn pass_on(mut reader: impl BufRead, on_line: &mut dyn FnMut(&str)) -> io::Result<String> {
    let mut kept = std::collections::VecDeque::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)?
            == 0
        {
            break;
        }
        if line.len() as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            skip_line(&mut reader)?;
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        on_line(&text);
        if kept.len() == LINES_KEPT {
            kept.pop_front();
        }
        kept.push_back(text);
    }
    Ok(Vec::from(kept).join("\n"))
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        let done = end.is_some() || used == 0;
        reader.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> (Result<(), Error>, Vec<String>) {
        let mut lines = Vec::new();
        let mut command = sys::process::command("sh");
        command.args(["-c", script]);
        let result = run(command, Path::new("/"), &mut |line| {
            lines.push(line.to_owned())
        });
        (result, lines)
    }

    #[test]
    fn lines_of_both_streams_come_in_order_and_a_failure_keeps_them() {
        let (result, lines) = sh("echo a; echo b >&2; echo c; exit 3");
        assert_eq!(lines, ["a", "b", "c"]);
        let Err(Error::Failed { output, status, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!((output.as_str(), status.code()), ("a\nb\nc", Some(3)));
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
        let (result, lines) = sh("head -c 100000 /dev/zero | tr '\\0' x; echo; echo next");
        result.unwrap();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].len() as u64, LINE_BYTES_MAX);
        assert_eq!(lines[1], "next");
    }

    #[test]
    fn a_missing_program_is_named() {
        let command = sys::process::command("no-such-mix");
        let error = run(command, Path::new("/"), &mut |_| {}).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot run no-such-mix: it is not installed"),
            "{error}"
        );
    }
}
