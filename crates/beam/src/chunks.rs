//! The chunks of a BEAM file.
//!
//! The container is IFF: `FOR1`, a size, `BEAM`, then chunks of a four-byte name, a big-endian size and
//! data padded to four bytes. Stripped files are gzip-compressed as a whole. As OTP's `beam_lib` does,
//! the size after `FOR1` is not trusted and the first chunk of a name is the one that counts.

mod gzip;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::Limits;
use crate::atoms;

/// The four-byte name of a chunk, such as `Code`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId(pub [u8; 4]);

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkId({self})")
    }
}

/// Why bytes are not a BEAM file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BeamError {
    /// The bytes do not start as a BEAM file, compressed or not.
    #[error("not a BEAM file")]
    NotBeam,
    /// The gzip layer is damaged.
    #[error("a compressed BEAM file whose gzip data is damaged")]
    Gzip,
    /// More bytes than the limits allow.
    #[error("a BEAM file larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// More chunks or atoms than any compiler writes or any emulator holds.
    #[error("a BEAM file of more than {limit} {what}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// A chunk header or its data ends past the end of the file.
    #[error("a BEAM file cut short near byte {position}")]
    CutShort {
        /// Where the broken chunk starts.
        position: usize,
    },
    /// A chunk that every BEAM file must have is not there.
    #[error("a BEAM file without its {chunk} chunk")]
    MissingChunk {
        /// The chunk looked for.
        chunk: ChunkId,
    },
    /// The atom table does not start with a module name.
    #[error("a BEAM file whose atom table is damaged")]
    AtomTable,
}

/// The chunks that hold nothing the running system needs: what Mix strips, and what a reader of
/// source, types or documentation looks for.
pub const DEBUG_CHUNKS: [ChunkId; 6] = [
    ChunkId(*b"Abst"),
    ChunkId(*b"CInf"),
    ChunkId(*b"Dbgi"),
    ChunkId(*b"Docs"),
    ChunkId(*b"ExCk"),
    ChunkId(*b"DbgB"),
];

/// Compilers write about 20; each one found takes memory, also an empty one.
const CHUNKS_MAX: usize = 256;

/// A BEAM file, its module name known and its chunks found.
#[derive(Clone)]
pub struct BeamFile<'a> {
    bytes: Cow<'a, [u8]>,
    module: String,
    chunks: Vec<(ChunkId, Range<usize>)>,
}

impl fmt::Debug for BeamFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BeamFile")
            .field("module", &self.module)
            .field("chunks", &self.chunks)
            .finish_non_exhaustive()
    }
}

impl<'a> BeamFile<'a> {
    /// Reads a BEAM file, gzip-compressed or not.
    ///
    /// # Errors
    /// Where the bytes are not a whole BEAM file with a module name, or exceed the limits.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, BeamError> {
        let bytes = unpacked(bytes, limits.bytes_max)?;
        if bytes.len() < 12 || &bytes[..4] != b"FOR1" || &bytes[8..12] != b"BEAM" {
            return Err(BeamError::NotBeam);
        }
        let chunks = scan(&bytes)?;
        let module = atoms::module_name(|id| {
            let (_, range) = chunks.iter().find(|(found, _)| *found == id)?;
            Some(&bytes[range.clone()])
        })?;
        Ok(Self {
            bytes,
            module,
            chunks,
        })
    }

    /// The name of the module, as its atom is written without quotes (`Elixir.Shop.Cart`).
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The data of the first chunk of that name.
    pub fn chunk(&self, id: ChunkId) -> Option<&[u8]> {
        self.chunks
            .iter()
            .find(|(found, _)| *found == id)
            .map(|(_, range)| &self.bytes[range.clone()])
    }

    /// Every chunk in file order.
    pub fn chunks(&self) -> impl Iterator<Item = (ChunkId, &[u8])> {
        self.chunks
            .iter()
            .map(|(id, range)| (*id, &self.bytes[range.clone()]))
    }

    /// The chunks of [`DEBUG_CHUNKS`] that this file has, in file order.
    pub fn debug_chunks(&self) -> impl Iterator<Item = (ChunkId, &[u8])> {
        self.chunks().filter(|(id, _)| DEBUG_CHUNKS.contains(id))
    }
}

fn unpacked(bytes: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, BeamError> {
    if bytes.starts_with(&gzip::MAGIC) {
        return gzip::unpacked(bytes, limit).map(Cow::Owned);
    }
    if bytes.len() > limit {
        return Err(BeamError::TooLarge { limit });
    }
    Ok(Cow::Borrowed(bytes))
}

fn scan(bytes: &[u8]) -> Result<Vec<(ChunkId, Range<usize>)>, BeamError> {
    let mut chunks = Vec::new();
    let mut position = 12;
    while position < bytes.len() {
        let cut = BeamError::CutShort { position };
        let Some((id, size)) = bytes[position..]
            .first_chunk::<8>()
            .map(|h| ([h[0], h[1], h[2], h[3]], [h[4], h[5], h[6], h[7]]))
        else {
            return Err(cut);
        };
        let start = position + 8;
        let size = u32::from_be_bytes(size) as usize;
        match start.checked_add(size) {
            Some(end) if end <= bytes.len() => {
                if chunks.len() == CHUNKS_MAX {
                    return Err(BeamError::TooMany {
                        what: "chunks",
                        limit: CHUNKS_MAX,
                    });
                }
                chunks.push((ChunkId(id), start..end));
                position = end.next_multiple_of(4);
            }
            _ => return Err(cut),
        }
    }
    Ok(chunks)
}
