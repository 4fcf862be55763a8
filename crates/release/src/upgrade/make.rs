//! Making an upgrade package of two releases.

use std::collections::HashSet;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use relup::Release;
use sys::file::FileError;
use tempfile::SpooledTempFile;

use super::delta::{self, GROUP_BYTES_MAX, PREFIX_BYTES_MAX};
use super::layout::{Fellows, fellows, is_versioned, join, managed};
use super::manifest::{
    Group, Shared, Side, UpgradeManifest, Which, content_bytes, digest, entry_path, mark,
};
use super::{UpgradeError, write};
use crate::ArtifactId;
use crate::manifest::{Content, Entry, EntryKind};
use crate::pair::Reading;
use crate::sign::SigningKey;

/// A blob is kept in memory up to this many bytes.
const SPOOLED_BYTES_MAX: usize = 1 << 20;
const THREADS: usize = 2;

/// An upgrade package that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its id: a digest of its manifest.
    pub id: ArtifactId,
    /// Its file.
    pub path: PathBuf,
    /// The file's size in bytes.
    pub bytes: u64,
    /// What it holds.
    pub manifest: UpgradeManifest,
    /// Whether it is signed.
    pub signed: bool,
}

/// Makes an upgrade package of two releases and the `relup` between them, and writes it to a file, whole
/// or not at all.
///
/// # Errors
/// Where the two cannot be upgraded one to the other, contents differ under unchanged versions, or a
/// file cannot be read or written.
pub fn make(
    a: &Reading,
    b: &Reading,
    relup: &str,
    key: Option<&SigningKey>,
    path: &Path,
) -> Result<Made, UpgradeError> {
    check(a, b)?;
    let fellows = fellows(a, b);
    not_bumped(&fellows)?;
    let (shared, groups) = sort(&fellows)?;
    let manifest = UpgradeManifest {
        release: b.release.name.clone(),
        a: side(a),
        b: side(b),
        relup: Content::of(relup.as_bytes()),
        shared,
        groups,
    };
    let bytes = manifest.to_bytes();
    // What no host would accept is not made.
    UpgradeManifest::parse(&bytes).map_err(|source| UpgradeError::Manifest {
        path: path.to_owned(),
        source,
    })?;
    let id = ArtifactId::of_manifest_bytes(&bytes);
    let signature = match key {
        Some(key) => key.sign_as("upgrade", &bytes, &id)?,
        None => Vec::new(),
    };
    let blobs = blobs(a, b, &manifest.groups)?;
    let head = write::Head {
        manifest: &bytes,
        signature: &signature,
        relup: relup.as_bytes(),
    };
    let bytes = write::write(&head, blobs, path)?;
    Ok(Made {
        id,
        path: path.to_owned(),
        bytes,
        manifest,
        signed: key.is_some(),
    })
}

fn check(a: &Reading, b: &Reading) -> Result<(), UpgradeError> {
    let (from, to) = (&a.release, &b.release);
    if from.name != to.name {
        return Err(UpgradeError::OtherRelease {
            from: from.name.clone(),
            to: to.name.clone(),
        });
    }
    a.require_sasl()?;
    b.require_sasl()?;
    if from.vsn == to.vsn {
        return Err(UpgradeError::SameVsn {
            vsn: to.vsn.clone(),
        });
    }
    Ok(())
}

