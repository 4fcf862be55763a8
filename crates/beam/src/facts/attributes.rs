//! Attributes: what a module's source declares with `-name(value)` or `@name`.

use super::FactsError;
use crate::Limits;
use crate::chunks::{BeamFile, ChunkId};
use crate::etf::{Term, decode};

const CHUNK: ChunkId = ChunkId(*b"Attr");

/// The attributes of a module, in the order of its file.
///
/// A name may come several times: each `-behaviour` is one entry. The value is what the compiler keeps,
/// nearly always a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    entries: Vec<(String, Term)>,
}

impl Attributes {
    /// Reads chunk `Attr`; a module without it has no attributes.
    pub(super) fn read(beam: &BeamFile<'_>, limits: &Limits) -> Result<Self, FactsError> {
        let Some(data) = beam.chunk(CHUNK) else {
            return Ok(Self::default());
        };
        let term = decode(data, limits).map_err(|source| FactsError::Term {
            chunk: CHUNK,
            source,
        })?;
        let entries = pairs(term).ok_or(FactsError::Damaged { chunk: CHUNK })?;
        Ok(Self { entries })
    }

    /// Every entry.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Term)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The values of the entries of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Term> {
        let of_name = self.iter().filter(move |(found, _)| *found == name);
        of_name.map(|(_, value)| value)
    }

    /// The value of the first entry of that name.
    pub fn first(&self, name: &str) -> Option<&Term> {
        let (_, value) = self.entries.iter().find(|(found, _)| found == name)?;
        Some(value)
    }

    /// The atoms below `behaviour` and `behavior`, the two spellings that compilers accept.
    pub(super) fn behaviours(&self) -> impl Iterator<Item = &str> {
        let declared = self
            .entries
            .iter()
            .filter(|(name, _)| matches!(name.as_str(), "behaviour" | "behavior"));
        declared.flat_map(|(_, value)| {
            let names = value.as_list().unwrap_or(std::slice::from_ref(value));
            names.iter().filter_map(Term::as_atom)
        })
    }
}

/// The pairs of a list of `{Name, Value}`.
pub(super) fn pairs(term: Term) -> Option<Vec<(String, Term)>> {
    let Term::List(entries) = term else {
        return None;
    };
    let pair = |entry| match entry {
        Term::Tuple(elements) => match <[Term; 2]>::try_from(elements) {
            Ok([Term::Atom(name), value]) => Some((name, value)),
            _ => None,
        },
        _ => None,
    };
    entries.into_iter().map(pair).collect()
}
