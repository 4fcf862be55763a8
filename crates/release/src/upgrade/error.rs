//! Why an upgrade package cannot be made or applied.

use std::fmt;
use std::path::PathBuf;

use sys::file::FileError;

use super::wire::UpgradeManifestError;
use crate::pair::PairError;
use crate::sign::{KeyError, SignatureError};

/// Why an upgrade package cannot be made or applied. The base is as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A release cannot be read.
    #[error(transparent)]
    Release(#[from] PairError),
    /// The package could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The two releases have different names.
    #[error("{from} cannot be upgraded to {to}: they are different releases")]
    OtherRelease {
        /// The name of the older.
        from: String,
        /// The name of the newer.
        to: String,
    },
    /// The two releases have one version.
    #[error(
        "both releases have the version {vsn}; a hot upgrade needs two: bump `version:` in mix.exs"
    )]
    SameVsn {
        /// It.
        vsn: String,
    },
    /// Contents changed under unchanged versions.
    #[error(
        "contents differ under unchanged versions; bump the version of each:{}",
        Lines(directories)
    )]
    NotBumped {
        /// The directories, each with the first file in it that differs.
        directories: Vec<(String, String)>,
    },
    /// A file is not what it was when the release was read.
    #[error("{}: changed while the package was made; make it again with nothing else writing there", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is no upgrade package.
    #[error("{}: not an upgrade package; `cutover release upgrade` makes one", path.display())]
    NotPackage {
        /// The file.
        path: PathBuf,
    },
    /// It was damaged on its way.
    #[error("{}: the upgrade package is damaged: {reason}; copy or make it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Its signature does not count.
    #[error("{}: the upgrade package is not accepted: {source}", path.display())]
    Signature {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SignatureError,
    },
    /// Its manifest cannot be used.
    #[error("{}: the upgrade package holds {source}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: UpgradeManifestError,
    },
    /// The directory holds another release than the base.
    #[error("{}: the package needs {needed}, and {found} is there", root.display())]
    WrongBase {
        /// The directory.
        root: PathBuf,
        /// The base: name and version.
        needed: String,
        /// What is there instead.
        found: String,
    },
    /// The base is not as it was built.
    #[error("{}: the base was altered: {path} {what}; take one that is as it was built", root.display())]
    Altered {
        /// The directory.
        root: PathBuf,
        /// The first file that differs.
        path: String,
        /// How.
        what: &'static str,
    },
    /// Where the new release should go, something else is.
    #[error("{}: {path} is there already and is not that of {target}; move {directory} away", root.display())]
    Occupied {
        /// The directory of the release.
        root: PathBuf,
        /// The first file that differs.
        path: String,
        /// The directory that it is in.
        directory: String,
        /// The release that should go there.
        target: String,
    },
    /// What came out is not what the manifest says.
    #[error("{}: the upgrade package contradicts itself: {reason}; do not use it, make it again", path.display())]
    Contradiction {
        /// The package.
        path: PathBuf,
        /// Where.
        reason: String,
    },
    /// Somebody else applies a package there.
    #[error("{}: another process applies an upgrade package there; wait for it", root.display())]
    Busy {
        /// The directory.
        root: PathBuf,
    },
}

struct Lines<'a>(&'a [(String, String)]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(directory, file)| write!(f, "\n  {directory}: {file}"))
    }
}
