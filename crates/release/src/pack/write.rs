//! The artifact's file, written from the manifest and the tree.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sys::file::{FileError, sync_dir};
use tar::{Builder, EntryType, Header};
use zstd::zstd_safe::CParameter;

use super::{Compression, PackError, Progress, Stage};
use crate::archive;
use crate::manifest::{Content, EntryKind, Manifest};
use crate::tree::ReleaseTree;

/// What one thread compresses at a time. zstd's own choice at the usual levels is 16 MiB, more than many
/// a release, so that one thread did all the work; smaller parts cost half a percent of size.
const JOB_BYTES: u32 = 4 << 20;

/// What comes before the release's files.
pub(super) struct Head {
    pub(super) manifest: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) sbom: Vec<u8>,
}

pub(super) fn write(
    tree: &ReleaseTree,
    manifest: &Manifest,
    head: &Head,
    path: &Path,
    compression: Compression,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), PackError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let needed = manifest.content_bytes();
    let full = |error: FileError| match error.is_no_space() {
        true => PackError::NoSpace {
            dir: dir.to_owned(),
            needed,
        },
        false => error.into(),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".pack-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(|e| full(FileError::at("create a file in", dir)(e)))?;
    let sink = Sealing {
        file: BufWriter::new(temporary.as_file()),
        hasher: blake3::Hasher::new(),
    };
    let writing = |e| full(FileError::at("write", path)(e));
    let mut encoder =
        zstd::Encoder::new(sink, i32::from(compression.level.clamp(1, 19))).map_err(writing)?;
    encoder
        .multithread(u32::from(compression.threads.max(1)))
        .and_then(|()| encoder.set_parameter(CParameter::JobSize(JOB_BYTES)))
        .and_then(|()| encoder.include_checksum(true))
        .map_err(writing)?;
    let mut tar = Builder::new(encoder);
    for (name, bytes) in [
        (archive::MANIFEST, &head.manifest),
        (archive::SIGNATURE, &head.signature),
        (archive::SBOM, &head.sbom),
    ] {
        let mut header = header(EntryType::Regular, 0o644, bytes.len() as u64);
        tar.append_data(&mut header, name, bytes.as_slice())
            .map_err(writing)?;
    }
    let mut bytes_done = 0;
    for entry in &manifest.entries {
        let name = format!("{}/{}", archive::RELEASE, entry.path);
        match &entry.kind {
            EntryKind::Symlink { target } => {
                let mut header = header(EntryType::Symlink, 0o777, 0);
                tar.append_link(&mut header, name, target)
                    .map_err(writing)?;
            }
            EntryKind::File {
                executable,
                content,
            } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                let mut header = header(EntryType::Regular, mode, content.size);
                let source = tree.root.join(&entry.path);
                let file = File::open(&source).map_err(FileError::at("open", &source))?;
                let mut reader = Unchanged::new(file, *content);
                let appended = tar.append_data(&mut header, name, &mut reader);
                if reader.outcome == Outcome::Changed {
                    return Err(PackError::Changed { path: source });
                }
                if reader.outcome == Outcome::Unreadable {
                    appended.map_err(FileError::at("read", &source))?;
                } else {
                    appended.map_err(writing)?;
                }
                bytes_done += content.size;
            }
        }
        progress(Progress {
            stage: Stage::Compressing,
            bytes_done,
            bytes_total: needed,
        });
    }
    let encoder = tar.into_inner().map_err(writing)?;
    let Sealing { mut file, hasher } = encoder.finish().map_err(writing)?;
    file.write_all(&archive::seal(&hasher.finalize()))
        .and_then(|()| file.flush())
        .and_then(|()| file.get_ref().sync_all())
        .map_err(writing)?;
    drop(file);
    temporary
        .persist(path)
        .map_err(|e| full(FileError::at("write", path)(e.error)))?;
    Ok(sync_dir(dir)?)
}

/// The same header on every machine: no time, no owner.
fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Hashes what goes into the file.
struct Sealing<'a> {
    file: BufWriter<&'a File>,
    hasher: blake3::Hasher,
}

impl Write for Sealing<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Reading,
    Same,
    Changed,
    Unreadable,
}

/// Reads a file and fails where it is not what was hashed before.
struct Unchanged {
    file: File,
    expected: Content,
    hasher: blake3::Hasher,
    outcome: Outcome,
}

impl Unchanged {
    fn new(file: File, expected: Content) -> Self {
        Self {
            file,
            expected,
            hasher: blake3::Hasher::new(),
            outcome: Outcome::Reading,
        }
    }
}

impl Read for Unchanged {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.outcome == Outcome::Same {
            return Ok(0);
        }
        let read = self.file.read(buffer).inspect_err(|e| {
            if e.kind() != io::ErrorKind::Interrupted {
                self.outcome = Outcome::Unreadable;
            }
        })?;
        self.hasher.update(&buffer[..read]);
        let too_long = self.hasher.count() > self.expected.size;
        let ended = read == 0 && !buffer.is_empty();
        if too_long || ended && self.hasher.finalize() != self.expected.blake3 {
            self.outcome = Outcome::Changed;
            return Err(io::Error::other("the file changed"));
        }
        if ended {
            self.outcome = Outcome::Same;
        }
        Ok(read)
    }
}
