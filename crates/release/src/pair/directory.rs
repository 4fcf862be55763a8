//! Assembled releases, read by several threads.
//!
//! A file is paired with its fellow in the other release, also where the directory of its application
//! names another version. Where the two hold the same bytes, what they say is found out once.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use beam::RelFile;
use sys::file::FileError;

use super::PairError;
use super::assemble::identify;
use super::classify::{Class, class, is_foreign};
use super::found::{Found, Keep, TEXT_BYTES_MAX, WHOLE_BYTES_MAX, What};
use crate::manifest::{Content, Entry, EntryKind};
use crate::tree::{FileKind, TreeFile, is_below, remains, walk};

/// Larger files that are no modules are hashed as they stream by.
const STREAMED_BYTES_MIN: u64 = 4 << 20;
/// Files that a thread takes at a time.
const BATCH: usize = 16;
const THREADS_MAX: usize = 8;

/// A release to read: its root and its files.
struct Listed<'a> {
    root: &'a Path,
    rel: RelFile,
    vsn: String,
    files: Vec<TreeFile>,
}

/// Reads one release.
pub(super) fn one(root: &Path, vsn: Option<&str>) -> Result<Vec<Found>, PairError> {
    let listed = list(root, vsn)?;
    let pairs: Vec<_> = (0..listed.files.len()).map(|i| (Some(i), None)).collect();
    let none = Listed {
        files: Vec::new(),
        rel: listed.rel.clone(),
        vsn: listed.vsn.clone(),
        root,
    };
    Ok(read(&listed, &none, &pairs, Keep::All)?.0)
}

/// Reads two releases together.
pub(super) fn two(
    a: (&Path, Option<&str>),
    b: (&Path, Option<&str>),
) -> Result<(Vec<Found>, Vec<Found>), PairError> {
    let (a, b) = thread::scope(|scope| {
        let other = scope.spawn(|| list(b.0, b.1));
        let a = list(a.0, a.1)?;
        match other.join() {
            Ok(b) => Ok::<_, PairError>((a, b?)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    let pairs = pairs(&a, &b);
    read(&a, &b, &pairs, Keep::Processes)
}

fn list<'a>(root: &'a Path, vsn: Option<&str>) -> Result<Listed<'a>, PairError> {
    if !root.join("releases").is_dir() {
        return Err(PairError::NotRelease {
            place: root.to_owned(),
            reason: "it has no directory `releases`".to_owned(),
        });
    }
    let mut files = walk(root)?;
    files.retain(|file| !is_foreign(file.path.as_str()));
    let text = |path: &str| {
        let path = root.join(path);
        sys::file::read_bounded(&path, TEXT_BYTES_MAX).map_err(|e| e.to_string())
    };
    let paths = || files.iter().map(|file| file.path.as_str());
    let (rel, vsn) = identify(root, paths, text, vsn)?;
    let remains = remains(paths(), &rel, &vsn);
    files.retain(|file| !is_below(file.path.as_str(), &remains));
    Ok(Listed {
        root,
        rel,
        vsn,
        files,
    })
}

type Pair = (Option<usize>, Option<usize>);

fn pairs(a: &Listed<'_>, b: &Listed<'_>) -> Vec<Pair> {
    let names = |listed: &Listed<'_>| -> HashMap<String, String> {
        let apps = listed.rel.applications.iter();
        apps.map(|app| (format!("{}-{}", app.name, app.vsn), app.name.clone()))
            .collect()
    };
    let key = |path: &str, names: &HashMap<String, String>, vsn: &str| {
        let parts = path.split_once('/').and_then(|(top, rest)| {
            let (directory, rest) = rest.split_once('/')?;
            match top {
                "lib" => Some(format!("lib/{}/{rest}", names.get(directory)?)),
                "releases" if directory == vsn => Some(format!("releases//{rest}")),
                _ => None,
            }
        });
        parts.unwrap_or_else(|| path.to_owned())
    };
    let (names_a, names_b) = (names(a), names(b));
    let mut second: HashMap<String, usize> = b
        .files
        .iter()
        .enumerate()
        .map(|(index, file)| (key(file.path.as_str(), &names_b, &b.vsn), index))
        .collect();
    let mut pairs: Vec<Pair> = a
        .files
        .iter()
        .enumerate()
        .map(|(index, file)| {
            let key = key(file.path.as_str(), &names_a, &a.vsn);
            (Some(index), second.remove(&key))
        })
        .collect();
    pairs.extend(second.into_values().map(|index| (None, Some(index))));
    pairs
}

/// The results come in the order of each list.
fn read(
    a: &Listed<'_>,
    b: &Listed<'_>,
    pairs: &[Pair],
    keep: Keep,
) -> Result<(Vec<Found>, Vec<Found>), PairError> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new((Vec::with_capacity(a.files.len()), Vec::new()));
    let threads = thread::available_parallelism().map_or(2, NonZero::get);
    let work = || -> Result<(), FileError> {
        let mut buffers = (Vec::new(), Vec::new());
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(batch) = pairs.get(start..pairs.len().min(start + BATCH)) else {
                return Ok(());
            };
            if batch.is_empty() {
                return Ok(());
            }
            let mut ours = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
            for (first, second) in batch {
                let first = first.map(|index| (index, a.root, &a.files[index]));
                let second = second.map(|index| (index, b.root, &b.files[index]));
                pair(first, second, keep, &mut buffers, &mut ours)?;
            }
            let mut found = found.lock().unwrap_or_else(|e| e.into_inner());
            found.0.append(&mut ours.0);
            found.1.append(&mut ours.1);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.clamp(2, THREADS_MAX))
            .map(|_| scope.spawn(work))
            .collect();
        let own = work();
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        own
    })?;
    let (first, second) = found.into_inner().unwrap_or_else(|e| e.into_inner());
    let in_order = |mut found: Vec<(usize, Found)>| {
        found.sort_unstable_by_key(|(index, _)| *index);
        found.into_iter().map(|(_, found)| found).collect()
    };
    Ok((in_order(first), in_order(second)))
}

