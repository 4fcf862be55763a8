//! The chunks that Mix strips from beams, kept beside the artifact and never shipped.
//!
//! Shipped beams have no debug chunks, and without them nobody can tell how the state of a process
//! changed between two releases. `ID.debug.tar.zst` holds, for every module of the artifact whose
//! unstripped beam is at hand, the chunks that the shipped one lacks: entries `MODULE/MD5/CHUNK`, where
//! the digest is that of the module's code, so that they are found for exactly that code.

mod read;
mod write;

use std::path::PathBuf;

use beam::BeamError;
use sys::file::FileError;

pub use read::{DebugChunks, all, chunks};
pub use write::{Kept, keep};

/// Why debug chunks were not kept or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A beam file cannot be read.
    #[error("{}: {source}; run `mix compile --force`", path.display())]
    Beam {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: BeamError,
    },
    /// The disk is full.
    #[error("no space left in {} for the debug chunks; make room there and build again", dir.display())]
    NoSpace {
        /// The directory.
        dir: PathBuf,
    },
    /// The archive is damaged.
    #[error("{}: not an archive of debug chunks ({reason}); build the artifact again", path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
