//! The package's file.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sys::file::{FileError, sync_dir};
use tar::{Builder, EntryType, Header};

use super::UpgradeError;
use super::make::Blob;
use super::manifest::Which;
use crate::archive;

/// The entry with the `relup`.
pub(super) const RELUP: &str = "relup";
/// What is left to compress is the manifest; the blobs are compressed already.
const LEVEL: i32 = 12;

/// What comes before the blobs.
pub(super) struct Head<'a> {
    pub(super) manifest: &'a [u8],
    pub(super) signature: &'a [u8],
    pub(super) relup: &'a [u8],
}

/// The entry of the blob that leads to a side.
pub(super) fn blob_name(to: Which, number: usize) -> String {
    match to {
        Which::A => format!("down/{number}"),
        Which::B => format!("up/{number}"),
    }
}

/// Writes the file, whole or not at all; its size comes back.
pub(super) fn write(head: &Head<'_>, blobs: Vec<Blob>, path: &Path) -> Result<u64, UpgradeError> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".upgrade-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(FileError::at("create a file in", dir))?;
    let sink = Sealing {
        file: BufWriter::new(temporary.as_file()),
        hasher: blake3::Hasher::new(),
    };
    let sealed = content(sink, head, blobs).and_then(|Sealing { mut file, hasher }| {
        file.write_all(&archive::seal(&hasher.finalize()))?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(file.get_ref().metadata()?.len())
    });
    let bytes = sealed.map_err(FileError::at("write", path))?;
    temporary
        .persist(path)
        .map_err(|e| FileError::at("write", path)(e.error))?;
    sync_dir(dir)?;
    Ok(bytes)
}

fn content<'f>(sink: Sealing<'f>, head: &Head<'_>, blobs: Vec<Blob>) -> io::Result<Sealing<'f>> {
    let mut encoder = zstd::Encoder::new(sink, LEVEL)?;
    encoder.include_checksum(true)?;
    let mut tar = Builder::new(encoder);
    for (name, bytes) in [
        (archive::MANIFEST, head.manifest),
        (archive::SIGNATURE, head.signature),
        (RELUP, head.relup),
    ] {
        tar.append_data(&mut header(bytes.len() as u64), name, bytes)?;
    }
    for Blob {
        name,
        mut file,
        bytes,
    } in blobs
    {
        tar.append_data(&mut header(bytes), name, &mut file)?;
    }
    tar.into_inner()?.finish()
}

/// The same header on every machine: no time, no owner.
fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
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
