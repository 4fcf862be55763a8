//! Debug information of modules that differ, wherever it is kept.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use beam::{BeamFile, ChunkId, Limits, ModuleMd5};
use relup::{Module, Release};
use sys::file::{FileError, read_bounded};
use walkdir::WalkDir;

use super::classify::{Class, class};
use super::found::{self, WHOLE_BYTES_MAX};
use super::{PairError, Reading, Source, archive};
use crate::debug;

/// Bytes of debug information that are kept of one release at most.
const DEBUG_BYTES_MAX: usize = 1 << 30;

/// Threads that read unstripped beams.
const THREADS: usize = 2;

/// By module, and by the digest of each code of it.
type Wanted = HashMap<String, Vec<(ModuleMd5, Option<Arc<[u8]>>)>>;

/// Adds the debug information of modules that the other release has not, or has otherwise, and of those
/// that processes run on.
pub(super) fn complete(readings: &mut [&mut Reading], chunks: &[PathBuf]) -> Result<(), PairError> {
    let mut wanted = wanted(readings);
    let mut left = DEBUG_BYTES_MAX;
    for reading in readings.iter() {
        if !is_complete(&wanted) && !matches!(reading.source, Source::Directory { .. }) {
            from_beams(&reading.source, &mut wanted, &mut left)?;
        }
    }
    let beside: Vec<PathBuf> = readings
        .iter()
        .filter_map(|r| r.source.side_archive())
        .collect();
    for path in beside.iter().chain(chunks) {
        if is_complete(&wanted) {
            break;
        }
        if path.is_dir() {
            from_directory(path, &mut wanted, &mut left)?;
        } else {
            from_archive(path, &mut wanted, &mut left)?;
        }
    }
    // What releases share they go on sharing: by where it lies.
    let mut replaced: HashMap<*const Module, Arc<Module>> = HashMap::new();
    for reading in readings {
        let release = &mut reading.release;
        let applications = release.applications.iter_mut().map(|app| &mut app.modules);
        for module in applications
            .chain([&mut release.consolidated])
            .flat_map(|modules| modules.values_mut())
        {
            if module.debug.is_some() {
                continue;
            }
            let codes = wanted.get(&module.name).into_iter().flatten();
            let mut data =
                codes.filter_map(|(md5, data)| data.as_ref().filter(|_| *md5 == module.md5));
            if let Some(data) = data.next() {
                let with = replaced.entry(Arc::as_ptr(module)).or_insert_with(|| {
                    let mut with = Module::clone(module);
                    with.debug = Some(Arc::clone(data));
                    Arc::new(with)
                });
                *module = Arc::clone(with);
            }
        }
    }
    Ok(())
}

fn is_complete(wanted: &Wanted) -> bool {
    wanted.values().flatten().all(|(_, data)| data.is_some())
}

/// Modules without debug information of which it might be needed.
fn wanted(readings: &[&mut Reading]) -> Wanted {
    let digests: Vec<HashMap<&str, ModuleMd5>> = readings
        .iter()
        .map(|reading| {
            modules(&reading.release)
                .map(|m| (m.name.as_str(), m.md5))
                .collect()
        })
        .collect();
    let mut wanted = Wanted::new();
    for (number, reading) in readings.iter().enumerate() {
        let mut others = digests
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != number);
        let other = others.next().map(|(_, digests)| digests);
        for module in modules(&reading.release).filter(|module| module.debug.is_none()) {
            let fellow = other.and_then(|other| other.get(module.name.as_str()));
            if fellow != Some(&module.md5) || runs_processes(module) {
                let codes = wanted.entry(module.name.clone()).or_default();
                if !codes.iter().any(|(md5, _)| *md5 == module.md5) {
                    codes.push((module.md5, None));
                }
            }
        }
    }
    wanted
}

fn modules(release: &Release) -> impl Iterator<Item = &Module> {
    let applications = release.applications.iter().map(|app| &app.modules);
    let all = applications.chain([&release.consolidated]);
    all.flat_map(|modules| modules.values().map(Arc::as_ref))
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

fn take(wanted: &mut Wanted, (name, md5, data): (&str, ModuleMd5, &[u8]), left: &mut usize) {
    let codes = wanted.get_mut(name).into_iter().flatten();
    for (_, slot) in codes.filter(|(wanted, slot)| *wanted == md5 && slot.is_none()) {
        if !data.is_empty()
            && let Some(rest) = left.checked_sub(data.len())
        {
            *left = rest;
            *slot = Some(data.into());
        }
    }
}

/// Whether debug information of some code of a module is still to be found.
fn lacks(wanted: &Wanted, name: &str) -> bool {
    let mut codes = wanted.get(name).into_iter().flatten();
    codes.any(|(_, data)| data.is_none())
}

/// The beams of the release itself, read once more: which of them differ was not known before.
fn from_beams(source: &Source, wanted: &mut Wanted, left: &mut usize) -> Result<(), PairError> {
    archive::stream(source, &mut |path, member| {
        let stem = path.as_str().rsplit('/').next().unwrap_or_default();
        let name = stem.strip_suffix(".beam");
        let meant = class(path.as_str()) == Class::Beam && name.is_some_and(|n| lacks(wanted, n));
        if let (true, archive::Member::File { size, reader, .. }) = (meant, member) {
            let mut bytes = Vec::new();
            reader
                .take(size.min(WHOLE_BYTES_MAX))
                .read_to_end(&mut bytes)
                .map_err(FileError::at("read", source.path()))?;
            if let Some((name, md5, data)) = of_beam(&bytes) {
                take(wanted, (&name, md5, &data), left);
            }
        }
        Ok(())
    })?;
    Ok(())
}

type Found = (String, ModuleMd5, Arc<[u8]>);

fn of_beam(bytes: &[u8]) -> Option<Found> {
    let beam = BeamFile::read(bytes, &Limits::RELEASE).ok()?;
    let data = found::debug(&beam)?;
    Some((beam.module().to_owned(), beam.md5().ok()?, data))
}

/// Unstripped beams anywhere below a directory, such as `_build/prod/lib`.
fn from_directory(dir: &Path, wanted: &mut Wanted, left: &mut usize) -> Result<(), PairError> {
    let mut paths = Vec::new();
    // A link that leads nowhere is of no use, and no harm.
    for entry in WalkDir::new(dir)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .flatten()
    {
        let name = entry.file_name().to_str();
        let module = name.and_then(|name| name.strip_suffix(".beam"));
        if module.is_some_and(|module| lacks(wanted, module)) {
            paths.push(entry.into_path());
        }
    }
    let read = |paths: &[PathBuf]| -> Result<Vec<Found>, FileError> {
        let mut found = Vec::new();
        for path in paths {
            found.extend(of_beam(&read_bounded(path, WHOLE_BYTES_MAX)?));
        }
        Ok(found)
    };
    let parts = paths.chunks(paths.len().div_ceil(THREADS).max(1));
    let found: Vec<Result<Vec<Found>, FileError>> = thread::scope(|scope| {
        let workers: Vec<_> = parts.map(|part| scope.spawn(|| read(part))).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| match worker.join() {
            Ok(found) => found,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(join).collect()
    });
    for part in found {
        for (name, md5, data) in part? {
            take(wanted, (&name, md5, &data), left);
        }
    }
    Ok(())
}

fn from_archive(path: &Path, wanted: &mut Wanted, left: &mut usize) -> Result<(), PairError> {
    debug::all(path, &mut |chunks| {
        if let Some(data) = chunks.chunk(ChunkId(*b"Dbgi")) {
            take(wanted, (&chunks.module, chunks.md5, data), left);
        }
    })?;
    Ok(())
}
