//! The function that runs when a module is loaded.
//!
//! No attribute tells it (`-on_load` is not among those that are kept): the compiler puts an instruction
//! `on_load` at the function's start. So the code is walked, each instruction passed over by the number
//! of its operands.

use super::FactsError;
use crate::atoms::Atoms;
use crate::chunks::{BeamError, BeamFile, ChunkId};

const CHUNK: ChunkId = ChunkId(*b"Code");
const FUNC_INFO: u8 = 2;
const ON_LOAD: u8 = 149;

/// The number of operands of each instruction, from number 1 on, as of OTP 28. Numbers are never used
/// again for others.
const OPERANDS: [u8; 184] = [
    1, 3, 0, 2, 3, 2, 2, 3, 2, 4, 5, 2, 3, 2, 3, 2, 1, 1, 0, 0, 0, 0, 2, 1, 1, 2, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 1, 2, 1, 2,
    3, 3, 3, 3, 3, 2, 1, 1, 0, 1, 1, 3, 2, 2, 2, 5, 5, 5, 4, 2, 1, 1, 2, 2, 5, 5, 5, 2, 1, 0, 1, 2,
    2, 4, 4, 4, 4, 3, 1, 2, 1, 1, 1, 2, 6, 3, 5, 1, 2, 2, 3, 5, 7, 7, 7, 5, 3, 2, 2, 5, 6, 2, 2, 2,
    2, 1, 3, 4, 0, 8, 6, 2, 6, 5, 4, 5, 4, 5, 4, 3, 3, 3, 3, 3, 0, 1, 1, 7, 1, 5, 5, 2, 3, 3, 4, 0,
    0, 2, 2, 2, 3, 4, 3, 2, 2, 4, 3, 1, 2, 1, 1, 1, 6, 3, 0, 1, 5, 3, 2, 4,
];

/// Finds the function that the system calls when it loads the module, with its arity, which is 0.
///
/// # Errors
/// Where the code is damaged, or has instructions of a later OTP.
pub fn on_load(beam: &BeamFile<'_>) -> Result<Option<String>, FactsError> {
    let data = beam
        .chunk(CHUNK)
        .ok_or(BeamError::MissingChunk { chunk: CHUNK })?;
    let damaged = || FactsError::Damaged { chunk: CHUNK };
    // A word tells how long the rest of the header is.
    let (header, rest) = data.split_first_chunk::<4>().ok_or_else(damaged)?;
    let code = rest
        .get(u32::from_be_bytes(*header) as usize..)
        .ok_or_else(damaged)?;
    if !code.contains(&ON_LOAD) {
        return Ok(None);
    }
    let Some(number) = (Walk { code }).find().ok_or_else(damaged)? else {
        return Ok(None);
    };
    let atoms = Atoms::read(beam)?;
    atoms
        .get(number)
        .map(|name| Some(name.to_owned()))
        .ok_or_else(damaged)
}

/// What is left of the code.
struct Walk<'a> {
    code: &'a [u8],
}

/// The tag of an operand, in the low three bits of its first byte.
#[derive(PartialEq, Eq)]
enum Tag {
    Atom,
    Extended,
    Other,
}

impl Walk<'_> {
    /// The number of the name of the function that has the instruction; None where the code is damaged.
    fn find(mut self) -> Option<Option<u32>> {
        let mut function = None;
        while let Some((&instruction, rest)) = self.code.split_first() {
            self.code = rest;
            match instruction {
                ON_LOAD => return Some(Some(function?)),
                FUNC_INFO => {
                    let _module = self.atom()?;
                    function = Some(self.atom()?);
                    self.operand()?;
                }
                other => {
                    let count = *OPERANDS.get(usize::from(other).checked_sub(1)?)?;
                    (0..count).try_for_each(|_| self.operand())?;
                }
            }
        }
        Some(None)
    }

    fn atom(&mut self) -> Option<u32> {
        match self.value()? {
            (Tag::Atom, value) => Some(value),
            _ => None,
        }
    }

    /// Passes over one operand.
    fn operand(&mut self) -> Option<()> {
        let first = *self.code.first()?;
        let (Tag::Extended, _) = (tag(first), ()) else {
            return self.value().map(|_| ());
        };
        self.code = &self.code[1..];
        match first >> 4 {
            // A list of operands, which are no lists themselves.
            1 => {
                let (_, count) = self.value()?;
                (0..count).try_for_each(|_| self.flat())
            }
            // Words, floats and funs to allocate: pairs of a kind and a number.
            3 => {
                let (_, count) = self.value()?;
                (0..count).try_for_each(|_| self.value().and(self.value()).map(|_| ()))
            }
            kind => self.extended(kind),
        }
    }

    /// Passes over an operand that is no list.
    fn flat(&mut self) -> Option<()> {
        let first = *self.code.first()?;
        if tag(first) != Tag::Extended {
            return self.value().map(|_| ());
        }
        self.code = &self.code[1..];
        self.extended(first >> 4)
    }

    fn extended(&mut self, kind: u8) -> Option<()> {
        match kind {
            // A floating-point register, a literal.
            2 | 4 => self.value().map(|_| ()),
            // A register and the number of its type.
            5 => self.value().and(self.value()).map(|_| ()),
            _ => None,
        }
    }

    /// An operand of a tag and a number: the number below 16 with the tag, below 2048 with one more
    /// byte, else so many more bytes. None of those that matter here needs more than 32 bits, so a
    /// larger one counts as the largest.
    fn value(&mut self) -> Option<(Tag, u32)> {
        let (&first, rest) = self.code.split_first()?;
        let tag = tag(first);
        if tag == Tag::Extended {
            return None;
        }
        if first & 0b1000 == 0 {
            self.code = rest;
            return Some((tag, u32::from(first >> 4)));
        }
        if first & 0b1_0000 == 0 {
            let (&low, rest) = rest.split_first()?;
            self.code = rest;
            return Some((tag, u32::from(first >> 5) << 8 | u32::from(low)));
        }
        self.code = rest;
        let count = match first >> 5 {
            7 => 9 + self.long_size()?,
            short => u32::from(short) + 2,
        };
        let (bytes, rest) = self.code.split_at_checked(count as usize)?;
        self.code = rest;
        let value = bytes.iter().fold(0u64, |value, &byte| {
            (value << 8 | u64::from(byte)).min(u64::from(u32::MAX))
        });
        Some((tag, u32::try_from(value).ok()?))
    }

    /// The size of a long number, less nine; itself a number, and never so long.
    fn long_size(&mut self) -> Option<u32> {
        match self.code.first()? >> 3 & 0b11 {
            0b11 => None,
            _ => self.value().map(|(_, value)| value),
        }
    }
}

fn tag(first: u8) -> Tag {
    match first & 0b111 {
        2 => Tag::Atom,
        7 => Tag::Extended,
        _ => Tag::Other,
    }
}
