//! Releases as the upgrade compiler sees them, one or two at a time.
//!
//! ```text
//! directory ───┐                      ┌─ entries: every file with its digest
//! NAME.tar.gz ─┼─ found ─ assemble ──▶┤
//! ID.cutover ──┘                      └─ relup::Release
//! ```
//!
//! Layouts of `mix release`, Distillery and relx are read alike: `releases/VSN/NAME.rel` says what a
//! release is made of. What the host writes there (cookie, `RELEASES`, logs) is no part of it, nor is a
//! `relup`, which is made for a pair of releases. Two directories are walked together, so that a file
//! that is the same in both is hashed and read once. Debug information is kept of modules that differ,
//! and of those that processes run on.

mod archive;
mod assemble;
mod classify;
mod debug;
mod directory;
mod error;
mod found;
mod source;

use std::path::PathBuf;
use std::thread;

use relup::Release;

use crate::manifest::Entry;
use assemble::assemble;

pub use error::PairError;
pub use source::{Files, Source};

/// A release that was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Where it was read from.
    pub source: Source,
    /// What the compiler sees of it.
    pub release: Release,
    /// Every file and link of it, sorted by path.
    pub entries: Vec<Entry>,
}

/// Reads one release. Debug information is kept of every module that has it.
///
/// # Errors
/// Where it is no sound release: nothing is guessed.
pub fn read(source: &Source, chunks: &[PathBuf]) -> Result<Reading, PairError> {
    let found = match source {
        Source::Directory { root, .. } => directory::one(root, source.vsn())?,
        _ => archive::read(source)?,
    };
    let mut reading = assemble(source, found)?;
    debug::complete(&mut [&mut reading], chunks)?;
    Ok(reading)
}

/// Reads two releases that are to be compared.
///
/// `chunks` are archives of debug chunks ([`crate::debug`]) or directories with unstripped beams, looked
/// into for modules whose own beams have none; the archive beside an artifact is found by itself.
///
/// # Errors
/// Where one is no sound release: nothing is guessed.
pub fn read_pair(
    a: &Source,
    b: &Source,
    chunks: &[PathBuf],
) -> Result<(Reading, Reading), PairError> {
    let (mut first, mut second) = match (a, b) {
        (Source::Directory { root: one, .. }, Source::Directory { root: two, .. }) => {
            let (one, two) = directory::two((one, a.vsn()), (two, b.vsn()))?;
            thread::scope(|scope| {
                let other = scope.spawn(|| assemble(b, two));
                let first = assemble(a, one)?;
                match other.join() {
                    Ok(second) => Ok::<_, PairError>((first, second?)),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            })?
        }
        _ => thread::scope(|scope| {
            let other = scope.spawn(|| read_alone(b));
            let first = read_alone(a)?;
            let second = match other.join() {
                Ok(second) => second?,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            Ok::<_, PairError>((first, second))
        })?,
    };
    debug::complete(&mut [&mut first, &mut second], chunks)?;
    Ok((first, second))
}

fn read_alone(source: &Source) -> Result<Reading, PairError> {
    let found = match source {
        Source::Directory { root, .. } => directory::one(root, source.vsn())?,
        _ => archive::read(source)?,
    };
    assemble(source, found)
}

impl Reading {
    /// Refuses a release that OTP could not upgrade while it runs, for `sasl` is not in it.
    ///
    /// # Errors
    /// Where it is not.
    pub fn require_sasl(&self) -> Result<(), PairError> {
        match self.release.application("sasl") {
            Some(_) => Ok(()),
            None => Err(PairError::WithoutSasl {
                place: self.source.path().to_owned(),
            }),
        }
    }
}