/// A directory with a version in its name cannot hold two contents.
fn not_bumped(fellows: &[Fellows<'_>]) -> Result<(), UpgradeError> {
    let altered = fellows.iter().filter_map(|fellows| {
        let directory = fellows.from.as_ref()?;
        if fellows.to.as_ref() != Some(directory) || !is_versioned(directory) {
            return None;
        }
        let mut files = fellows.files.iter();
        let (file, _) = files.find(|(_, (from, to))| from != to)?;
        Some((directory.clone(), (*file).to_owned()))
    });
    let directories: Vec<(String, String)> = altered.collect();
    match directories.is_empty() {
        true => Ok(()),
        false => Err(UpgradeError::NotBumped { directories }),
    }
}

fn side(reading: &Reading) -> Side {
    let Release {
        vsn,
        erts,
        applications,
        ..
    } = &reading.release;
    let applications = applications.iter();
    let entries = managed(&reading.entries);
    Side {
        vsn: vsn.clone(),
        erts: erts.clone(),
        applications: applications
            .map(|app| (app.name.clone(), app.vsn.clone()))
            .collect(),
        digest: digest(entries.map(|entry| (entry.path.as_str(), entry.kind.digest()))),
    }
}

fn sort(all: &[Fellows<'_>]) -> Result<(Vec<Shared>, Vec<Group>), UpgradeError> {
    let (mut shareds, mut groups) = (Vec::new(), Vec::new());
    for fellows in all {
        let mut group = Group {
            a: Vec::new(),
            b: Vec::new(),
            delta: true,
        };
        let mut shared = Vec::new();
        let mut sizes = (0, 0);
        for (path, (from, to)) in &fellows.files {
            if let (Some(from), Some(to)) = (from, to)
                && from == to
            {
                shared.push(((*path).to_owned(), mark(from)));
                continue;
            }
            let size = |kind: &Option<&EntryKind>| match kind {
                Some(EntryKind::File { content, .. }) => content.size,
                _ => 0,
            };
            let (size_a, size_b) = (size(from), size(to));
            let full = sizes.0 + size_a > GROUP_BYTES_MAX || sizes.1 + size_b > GROUP_BYTES_MAX;
            if full && sizes != (0, 0) {
                groups.push(closed(std::mem::replace(
                    &mut group,
                    Group {
                        a: Vec::new(),
                        b: Vec::new(),
                        delta: true,
                    },
                )));
                sizes = (0, 0);
            }
            sizes = (sizes.0 + size_a, sizes.1 + size_b);
            group.a.extend(entry(fellows.from.as_deref(), path, *from)?);
            group.b.extend(entry(fellows.to.as_deref(), path, *to)?);
        }
        if !group.a.is_empty() || !group.b.is_empty() {
            groups.push(closed(group));
        }
        if let (Some(from), Some(to), false) = (&fellows.from, &fellows.to, shared.is_empty()) {
            shareds.push(Shared {
                from: from.clone(),
                to: to.clone(),
                files: shared,
            });
        }
    }
    Ok((shareds, groups))
}

fn closed(mut group: Group) -> Group {
    let sizes = [&group.a, &group.b].map(|side| content_bytes(side));
    let fits = sizes.iter().all(|size| *size <= PREFIX_BYTES_MAX);
    // What is replaced in place is not at hand any more when a run that was cut short is done again.
    group.delta = fits && group.lies_in_versions();
    group
}

fn entry(
    directory: Option<&str>,
    path: &str,
    kind: Option<&EntryKind>,
) -> Result<Option<Entry>, UpgradeError> {
    let (Some(directory), Some(kind)) = (directory, kind) else {
        return Ok(None);
    };
    let path = join(directory, path);
    let entry_path = entry_path(path.clone()).map_err(|source| UpgradeError::Manifest {
        path: path.into(),
        source,
    })?;
    Ok(Some(Entry {
        path: entry_path,
        kind: kind.clone(),
    }))
}

/// A blob of the package.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) file: SpooledTempFile,
    pub(super) bytes: u64,
}

/// The blobs of all groups, those of the way up first.
fn blobs(a: &Reading, b: &Reading, groups: &[Group]) -> Result<Vec<Blob>, UpgradeError> {
    let wanted = |which: Which| -> HashSet<&str> {
        let entries = groups.iter().flat_map(move |group| group.side(which));
        entries.map(|entry| entry.path.as_str()).collect()
    };
    let files_a = a.source.files(&wanted(Which::A))?;
    let files_b = b.source.files(&wanted(Which::B))?;
    let root = |which| match which {
        Which::A => files_a.root(),
        Which::B => files_b.root(),
    };
    // Large ones first, so that no thread is left with one at the end.
    let mut tasks: Vec<(Which, usize)> = [Which::B, Which::A]
        .into_iter()
        .flat_map(|to| (0..groups.len()).map(move |number| (to, number)))
        .filter(|(to, number)| content_bytes(groups[*number].side(*to)) > 0)
        .collect();
    tasks.sort_by_key(|(to, number)| std::cmp::Reverse(content_bytes(groups[*number].side(*to))));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(tasks.len()));
    let work = || -> Result<(), UpgradeError> {
        while let Some(&(to, number)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let group = &groups[number];
            let blob = blob(group, to, number, root(to.other()), root(to))?;
            let mut done = done.lock().unwrap_or_else(|e| e.into_inner());
            done.push(((to == Which::A, number), blob));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (1..THREADS).map(|_| scope.spawn(work)).collect();
        let own = work();
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        own
    })?;
    let mut done = done.into_inner().unwrap_or_else(|e| e.into_inner());
    done.sort_by_key(|(order, _)| *order);
    Ok(done.into_iter().map(|(_, blob)| blob).collect())
}

fn blob(
    group: &Group,
    to: Which,
    number: usize,
    root_from: &Path,
    root_to: &Path,
) -> Result<Blob, UpgradeError> {
    let entries = group.side(to);
    let prefix = match group.delta {
        true => delta::contents(root_from, group.side(to.other()))?,
        false => Vec::new(),
    };
    let mut file = SpooledTempFile::new(SPOOLED_BYTES_MAX);
    delta::encode(root_to, entries, content_bytes(entries), &prefix, &mut file)?;
    let failed = || FileError::at("write", std::env::temp_dir());
    file.flush().map_err(failed())?;
    let bytes = file.stream_position().map_err(failed())?;
    file.rewind().map_err(failed())?;
    Ok(Blob {
        name: write::blob_name(to, number),
        file,
        bytes,
    })
}
