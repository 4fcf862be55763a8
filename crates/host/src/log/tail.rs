//! The end of a log, and the begin of a fresh one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sys::file::FileError;

use super::CURRENT;
use super::rotate::shift;
use crate::shim::LogLimits;

/// Bytes read back at most, however few line ends there are.
const TAIL_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Reads the last `lines` lines of the current log, and returns them with the place where they end.
///
/// # Errors
/// Where the log is there and cannot be read.
pub fn tail(dir: &Path, lines: usize) -> Result<(Vec<u8>, u64), FileError> {
    let path = dir.join(CURRENT);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(e) => return Err(FileError::at("open the log", path)(e)),
    };
    read_tail(&mut file, lines).map_err(FileError::at("read the log", path))
}

fn read_tail(file: &mut File, lines: usize) -> io::Result<(Vec<u8>, u64)> {
    let size = file.metadata()?.len();
    let from = size.saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(size - from).read_to_end(&mut bytes)?;
    let start = start_of_last(&bytes, lines);
    Ok((bytes.split_off(start), size))
}

/// Finds where the last `lines` lines begin; a last line without an end counts as one.
fn start_of_last(bytes: &[u8], lines: usize) -> usize {
    if lines == 0 {
        return bytes.len();
    }
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    body.iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines - 1)
        .map_or(0, |(at, _)| at + 1)
}

/// Puts the current log aside, so that a new life of the instance begins with an empty one.
///
/// # Errors
/// Where it cannot be renamed.
pub fn fresh(dir: &Path, limits: LogLimits) -> Result<(), FileError> {
    let path = dir.join(CURRENT);
    match path.metadata() {
        Ok(m) if m.len() > 0 => {
            shift(dir, limits.files.max(1)).map_err(FileError::at("rotate", path))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_counted_with_and_without_a_final_line_end() {
        let check = |text: &str, lines, expected: &str| {
            let start = start_of_last(text.as_bytes(), lines);
            assert_eq!(&text[start..], expected, "{text:?} {lines}");
        };
        check("a\nb\nc\n", 2, "b\nc\n");
        check("a\nb\nc", 2, "b\nc");
        check("a\nb\n", 9, "a\nb\n");
        check("a\n\n\n", 2, "\n\n");
        check("", 3, "");
        check("a\n", 0, "");
    }

    #[test]
    fn a_fresh_log_shows_nothing_of_the_life_before() {
        let dir = tempfile::tempdir().unwrap();
        let limits = LogLimits {
            bytes_max: 1000,
            files: 3,
        };
        super::super::Writer::open(dir.path(), limits)
            .unwrap()
            .write(b"old\n");
        fresh(dir.path(), limits).unwrap();
        assert_eq!(tail(dir.path(), 10).unwrap().0, b"");
        super::super::Writer::open(dir.path(), limits)
            .unwrap()
            .write(b"new\n");
        assert_eq!(tail(dir.path(), 10).unwrap(), (b"new\n".to_vec(), 4));
    }
}
