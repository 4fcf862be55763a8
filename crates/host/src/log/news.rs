//! What a log got since it was last read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sys::file::FileError;

use super::CURRENT;

/// Bytes read at once; what came before them is passed over.
const NEWS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A log that is read now and then, past its rotations.
#[derive(Debug)]
pub struct News {
    dir: PathBuf,
    /// The file that was read last, by its inode, and up to where.
    place: Option<(u64, u64)>,
}

impl News {
    /// Begins with the start of the current file.
    pub fn of(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            place: None,
        }
    }

    /// Reads what came since, the last 16 MiB of it. Blocks.
    ///
    /// # Errors
    /// Where a file is there and cannot be read.
    pub fn read(&mut self) -> Result<Vec<u8>, FileError> {
        let mut files = Vec::new();
        let mut path = self.dir.join(CURRENT);
        for number in 1.. {
            let Some((file, inode)) = open(&path)? else {
                break;
            };
            let known = self.place.filter(|(last, _)| *last == inode);
            files.push((file, inode, path, known.map_or(0, |(_, at)| at)));
            // Without a place the current file is where it begins.
            if known.is_some() || self.place.is_none() {
                break;
            }
            path = self.dir.join(format!("{CURRENT}.{number}"));
        }
        let mut news = Vec::new();
        for (mut file, inode, path, from) in files.into_iter().rev() {
            let end = read(&mut file, from, &mut news).map_err(FileError::at("read", path))?;
            self.place = Some((inode, end));
        }
        Ok(news)
    }
}

fn open(path: &Path) -> Result<Option<(File, u64)>, FileError> {
    match File::open(path) {
        Ok(file) => {
            let metadata = file.metadata().map_err(FileError::at("read", path))?;
            Ok(Some((file, metadata.ino())))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(FileError::at("open", path)(e)),
    }
}

/// Reads a file from a place on; returns where it ended.
fn read(file: &mut File, from: u64, news: &mut Vec<u8>) -> io::Result<u64> {
    let size = file.metadata()?.len();
    // One that is shorter than it was is another.
    let from = if from > size { 0 } else { from };
    let from = from.max(size.saturating_sub(NEWS_BYTES_MAX));
    file.seek(SeekFrom::Start(from))?;
    let read = file.take(size - from).read_to_end(news)?;
    Ok(from + read as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Writer;
    use crate::shim::LogLimits;

    fn read(news: &mut News) -> String {
        String::from_utf8(news.read().unwrap()).unwrap()
    }

    #[test]
    fn each_line_is_read_once_also_past_rotations() {
        let dir = tempfile::tempdir().unwrap();
        let limits = LogLimits {
            bytes_max: 20,
            files: 3,
        };
        let mut log = Writer::open(dir.path(), limits).unwrap();
        log.write(b"an earlier life ended here\n");
        log.write(b"one\n");
        let mut news = News::of(dir.path());
        assert_eq!(read(&mut news), "one\n");
        assert_eq!(read(&mut news), "");
        log.write(b"two\n");
        for line in ["three three three\n", "four four four four\n", "five\n"] {
            log.write(line.as_bytes());
        }
        let expected = "two\nthree three three\nfour four four four\nfive\n";
        assert_eq!(read(&mut news), expected);
        assert_eq!(read(&mut news), "");
    }

    #[test]
    fn a_log_that_is_not_there_yet_has_no_news() {
        let dir = tempfile::tempdir().unwrap();
        let mut news = News::of(dir.path());
        assert_eq!(read(&mut news), "");
        let limits = LogLimits {
            bytes_max: 100,
            files: 1,
        };
        Writer::open(dir.path(), limits).unwrap().write(b"first\n");
        assert_eq!(read(&mut news), "first\n");
    }
}
