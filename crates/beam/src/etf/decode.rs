//! Bytes to terms.

mod tags;

use std::collections::BTreeMap;
use std::io::Read;

use super::{DecodeError, Term, VERSION};
use crate::Limits;

/// The deepest nesting that is read, whatever the limits say: reading descends on the stack, and so does
/// all that is done with the term. It fits in a thread's default stack of 2 MiB also without optimisation.
pub const DEPTH_CAP: usize = 320;

const COMPRESSED: u8 = 80;
const LOCAL: u8 = 121;
/// Elements that a list makes room for before they have been read.
const ROOM_MAX: usize = 256;

/// Reads one encoded term, which must be all of the bytes.
///
/// # Errors
/// Where the bytes are no whole term, or exceed the limits.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Term, DecodeError> {
    let (term, length) = decode_prefix(bytes, limits)?;
    match bytes.len() - length {
        0 => Ok(term),
        count => Err(DecodeError::Trailing { count }),
    }
}

/// Reads the encoded term that the bytes begin with, and returns how many bytes it took.
///
/// # Errors
/// Where the bytes do not begin with a whole term, or it exceeds the limits.
pub fn decode_prefix(bytes: &[u8], limits: &Limits) -> Result<(Term, usize), DecodeError> {
    let (term, taken) = decode_counted(bytes, limits)?;
    Ok((term, taken.bytes))
}

/// What the reading of a term used up.
pub(crate) struct Taken {
    pub(crate) bytes: usize,
    pub(crate) terms: usize,
}

/// Reads the encoded term that the bytes begin with, and tells what that took, for readers of several
/// terms under one limit.
pub(crate) fn decode_counted(bytes: &[u8], limits: &Limits) -> Result<(Term, Taken), DecodeError> {
    match bytes {
        [] => Err(DecodeError::CutShort { position: 0 }),
        [VERSION, COMPRESSED, packed @ ..] => {
            let (plain, length) = unpacked(packed, limits.bytes_max)?;
            let (term, taken) = Reader::new(&plain, limits).whole()?;
            match plain.len() - taken.bytes {
                0 => Ok((
                    term,
                    Taken {
                        bytes: 2 + length,
                        ..taken
                    },
                )),
                count => Err(DecodeError::Trailing { count }),
            }
        }
        [VERSION, LOCAL, ..] => Err(DecodeError::Local),
        [VERSION, plain @ ..] => {
            // What follows the term does not count against the limit.
            let (term, taken) = Reader::new(plain, limits).whole()?;
            let bytes = 1 + taken.bytes;
            Ok((term, Taken { bytes, ..taken }))
        }
        [found, ..] => Err(DecodeError::Version { found: *found }),
    }
}

/// Unpacks what follows the tag of a compressed term: its size, then zlib data. Returns the plain bytes
/// and how many packed ones they took.
fn unpacked(packed: &[u8], limit: usize) -> Result<(Vec<u8>, usize), DecodeError> {
    let (size, data) = packed
        .split_first_chunk::<4>()
        .ok_or(DecodeError::CutShort {
            position: 2 + packed.len(),
        })?;
    let size = u32::from_be_bytes(*size) as usize;
    if size > limit {
        return Err(DecodeError::TooLarge { bytes: size, limit });
    }
    let mut zlib = flate2::bufread::ZlibDecoder::new(data);
    let mut plain = Vec::new();
    // One byte more than stated tells a longer stream; a whole one is read up to its checksum.
    (&mut zlib)
        .take(size as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| DecodeError::Compressed)?;
    if plain.len() != size {
        return Err(DecodeError::Compressed);
    }
    let taken = usize::try_from(zlib.total_in()).map_err(|_| DecodeError::Compressed)?;
    Ok((plain, 4 + taken))
}

/// Reads terms from the bytes after the version.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    bytes_max: usize,
    depth_max: usize,
    terms_max: usize,
    terms: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self {
            bytes,
            position: 0,
            bytes_max: limits.bytes_max,
            depth_max: limits.depth_max.min(DEPTH_CAP),
            terms_max: limits.terms_max,
            terms: 0,
        }
    }

    fn whole(mut self) -> Result<(Term, Taken), DecodeError> {
        let term = self.term(0)?;
        let taken = Taken {
            bytes: self.position,
            terms: self.terms,
        };
        Ok((term, taken))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let taken = self.bytes[self.position..].get(..count);
        let taken = taken.ok_or(DecodeError::CutShort {
            position: self.bytes.len(),
        })?;
        let end = self.position + count;
        if end > self.bytes_max {
            return Err(DecodeError::TooLarge {
                bytes: end,
                limit: self.bytes_max,
            });
        }
        self.position = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<usize, DecodeError> {
        self.array().map(|bytes| u16::from_be_bytes(bytes).into())
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    fn count(&mut self) -> Result<usize, DecodeError> {
        self.u32().map(|count| count as usize)
    }

    /// Takes note of `count` more terms.
    fn note(&mut self, count: usize) -> Result<(), DecodeError> {
        self.terms = self.terms.saturating_add(count);
        if self.terms > self.terms_max {
            return Err(DecodeError::TooMany {
                limit: self.terms_max,
            });
        }
        Ok(())
    }

    fn terms(&mut self, count: usize, depth: usize) -> Result<Vec<Term>, DecodeError> {
        let mut terms = Vec::with_capacity(count.min(ROOM_MAX));
        for _ in 0..count {
            terms.push(self.term(depth)?);
        }
        Ok(terms)
    }

    fn map(&mut self, depth: usize, position: usize) -> Result<Term, DecodeError> {
        let count = self.count()?;
        let mut pairs = BTreeMap::new();
        for _ in 0..count {
            let key = self.term(depth)?;
            let value = self.term(depth)?;
            if pairs.insert(key, value).is_some() {
                return Err(DecodeError::Damaged {
                    what: "map",
                    position,
                });
            }
        }
        Ok(Term::Map(pairs))
    }

    /// Reads the elements and the tail of a list. A tail that is a list itself goes on with it, so that
    /// equal lists are equal however they were cut, and a long chain of tails does not nest.
    fn list(&mut self, depth: usize) -> Result<Term, DecodeError> {
        let count = self.count()?;
        let mut elements = self.terms(count, depth)?;
        loop {
            match self.bytes.get(self.position) {
                Some(&tags::LIST) => {
                    self.take(1)?;
                    self.note(1)?;
                    let count = self.count()?;
                    for _ in 0..count {
                        elements.push(self.term(depth)?);
                    }
                }
                Some(&(tags::NIL | tags::STRING)) | None => {
                    if let Term::List(rest) = self.term(depth)? {
                        elements.extend(rest);
                    }
                    return Ok(Term::List(elements));
                }
                Some(_) => {
                    let tail = self.term(depth)?;
                    return Ok(if elements.is_empty() {
                        tail
                    } else {
                        Term::Improper(elements, Box::new(tail))
                    });
                }
            }
        }
    }
}
