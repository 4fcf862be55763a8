//! Keeping the chunks.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use beam::{BeamFile, ChunkId, Limits};
use sys::file::{FileError, read_bounded, sync_dir};
use tar::{Builder, EntryType, Header};

use super::DebugError;
use crate::tree::{ModuleFile, ReleaseTree};

const BEAM_BYTES_MAX: u64 = 64 << 20;
const LEVEL: i32 = 9;

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Modules with chunks in the archive.
    pub modules: usize,
    /// Modules of the release for which no beam with more chunks was found.
    pub without: usize,
    /// Bytes of the archive.
    pub bytes: u64,
}

/// Writes the archive for a release to `path`, whole or not at all.
///
/// `sources` are directories that hold unstripped beams, such as `_build/prod/lib/*/ebin`,
/// `_build/prod/lib/APP/consolidated` and the `ebin`s of Erlang and Elixir; the first that has a beam of
/// the same code with more chunks counts. One that is not there is skipped.
///
/// # Errors
/// Where a beam of the release cannot be read, or the archive cannot be written; nothing is left then.
pub fn keep(tree: &ReleaseTree, sources: &[PathBuf], path: &Path) -> Result<Kept, DebugError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let failed = |operation| {
        move |e: io::Error| {
            let error = FileError::at(operation, path)(e);
            match error.is_no_space() {
                true => DebugError::NoSpace {
                    dir: dir.to_owned(),
                },
                false => error.into(),
            }
        }
    };
    let candidates = candidates(sources)?;
    let temporary = tempfile::Builder::new()
        .prefix(".debug-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)
        .map_err(failed("create"))?;
    let mut encoder =
        zstd::Encoder::new(BufWriter::new(temporary.as_file()), LEVEL).map_err(failed("write"))?;
    encoder
        .multithread(2)
        .and_then(|()| encoder.include_checksum(true))
        .map_err(failed("write"))?;
    let mut tar = Builder::new(encoder);
    let mut kept = Kept::default();
    for module in shipped(tree) {
        let chunks = lacking(tree, module, &candidates)?;
        if chunks.is_empty() {
            kept.without += 1;
            continue;
        }
        kept.modules += 1;
        for (name, data) in chunks {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Regular);
            header.set_mode(0o644);
            header.set_size(data.len() as u64);
            header.set_mtime(0);
            header.set_uid(0);
            header.set_gid(0);
            tar.append_data(&mut header, name, data.as_slice())
                .map_err(failed("write"))?;
        }
    }
    let mut file = tar
        .into_inner()
        .and_then(zstd::Encoder::finish)
        .map_err(failed("write"))?;
    io::Write::flush(&mut file)
        .and_then(|()| file.get_ref().sync_all())
        .map_err(failed("write"))?;
    drop(file);
    temporary
        .persist(path)
        .map_err(|e| failed("write")(e.error))?;
    sync_dir(dir)?;
    kept.bytes = fs::metadata(path)
        .map_err(FileError::at("read", path))?
        .len();
    Ok(kept)
}

/// Every module of the release, sorted by name so that the archive is the same each time.
fn shipped(tree: &ReleaseTree) -> Vec<&ModuleFile> {
    let libraries = tree.libraries.iter().flat_map(|l| &l.modules);
    let consolidated = tree.consolidated.iter().flatten();
    let mut modules: Vec<&ModuleFile> = libraries.chain(consolidated).collect();
    modules.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    modules
}

/// The beams of the sources, by module.
fn candidates(sources: &[PathBuf]) -> Result<BTreeMap<String, Vec<PathBuf>>, DebugError> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for dir in sources.iter().filter(|dir| dir.is_dir()) {
        for entry in fs::read_dir(dir).map_err(FileError::at("list", dir))? {
            let path = entry.map_err(FileError::at("list", dir))?.path();
            let name = path.file_name().and_then(|n| n.to_str());
            if let Some(module) = name.and_then(|n| n.strip_suffix(".beam")) {
                found.entry(module.to_owned()).or_default().push(path);
            }
        }
    }
    Ok(found)
}

/// The chunks of a source beam of the same code that the shipped beam does not have.
fn lacking(
    tree: &ReleaseTree,
    module: &ModuleFile,
    candidates: &BTreeMap<String, Vec<PathBuf>>,
) -> Result<Vec<(String, Vec<u8>)>, DebugError> {
    let (Ok(found), Some(paths)) = (&module.found, candidates.get(&module.name)) else {
        return Ok(Vec::new());
    };
    let shipped_path = tree.root.join(&module.path);
    let shipped_bytes = read_bounded(&shipped_path, BEAM_BYTES_MAX)?;
    let shipped = beam_file(&shipped_path, &shipped_bytes)?;
    for path in paths {
        let bytes = read_bounded(path, BEAM_BYTES_MAX)?;
        // A source that is no beam is of no use, and no harm.
        let Ok(source) = BeamFile::read(&bytes, &Limits::RELEASE) else {
            continue;
        };
        if source.md5().ok() != Some(found.md5) {
            continue;
        }
        let chunks: Vec<(String, Vec<u8>)> = source
            .chunks()
            .filter(|(id, _)| has_plain_name(*id) && shipped.chunk(*id).is_none())
            .map(|(id, data)| {
                (
                    format!("{}/{}/{id}", found.module, found.md5),
                    data.to_vec(),
                )
            })
            .collect();
        if !chunks.is_empty() {
            return Ok(chunks);
        }
    }
    Ok(Vec::new())
}

fn beam_file<'a>(path: &Path, bytes: &'a [u8]) -> Result<BeamFile<'a>, DebugError> {
    BeamFile::read(bytes, &Limits::RELEASE).map_err(|source| DebugError::Beam {
        path: path.to_owned(),
        source,
    })
}

/// The name becomes a file name in the archive.
fn has_plain_name(id: ChunkId) -> bool {
    id.0.iter().all(u8::is_ascii_alphanumeric)
}
