//! Putting what was staged into place: renames, in an order in which the base boots at every instant.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::path::PathBuf;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use sys::file::{FileError, sync_dir};
use tempfile::TempDir;

use super::UpgradeError;

pub(super) const BIN: &str = "bin";

/// One change of the release's directory; each is one rename or removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new directory, whole.
    Directory(String),
    /// A file in place of another, or of none.
    File(String),
    /// The launchers, all at once.
    Launchers,
    /// A file that the new release has not.
    Remove(String),
}

/// A release staged beside the one that is there. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staged {
    pub(super) root: PathBuf,
    pub(super) staging: TempDir,
    pub(super) steps: VecDeque<Step>,
    /// Files and bytes that were staged.
    pub(super) written: (usize, u64),
    /// Holds the lock.
    pub(super) _lock: File,
}

impl Staged {
    /// The changes that are left, in their order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter()
    }

    /// Makes the next change; says whether there was one.
    ///
    /// # Errors
    /// Where it cannot be made; the base is whole, and the package can be applied again.
    pub fn advance(&mut self) -> Result<bool, UpgradeError> {
        let Some(step) = self.steps.front() else {
            return Ok(false);
        };
        let rename = |path: &str| -> Result<(), UpgradeError> {
            let (from, to) = (self.staging.path().join(path), self.root.join(path));
            let parent = to.parent().unwrap_or(&self.root);
            fs::create_dir_all(parent).map_err(FileError::at("create", parent))?;
            fs::rename(&from, &to).map_err(FileError::at("rename to", &to))?;
            Ok(sync_dir(parent)?)
        };
        match step {
            Step::Directory(path) | Step::File(path) => rename(path)?,
            Step::Launchers => self.exchange()?,
            Step::Remove(path) => {
                let path = self.root.join(path);
                fs::remove_file(&path).map_err(FileError::at("remove", path))?;
            }
        }
        self.steps.pop_front();
        Ok(true)
    }

    /// Exchanges the directories of launchers; where the file system cannot, file by file.
    fn exchange(&self) -> Result<(), UpgradeError> {
        let (from, to) = (self.staging.path().join(BIN), self.root.join(BIN));
        let exchanged = match to.exists() {
            true => renameat_with(CWD, &from, CWD, &to, RenameFlags::EXCHANGE)
                .map_err(std::io::Error::from),
            false => fs::rename(&from, &to),
        };
        if exchanged.is_err() {
            let mut names = BTreeSet::new();
            for entry in fs::read_dir(&from).map_err(FileError::at("list", &from))? {
                let name = entry.map_err(FileError::at("list", &from))?.file_name();
                let target = to.join(&name);
                fs::rename(from.join(&name), &target)
                    .map_err(FileError::at("rename to", target))?;
                names.insert(name);
            }
            for entry in fs::read_dir(&to).map_err(FileError::at("list", &to))? {
                let entry = entry.map_err(FileError::at("list", &to))?;
                if !names.contains(&entry.file_name()) {
                    let path = entry.path();
                    fs::remove_file(&path).map_err(FileError::at("remove", path))?;
                }
            }
            sync_dir(&to)?;
        }
        Ok(sync_dir(&self.root)?)
    }
}
