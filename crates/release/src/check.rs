//! Whether an assembled release will boot, and is what its files say.
//!
//! Mix can leave a release whose parts disagree: an `.app` that stayed stale, an overlay that replaced a
//! launcher, a step that removed too much. All is found here, before anything is packed, and each
//! problem names its file and its remedy.

mod applications;
mod env;
mod launcher;

use std::fmt;

use crate::tree::ReleaseTree;

pub use env::{Certainty, Override, env_overrides};

/// Something wrong with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or directory, below the release's root.
    pub path: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Problem {
    pub(crate) fn new(
        path: impl Into<String>,
        what: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self {
            path: path.into(),
            what: what.into(),
            remedy,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.what, self.remedy)
    }
}

/// A release in which nothing was found wrong.
#[derive(Debug, Clone)]
pub struct CheckedRelease {
    tree: ReleaseTree,
}

impl CheckedRelease {
    /// The release.
    pub fn tree(&self) -> &ReleaseTree {
        &self.tree
    }
}

/// A release in which something is wrong.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: the release is not sound: {}", root.display(), Lines(problems))]
pub struct Unsound {
    /// The release's root.
    pub root: std::path::PathBuf,
    /// What is wrong, at least one.
    pub problems: Vec<Problem>,
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Checks a release; every problem is found, not the first only.
///
/// # Errors
/// Where there is a problem.
pub fn check(tree: ReleaseTree) -> Result<CheckedRelease, Unsound> {
    let mut problems = Vec::new();
    launcher::check(&tree, &mut problems);
    applications::check(&tree, &mut problems);
    if problems.is_empty() {
        return Ok(CheckedRelease { tree });
    }
    Err(Unsound {
        root: tree.root,
        problems,
    })
}
