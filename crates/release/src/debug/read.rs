//! Finding the chunks again.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use beam::{ChunkId, ModuleMd5};
use sys::file::FileError;
use tar::Archive;

use super::DebugError;
use crate::archive::WINDOW_LOG_MAX;

/// The largest chunk that is read, and the most of one module, in bytes.
const MODULE_BYTES_MAX: u64 = 256 << 20;

/// The chunks of one module that its shipped beam lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugChunks {
    /// The module.
    pub module: String,
    /// The digest of the code that they belong to.
    pub md5: ModuleMd5,
    /// Name and data of each, in the order of the unstripped beam.
    pub chunks: Vec<(ChunkId, Vec<u8>)>,
}

impl DebugChunks {
    /// The data of a chunk.
    pub fn chunk(&self, id: ChunkId) -> Option<&[u8]> {
        let found = self.chunks.iter().find(|(found, _)| *found == id);
        found.map(|(_, data)| data.as_slice())
    }
}

/// Reads the chunks of one module; a module may be there once for each code of that name.
///
/// # Errors
/// Where the archive cannot be read.
pub fn chunks(archive: &Path, module: &str) -> Result<Vec<DebugChunks>, DebugError> {
    let mut found = Vec::new();
    visit(archive, |name| name == module, &mut |chunks| {
        found.push(chunks)
    })?;
    Ok(found)
}

/// Reads the chunks of every module, one module at a time.
///
/// # Errors
/// Where the archive cannot be read; what came before was sound.
pub fn all(archive: &Path, each: &mut dyn FnMut(DebugChunks)) -> Result<(), DebugError> {
    visit(archive, |_| true, each)
}

fn visit(
    path: &Path,
    wanted: impl Fn(&str) -> bool,
    each: &mut dyn FnMut(DebugChunks),
) -> Result<(), DebugError> {
    let damaged = |reason: String| DebugError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(FileError::at("open", path))?;
    if file.metadata().map_err(FileError::at("read", path))?.len() == 0 {
        return Err(damaged("it is empty".to_owned()));
    }
    let mut decoder = zstd::Decoder::new(file).map_err(|e| damaged(e.to_string()))?;
    decoder
        .window_log_max(WINDOW_LOG_MAX)
        .map_err(|e| damaged(e.to_string()))?;
    let mut archive = Archive::new(decoder);
    let mut current: Option<DebugChunks> = None;
    for entry in archive.entries().map_err(|e| damaged(e.to_string()))? {
        let entry = entry.map_err(|e| damaged(e.to_string()))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some((module, md5, id)) = parts(&name) else {
            return Err(damaged(format!("an unexpected entry {name:?}")));
        };
        if !wanted(module) {
            continue;
        }
        if entry.size() > MODULE_BYTES_MAX {
            return Err(damaged(format!("{name} is too large")));
        }
        let same = |c: &DebugChunks| c.module == module && c.md5 == md5;
        if !current.as_ref().is_some_and(same)
            && let Some(done) = current.replace(DebugChunks {
                module: module.to_owned(),
                md5,
                chunks: Vec::new(),
            })
        {
            each(done);
        }
        let size = entry.size();
        let mut data = Vec::new();
        entry
            .take(size)
            .read_to_end(&mut data)
            .map_err(|e| damaged(e.to_string()))?;
        if let Some(current) = &mut current {
            current.chunks.push((id, data));
        }
    }
    // The end of the tar is not the end of the file, whose checksum comes last.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|e| damaged(e.to_string()))?;
    if let Some(done) = current {
        each(done);
    }
    Ok(())
}

/// `MODULE/MD5/CHUNK`; a module's name may hold a slash itself.
fn parts(name: &str) -> Option<(&str, ModuleMd5, ChunkId)> {
    let (rest, id) = name.rsplit_once('/')?;
    let (module, md5) = rest.rsplit_once('/')?;
    let id: [u8; 4] = id.as_bytes().try_into().ok()?;
    Some((module, md5.parse().ok()?, ChunkId(id)))
}
