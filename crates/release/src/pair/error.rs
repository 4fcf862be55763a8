//! Why releases cannot be read.

use std::fmt;
use std::path::PathBuf;

use sys::file::FileError;

use crate::check::Problem;
use crate::debug::DebugError;
use crate::tree::TreeError;
use crate::unpack::UnpackError;

/// Why a release cannot be read. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The directory holds what no release may.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The artifact is not whole.
    #[error(transparent)]
    Artifact(#[from] UnpackError),
    /// The debug chunks cannot be read.
    #[error(transparent)]
    Debug(#[from] DebugError),
    /// It is no release.
    #[error(
        "{}: not a release ({reason}); name what `mix release` or `rebar3 release` made, its .tar.gz, or an artifact",
        place.display()
    )]
    NotRelease {
        /// What was read.
        place: PathBuf,
        /// What is missing or broken.
        reason: String,
    },
    /// The archive is damaged, or made to do harm.
    #[error("{}: the archive is refused: {reason}; fetch or build it again", place.display())]
    Archive {
        /// The archive.
        place: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Its parts contradict each other.
    #[error("{}: the release is not sound:{}", place.display(), Lines(problems))]
    Unsound {
        /// What was read.
        place: PathBuf,
        /// What is wrong, at least one.
        problems: Vec<Problem>,
    },
    /// OTP upgrades nothing without `sasl`.
    #[error(
        "{}: the release is without sasl, whose release_handler performs hot upgrades; add :sasl to extra_applications and build again",
        place.display()
    )]
    WithoutSasl {
        /// What was read.
        place: PathBuf,
    },
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|p| write!(f, "\n  {p}"))
    }
}
