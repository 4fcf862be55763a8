//! The digest of a module's code, equal to what OTP's `beam_lib:md5/1` computes.
//!
//! It covers the chunks below, in this order, whatever their order in the file; their padding, and
//! debug, documentation, line and attribute chunks do not count, so stripping and compressing leave it
//! as it is. In `FunT` the last of an entry's six words, an old unique number, counts as zero.

use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};

use crate::chunks::{BeamError, BeamFile, ChunkId};

const COVERED: [&[u8; 4]; 9] = [
    b"Atom", b"AtU8", b"Code", b"StrT", b"ImpT", b"ExpT", b"FunT", b"LitT", b"Meta",
];
const MANDATORY: [&[u8; 4]; 4] = [b"Code", b"ExpT", b"ImpT", b"StrT"];
const FUN_ENTRY_BYTES: usize = 24;

/// The MD5 of a module's code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleMd5(pub [u8; 16]);

impl fmt::Display for ModuleMd5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ModuleMd5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModuleMd5({self})")
    }
}

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a module digest of 32 hexadecimal digits: {0:?}")]
pub struct InvalidModuleMd5(pub String);

impl FromStr for ModuleMd5 {
    type Err = InvalidModuleMd5;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidModuleMd5(text.chars().take(64).collect());
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return Err(invalid());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else {
                return Err(invalid());
            };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl BeamFile<'_> {
    /// Computes the digest of the module's code.
    ///
    /// # Errors
    /// Where a chunk that every module must have is missing.
    pub fn md5(&self) -> Result<ModuleMd5, BeamError> {
        let mut digest = Md5::new();
        for id in COVERED {
            match self.chunk(ChunkId(*id)) {
                Some(data) if id == b"FunT" => update_fun_table(&mut digest, data),
                Some(data) => digest.update(data),
                None if MANDATORY.contains(&id) => {
                    return Err(BeamError::MissingChunk {
                        chunk: ChunkId(*id),
                    });
                }
                None => {}
            }
        }
        Ok(ModuleMd5(digest.finalize().into()))
    }
}

fn update_fun_table(digest: &mut Md5, data: &[u8]) {
    let Some((count, entries)) = data.split_at_checked(4) else {
        digest.update(data);
        return;
    };
    digest.update(count);
    let (whole, tail) = entries.split_at(entries.len() - entries.len() % FUN_ENTRY_BYTES);
    for entry in whole.chunks_exact(FUN_ENTRY_BYTES) {
        digest.update(&entry[..FUN_ENTRY_BYTES - 4]);
        digest.update([0; 4]);
    }
    digest.update(tail);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_from_its_text() {
        let digest = ModuleMd5(*b"0123456789abcdef");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in [
            "",
            "30313",
            &"G".repeat(32),
            &"A".repeat(32),
            &"0".repeat(33),
        ] {
            assert!(text.parse::<ModuleMd5>().is_err(), "{text}");
        }
    }
}
