//! Debug information of modules that differ, wherever it is kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use beam::{BeamFile, ChunkId, Limits, ModuleMd5};
use relup::{Module, Release};
use walkdir::WalkDir;

use super::classify::{Class, class};
use super::found::{self, WHOLE_BYTES_MAX};
use super::{PairError, Reading, Source, archive};
use crate::debug;

/// Bytes of debug information that are kept of one release at most.
const DEBUG_BYTES_MAX: usize = 1 << 30;

type Wanted = HashMap<(String, ModuleMd5), Option<Arc<[u8]>>>;

/// Adds the debug information of modules that the other release has not, or has otherwise.
pub(super) fn complete(
    reading: &mut Reading,
    other: Option<&Release>,
    chunks: &[PathBuf],
) -> Result<(), PairError> {
    let mut wanted = wanted(&reading.release, other);
    if wanted.is_empty() {
        return Ok(());
    }
    let mut left = DEBUG_BYTES_MAX;
    if !matches!(reading.source, Source::Directory { .. }) {
        from_beams(&reading.source, &mut wanted, &mut left)?;
    }
    for path in reading.source.side_archive().iter().chain(chunks) {
        if wanted.values().all(Option::is_some) {
            break;
        }
        if path.is_dir() {
            from_directory(path, &mut wanted, &mut left)?;
        } else {
            from_archive(path, &mut wanted, &mut left)?;
        }
    }
    let release = &mut reading.release;
    let applications = release.applications.iter_mut().map(|app| &mut app.modules);
    for modules in applications.chain([&mut release.consolidated]) {
        for module in modules.values_mut() {
            if let Some(Some(data)) = wanted.get(&(module.name.clone(), module.md5)) {
                Arc::make_mut(module).debug = Some(Arc::clone(data));
            }
        }
    }
    Ok(())
}

/// Modules without debug information of which it might be needed: those that differ, and those that
/// processes run on.
fn wanted(release: &Release, other: Option<&Release>) -> Wanted {
    let same = |module: &Module| {
        let fellow = other.and_then(|other| {
            let found = other.module(&module.name).map(|(_, module)| module);
            found.or_else(|| other.consolidated.get(&module.name).map(Arc::as_ref))
        });
        fellow.is_some_and(|fellow| fellow.md5 == module.md5)
    };
    let applications = release.applications.iter().map(|app| &app.modules);
    let all = applications.chain([&release.consolidated]);
    all.flat_map(|modules| modules.values())
        .filter(|module| module.debug.is_none() && (!same(module) || runs_processes(module)))
        .map(|module| ((module.name.clone(), module.md5), None))
        .collect()
}

fn runs_processes(module: &Module) -> bool {
    found::runs_processes(
        module.behaviours.iter().map(String::as_str),
        module
            .imports
            .iter()
            .map(|(m, f, _)| (m.as_str(), f.as_str())),
        module.exports("system_continue", 3) || module.exports("child_spec", 1),
    )
}

fn take(wanted: &mut Wanted, key: &(String, ModuleMd5), data: &[u8], left: &mut usize) {
    if let Some(slot @ None) = wanted.get_mut(key)
        && !data.is_empty()
        && let Some(rest) = left.checked_sub(data.len())
    {
        *left = rest;
        *slot = Some(data.into());
    }
}

/// The beams of the release itself, read once more: which of them differ was not known before.
fn from_beams(source: &Source, wanted: &mut Wanted, left: &mut usize) -> Result<(), PairError> {
    let names: std::collections::HashSet<String> =
        wanted.keys().map(|(name, _)| name.clone()).collect();
    archive::stream(source, &mut |path, member| {
        let stem = path.as_str().rsplit('/').next().unwrap_or_default();
        let meant = class(path.as_str()) == Class::Beam
            && stem
                .strip_suffix(".beam")
                .is_some_and(|n| names.contains(n));
        if let (true, archive::Member::File { size, reader, .. }) = (meant, member) {
            let mut bytes = Vec::new();
            let read = std::io::Read::read_to_end(
                &mut std::io::Read::take(reader, size.min(WHOLE_BYTES_MAX)),
                &mut bytes,
            );
            read.map_err(sys::file::FileError::at("read", source.path()))?;
            from_beam(&bytes, wanted, left);
        }
        Ok(())
    })?;
    Ok(())
}

fn from_beam(bytes: &[u8], wanted: &mut Wanted, left: &mut usize) {
    let Ok(beam) = BeamFile::read(bytes, &Limits::RELEASE) else {
        return;
    };
    if let (Ok(md5), Some(data)) = (beam.md5(), found::debug(&beam)) {
        take(wanted, &(beam.module().to_owned(), md5), &data, left);
    }
}

/// Unstripped beams anywhere below a directory, such as `_build/prod/lib`.
fn from_directory(dir: &Path, wanted: &mut Wanted, left: &mut usize) -> Result<(), PairError> {
    let names: std::collections::HashSet<String> =
        wanted.keys().map(|(name, _)| name.clone()).collect();
    for entry in WalkDir::new(dir).follow_links(true).sort_by_file_name() {
        // A link that leads nowhere is of no use, and no harm.
        let Ok(entry) = entry else { continue };
        let name = entry.file_name().to_str();
        let module = name.and_then(|name| name.strip_suffix(".beam"));
        if module.is_some_and(|module| names.contains(module)) {
            let bytes = sys::file::read_bounded(entry.path(), WHOLE_BYTES_MAX)?;
            from_beam(&bytes, wanted, left);
        }
    }
    Ok(())
}

fn from_archive(path: &Path, wanted: &mut Wanted, left: &mut usize) -> Result<(), PairError> {
    debug::all(path, &mut |chunks| {
        if let Some(data) = chunks.chunk(ChunkId(*b"Dbgi")) {
            take(wanted, &(chunks.module.clone(), chunks.md5), data, left);
        }
    })?;
    Ok(())
}
