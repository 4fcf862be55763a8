//! What compilers keep of a module for debuggers: the code before it was compiled.

use super::FactsError;
use crate::Limits;
use crate::chunks::ChunkId;
use crate::etf::{Term, decode};

const DBGI: ChunkId = ChunkId(*b"Dbgi");
const ABST: ChunkId = ChunkId(*b"Abst");

/// The debug information of a module, as the compiler wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugInfo {
    /// The module that can read the data: `erl_abstract_code` of the Erlang compiler, `elixir_erl` of
    /// Elixir's.
    pub backend: String,
    /// Its data. Of `erl_abstract_code` it is `{Forms, Options}`, with `none` for the forms where the
    /// module was compiled without `debug_info`; of `elixir_erl` it is `{elixir_v1, Map, Specs}`.
    pub data: Term,
}

impl DebugInfo {
    /// Finds and reads the debug information among chunks, those of a beam or ones kept apart:
    /// `Dbgi`, or `Abst` of compilers before OTP 20. There is none where both are missing or empty.
    ///
    /// # Errors
    /// Where the chunk is damaged, exceeds the limits, or is encrypted.
    pub fn find<'a>(
        chunk: impl Fn(ChunkId) -> Option<&'a [u8]>,
        limits: &Limits,
    ) -> Result<Option<Self>, FactsError> {
        if let Some(data) = chunk(DBGI).filter(|data| !data.is_empty()) {
            return Self::dbgi(data, limits).map(Some);
        }
        match chunk(ABST).filter(|data| !data.is_empty()) {
            Some(data) => Self::abst(data, limits).map(Some),
            None => Ok(None),
        }
    }

    fn dbgi(data: &[u8], limits: &Limits) -> Result<Self, FactsError> {
        match elements(DBGI, data, limits)? {
            [Term::Atom(tag), Term::Atom(backend), data] if tag == "debug_info_v1" => {
                Ok(Self { backend, data })
            }
            _ => Err(FactsError::Damaged { chunk: DBGI }),
        }
    }

    /// Brings the older chunk into the form of the newer one.
    fn abst(data: &[u8], limits: &Limits) -> Result<Self, FactsError> {
        match elements(ABST, data, limits)? {
            [Term::Atom(tag), forms] if tag == "raw_abstract_v1" => Ok(Self {
                backend: "erl_abstract_code".to_owned(),
                data: Term::Tuple(vec![forms, Term::List(Vec::new())]),
            }),
            _ => Err(FactsError::Damaged { chunk: ABST }),
        }
    }

    /// The forms of the Erlang compiler, if it is its information and they were kept.
    pub fn erlang_forms(&self) -> Option<&[Term]> {
        match self.data.as_tuple()? {
            [forms, _options] if self.backend == "erl_abstract_code" => forms.as_list(),
            _ => None,
        }
    }

    /// Elixir's map of the module: `definitions`, `struct`, `attributes` and others by version.
    pub fn elixir_map(&self) -> Option<&Term> {
        match self.data.as_tuple()? {
            [tag, map @ Term::Map(_), _specs]
                if self.backend == "elixir_erl" && tag.is_atom("elixir_v1") =>
            {
                Some(map)
            }
            _ => None,
        }
    }
}

/// The elements of a chunk that is a tuple of so many.
fn elements<const N: usize>(
    chunk: ChunkId,
    data: &[u8],
    limits: &Limits,
) -> Result<[Term; N], FactsError> {
    // An encrypted chunk begins with a zero, an encoded term never does.
    if data.first() == Some(&0) {
        return Err(FactsError::Encrypted { chunk });
    }
    let damaged = FactsError::Damaged { chunk };
    match decode(data, limits).map_err(|source| FactsError::Term { chunk, source })? {
        Term::Tuple(elements) => elements.try_into().map_err(|_| damaged),
        _ => Err(damaged),
    }
}
