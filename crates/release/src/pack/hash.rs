//! Digests of a release's files, computed on two threads.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use sys::file::FileError;

use super::{PackError, Progress, Stage};
use crate::manifest::Content;
use crate::tree::{FileKind, ReleaseTree};

const THREADS: usize = 2;

/// Computes the content of every file of the tree, in the tree's order; a link has none.
pub(super) fn contents(
    tree: &ReleaseTree,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Option<Content>>, PackError> {
    let sizes = tree.files.iter().map(|file| match file.kind {
        FileKind::File { size, .. } => size,
        FileKind::Symlink { .. } => 0,
    });
    let bytes_total = sizes.sum();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(file) = tree.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let FileKind::File { .. } = file.kind {
                        let content = content(&tree.root.join(&file.path));
                        if sender.send((file, content)).is_err() {
                            return;
                        }
                    }
                }
            });
        }
        drop(sender);
        let mut contents = vec![None; tree.files.len()];
        let mut bytes_done = 0;
        for (file, content) in receiver {
            let content = content?;
            bytes_done += content.size;
            if let Ok(index) = tree.files.binary_search_by(|f| f.path.cmp(&file.path)) {
                contents[index] = Some(content);
            }
            progress(Progress {
                stage: Stage::Hashing,
                bytes_done,
                bytes_total,
            });
        }
        Ok(contents)
    })
}

fn content(path: &Path) -> Result<Content, FileError> {
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let mut hasher = blake3::Hasher::new();
    hasher
        .update_reader(file)
        .map_err(FileError::at("read", path))?;
    Ok(Content {
        size: hasher.count(),
        blake3: hasher.finalize(),
    })
}
