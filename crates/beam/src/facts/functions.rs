//! The tables of exported and imported functions.

use std::fmt;

use super::FactsError;
use crate::atoms::Atoms;
use crate::chunks::{BeamError, BeamFile, ChunkId};

/// A function of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// The number of its arguments.
    pub arity: u8,
}

impl fmt::Display for Function<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

/// A function of another module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Import<'a> {
    /// The module that it is in.
    pub module: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The number of its arguments.
    pub arity: u8,
}

/// Entries of three words: name, arity, label.
pub(super) fn exports(beam: &BeamFile<'_>, atoms: &Atoms) -> Result<Vec<(u32, u8)>, FactsError> {
    let entry = |[name, arity, _]: [u32; 3]| Some((known(atoms, name)?, u8::try_from(arity).ok()?));
    table(beam, ChunkId(*b"ExpT"), entry)
}

/// Entries of three words: module, name, arity.
pub(super) fn imports(
    beam: &BeamFile<'_>,
    atoms: &Atoms,
) -> Result<Vec<(u32, u32, u8)>, FactsError> {
    let entry = |[module, name, arity]: [u32; 3]| {
        let (module, name) = (known(atoms, module)?, known(atoms, name)?);
        Some((module, name, u8::try_from(arity).ok()?))
    };
    table(beam, ChunkId(*b"ImpT"), entry)
}

/// The count at the head of chunk `FunT`, which a module without funs has not.
pub(super) fn funs(beam: &BeamFile<'_>) -> Result<u32, FactsError> {
    let chunk = ChunkId(*b"FunT");
    let Some(data) = beam.chunk(chunk) else {
        return Ok(0);
    };
    let count = data.first_chunk::<4>();
    let count = count.ok_or(FactsError::Damaged { chunk })?;
    Ok(u32::from_be_bytes(*count))
}

fn known(atoms: &Atoms, number: u32) -> Option<u32> {
    (1..=atoms.len())
        .contains(&(number as usize))
        .then_some(number)
}

fn table<T>(
    beam: &BeamFile<'_>,
    chunk: ChunkId,
    entry: impl Fn([u32; 3]) -> Option<T>,
) -> Result<Vec<T>, FactsError> {
    let data = beam.chunk(chunk).ok_or(BeamError::MissingChunk { chunk })?;
    let damaged = FactsError::Damaged { chunk };
    let Some((count, data)) = data.split_first_chunk::<4>() else {
        return Err(damaged);
    };
    let count = u32::from_be_bytes(*count) as usize;
    let entries = data.as_chunks::<12>().0;
    let entries = entries.get(..count).ok_or(damaged.clone())?;
    let read = |bytes: &[u8; 12]| {
        let word = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        entry([word(0), word(4), word(8)]).ok_or(damaged.clone())
    };
    entries.iter().map(read).collect()
}
