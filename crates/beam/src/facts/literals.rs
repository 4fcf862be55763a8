//! The constants of a module's code.

use std::borrow::Cow;
use std::io::Read;

use super::FactsError;
use crate::Limits;
use crate::chunks::{BeamFile, ChunkId};
use crate::etf::{DecodeError, Term, decode_counted};

const CHUNK: ChunkId = ChunkId(*b"LitT");

/// Reads chunk `LitT`: the constant terms that the code names by number, in their order.
///
/// The limits are those of all of them together.
///
/// # Errors
/// Where the chunk is damaged or exceeds the limits.
pub fn literals(beam: &BeamFile<'_>, limits: &Limits) -> Result<Vec<Term>, FactsError> {
    let Some(data) = beam.chunk(CHUNK) else {
        return Ok(Vec::new());
    };
    let plain = plain(data, limits)?;
    let damaged = || FactsError::Damaged { chunk: CHUNK };
    let (count, mut rest) = word(&plain).ok_or_else(damaged)?;
    // Each takes at least the word of its size.
    let mut terms = Vec::with_capacity(count.min(rest.len() / 4));
    let mut left = *limits;
    for _ in 0..count {
        let (size, after) = word(rest).ok_or_else(damaged)?;
        let (bytes, after) = after.split_at_checked(size).ok_or_else(damaged)?;
        let (term, taken) = decode_counted(bytes, &left).map_err(|source| {
            let source = match source {
                DecodeError::TooMany { .. } => DecodeError::TooMany {
                    limit: limits.terms_max,
                },
                other => other,
            };
            FactsError::Term {
                chunk: CHUNK,
                source,
            }
        })?;
        if taken.bytes != size {
            return Err(damaged());
        }
        left.terms_max -= taken.terms;
        terms.push(term);
        rest = after;
    }
    Ok(terms)
}

/// The table: packed with zlib after its size, or since OTP 28 plain after a size of zero.
fn plain<'a>(data: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, FactsError> {
    let damaged = || FactsError::Damaged { chunk: CHUNK };
    let limit = limits.bytes_max;
    let (size, packed) = word(data).ok_or_else(damaged)?;
    if size == 0 {
        return Ok(Cow::Borrowed(packed));
    }
    if size > limit {
        return Err(FactsError::TooLarge {
            chunk: CHUNK,
            limit,
        });
    }
    let mut plain = Vec::new();
    flate2::bufread::ZlibDecoder::new(packed)
        .take(size as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| damaged())?;
    match plain.len() == size {
        true => Ok(Cow::Owned(plain)),
        false => Err(damaged()),
    }
}

fn word(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (word, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*word) as usize, rest))
}