type Item<'a> = (usize, &'a Path, &'a TreeFile);
type Numbered = Vec<(usize, Found)>;

fn pair(
    first: Option<Item<'_>>,
    second: Option<Item<'_>>,
    keep: Keep,
    buffers: &mut (Vec<u8>, Vec<u8>),
    found: &mut (Numbered, Numbered),
) -> Result<(), FileError> {
    let (Some(first), Some(second)) = (first, second) else {
        // What has no fellow differs.
        if let Some(item) = first {
            found
                .0
                .push((item.0, file(item, Keep::All, &mut buffers.0)?));
        }
        if let Some(item) = second {
            found
                .1
                .push((item.0, file(item, Keep::All, &mut buffers.0)?));
        }
        return Ok(());
    };
    let keep = if whole(first, &mut buffers.0)?
        && whole(second, &mut buffers.1)?
        && class(first.2.path.as_str()) == class(second.2.path.as_str())
    {
        if buffers.0 == buffers.1 {
            let one = known(first, &buffers.0, keep);
            let other = Found {
                entry: Entry {
                    path: second.2.path.clone(),
                    kind: kind(second.2, content_of(&one.entry.kind)),
                },
                what: one.what.clone(),
            };
            found.0.push((first.0, one));
            found.1.push((second.0, other));
            return Ok(());
        }
        Keep::All
    } else {
        keep
    };
    found.0.push((first.0, file(first, keep, &mut buffers.0)?));
    found
        .1
        .push((second.0, file(second, keep, &mut buffers.1)?));
    Ok(())
}

/// Reads a file that is small enough, or a module, into the buffer; says whether it did.
fn whole(item: Item<'_>, buffer: &mut Vec<u8>) -> Result<bool, FileError> {
    let (_, root, file) = item;
    let FileKind::File { size, .. } = file.kind else {
        return Ok(false);
    };
    let limit = match class(file.path.as_str()) {
        Class::Beam => WHOLE_BYTES_MAX,
        Class::Text => TEXT_BYTES_MAX,
        Class::Other => STREAMED_BYTES_MIN,
    };
    if size > limit {
        return Ok(false);
    }
    let path = root.join(&file.path);
    let opened = File::open(&path).map_err(FileError::at("open", &path))?;
    buffer.clear();
    // One more than it should be, so that the end is seen at once.
    buffer.reserve(usize::try_from(size).unwrap_or(0) + 1);
    opened
        .take(limit + 1)
        .read_to_end(buffer)
        .map_err(FileError::at("read", path))?;
    Ok(buffer.len() as u64 <= limit)
}

fn file(item: Item<'_>, keep: Keep, buffer: &mut Vec<u8>) -> Result<Found, FileError> {
    let (_, root, file) = item;
    if whole(item, buffer)? {
        return Ok(known(item, buffer, keep));
    }
    let content = match &file.kind {
        FileKind::Symlink { .. } => None,
        FileKind::File { .. } => {
            let path = root.join(&file.path);
            let mut hasher = blake3::Hasher::new();
            File::open(&path)
                .and_then(|file| hasher.update_reader(file).map(|_| ()))
                .map_err(FileError::at("read", path))?;
            Some(Content {
                size: hasher.count(),
                blake3: hasher.finalize(),
            })
        }
    };
    let what = match (class(file.path.as_str()), &content) {
        (Class::Beam, Some(_)) => What::Module(Err(format!(
            "larger than the limit of {WHOLE_BYTES_MAX} bytes"
        ))),
        _ => What::Nothing,
    };
    Ok(Found {
        entry: Entry {
            path: file.path.clone(),
            kind: kind(file, content),
        },
        what,
    })
}

fn known((_, _, file): Item<'_>, bytes: &[u8], keep: Keep) -> Found {
    Found {
        entry: Entry {
            path: file.path.clone(),
            kind: kind(file, Some(Content::of(bytes))),
        },
        what: What::of(class(file.path.as_str()), bytes, keep),
    }
}

fn kind(file: &TreeFile, content: Option<Content>) -> EntryKind {
    match &file.kind {
        FileKind::Symlink { target } => EntryKind::Symlink {
            target: target.clone(),
        },
        FileKind::File { executable, .. } => EntryKind::File {
            executable: *executable,
            content: content.unwrap_or_else(|| Content::of(b"")),
        },
    }
}

fn content_of(kind: &EntryKind) -> Option<Content> {
    match kind {
        EntryKind::File { content, .. } => Some(*content),
        EntryKind::Symlink { .. } => None,
    }
}
