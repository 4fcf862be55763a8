//! How a module was compiled.

use super::FactsError;
use super::attributes::pairs;
use crate::Limits;
use crate::chunks::ChunkId;
use crate::etf::{Term, decode};

const CHUNK: ChunkId = ChunkId(*b"CInf");

/// What chunk `CInf` says: the compiler, its options and the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileInfo {
    /// The version of the application `compiler` that made the file.
    pub version: Option<String>,
    /// The path of the source when it was compiled.
    pub source: Option<String>,
    /// The options of the compiler.
    pub options: Option<Term>,
    /// Whatever else it says.
    pub others: Vec<(String, Term)>,
}

impl CompileInfo {
    /// Reads the data of chunk `CInf`, from the beam or from where it is kept apart.
    ///
    /// # Errors
    /// Where the data is no list of pairs, or exceeds the limits.
    pub fn read(data: &[u8], limits: &Limits) -> Result<Self, FactsError> {
        let term = decode(data, limits).map_err(|source| FactsError::Term {
            chunk: CHUNK,
            source,
        })?;
        let entries = pairs(term).ok_or(FactsError::Damaged { chunk: CHUNK })?;
        let mut info = Self {
            version: None,
            source: None,
            options: None,
            others: Vec::new(),
        };
        for (name, value) in entries {
            match name.as_str() {
                "version" if info.version.is_none() => info.version = value.text(),
                "source" if info.source.is_none() => info.source = value.text(),
                "options" if info.options.is_none() => info.options = Some(value),
                _ => info.others.push((name, value)),
            }
        }
        Ok(info)
    }
}
