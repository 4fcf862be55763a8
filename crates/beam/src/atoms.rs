//! The atom table of a BEAM file.
//!
//! Chunk `AtU8` holds the atoms in UTF-8, the older `Atom` in Latin-1. Both begin with a count and then
//! have a length before each atom. Since OTP 28 a negative count says that lengths are compact terms, so
//! that an atom may have more than 255 bytes.

use crate::chunks::{BeamError, BeamFile, ChunkId};

/// What an emulator holds of all modules together, unless it is told otherwise.
const ATOMS_MAX: usize = 1 << 20;

/// The atoms of a module, in the order of its file; the first is the module's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atoms {
    text: String,
    /// Where each atom ends within the text.
    ends: Vec<u32>,
}

impl Atoms {
    /// Reads the table of a module.
    ///
    /// # Errors
    /// Where there is no table, or it is damaged.
    pub fn read(beam: &BeamFile<'_>) -> Result<Self, BeamError> {
        let (table, latin1) = table(|id| beam.chunk(id))?;
        let mut names = Names::new(table).ok_or(BeamError::AtomTable)?;
        if names.left > ATOMS_MAX {
            return Err(BeamError::TooMany {
                what: "atoms",
                limit: ATOMS_MAX,
            });
        }
        // Each atom takes at least the byte of its length.
        let mut atoms = Self {
            text: String::with_capacity(table.len()),
            ends: Vec::with_capacity(names.left.min(table.len())),
        };
        while names.left > 0 {
            let name = names.next().ok_or(BeamError::AtomTable)?;
            if latin1 {
                atoms.text.extend(name.iter().map(|&b| char::from(b)));
            } else {
                atoms
                    .text
                    .push_str(std::str::from_utf8(name).map_err(|_| BeamError::AtomTable)?);
            }
            let end = u32::try_from(atoms.text.len()).map_err(|_| BeamError::AtomTable)?;
            atoms.ends.push(end);
        }
        Ok(atoms)
    }

    /// The atom of that number, counted from 1 as in the file.
    pub fn get(&self, number: u32) -> Option<&str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..end as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every atom in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let bounds = starts.zip(&self.ends);
        bounds.map(|(start, &end)| &self.text[start as usize..end as usize])
    }
}

/// The name of the module: the first atom of the table among those chunks.
pub(crate) fn module_name<'a>(
    chunk: impl Fn(ChunkId) -> Option<&'a [u8]>,
) -> Result<String, BeamError> {
    let (table, latin1) = table(chunk)?;
    let name = Names::new(table).and_then(|mut names| names.next());
    let name = name
        .filter(|name| !name.is_empty())
        .ok_or(BeamError::AtomTable)?;
    if latin1 {
        return Ok(name.iter().map(|&b| char::from(b)).collect());
    }
    String::from_utf8(name.to_vec()).map_err(|_| BeamError::AtomTable)
}

/// The table, and whether it is in Latin-1.
fn table<'a>(chunk: impl Fn(ChunkId) -> Option<&'a [u8]>) -> Result<(&'a [u8], bool), BeamError> {
    let utf8 = ChunkId(*b"AtU8");
    let found = chunk(utf8).map(|table| (table, false));
    found
        .or_else(|| chunk(ChunkId(*b"Atom")).map(|table| (table, true)))
        .ok_or(BeamError::MissingChunk { chunk: utf8 })
}

/// The names of a table, one after the other.
struct Names<'a> {
    rest: &'a [u8],
    left: usize,
    compact: bool,
}

impl<'a> Names<'a> {
    fn new(table: &'a [u8]) -> Option<Self> {
        let (count, rest) = table.split_first_chunk::<4>()?;
        let count = i32::from_be_bytes(*count);
        Some(Self {
            rest,
            left: count.unsigned_abs() as usize,
            compact: count < 0,
        })
    }

    /// A compact length is one byte `llll_0000` below 16, two bytes `hhh0_1000 llllllll` below 2048.
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (&first, rest) = self.rest.split_first()?;
        let (length, rest) = if !self.compact {
            (usize::from(first), rest)
        } else if first & 0b1111 == 0 {
            (usize::from(first >> 4), rest)
        } else if first & 0b1_1111 == 0b0_1000 {
            let (&low, rest) = rest.split_first()?;
            (usize::from(first >> 5) << 8 | usize::from(low), rest)
        } else {
            return None;
        };
        let (name, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(name)
    }
}
