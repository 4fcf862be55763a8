//! Making terms, and looking into them.

use super::{Float, Term};

impl Term {
    /// Makes an atom.
    pub fn atom(name: impl Into<String>) -> Self {
        Self::Atom(name.into())
    }

    /// Makes a tuple.
    pub fn tuple(elements: impl Into<Vec<Term>>) -> Self {
        Self::Tuple(elements.into())
    }

    /// Makes a list.
    pub fn list(elements: impl Into<Vec<Term>>) -> Self {
        Self::List(elements.into())
    }

    /// Makes a binary.
    pub fn binary(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Binary(bytes.into())
    }

    /// Makes a string: the list of its characters.
    pub fn string(text: &str) -> Self {
        let codes = text.chars().map(|c| Self::Int(u32::from(c).into()));
        Self::List(codes.collect())
    }

    /// Makes a float, unless it is infinite or no number.
    pub fn float(value: f64) -> Option<Self> {
        Float::new(value).map(Self::Float)
    }

    /// The name of an atom.
    pub fn as_atom(&self) -> Option<&str> {
        match self {
            Self::Atom(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is the atom of that name.
    pub fn is_atom(&self, name: &str) -> bool {
        self.as_atom() == Some(name)
    }

    /// An integer that 64 bits hold.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// An integer from zero on that 64 bits hold.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(value) => u64::try_from(*value).ok(),
            Self::Big(big) => big.to_i128().and_then(|value| u64::try_from(value).ok()),
            _ => None,
        }
    }

    /// The bytes of a binary.
    pub fn as_binary(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub fn as_tuple(&self) -> Option<&[Term]> {
        match self {
            Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a proper list.
    pub fn as_list(&self) -> Option<&[Term]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text of a string or of a binary in UTF-8.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Binary(bytes) => String::from_utf8(bytes.clone()).ok(),
            Self::List(elements) => elements
                .iter()
                .map(|element| {
                    let code = u32::try_from(element.as_int()?).ok()?;
                    char::from_u32(code)
                })
                .collect(),
            _ => None,
        }
    }

    /// Looks up an atom in a map or in a list of `{key, value}` pairs, of which the first counts, as in
    /// `proplists`.
    pub fn get(&self, key: &str) -> Option<&Term> {
        match self {
            Self::Map(pairs) => pairs.get(&Self::atom(key)),
            Self::List(elements) => elements.iter().find_map(|pair| match pair.as_tuple() {
                Some([name, value]) if name.is_atom(key) => Some(value),
                _ => None,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_from_strings_and_binaries() {
        assert_eq!(Term::string("grün").text().as_deref(), Some("grün"));
        assert_eq!(Term::binary("grün").text().as_deref(), Some("grün"));
        assert_eq!(Term::binary([255]).text(), None);
        assert_eq!(Term::list([Term::Int(-1)]).text(), None);
        assert_eq!(Term::atom("a").text(), None);
    }

    #[test]
    fn a_key_is_found_in_a_map_and_in_a_list_of_pairs() {
        let pair = |value| Term::tuple([Term::atom("a"), Term::Int(value)]);
        let list = Term::list([Term::atom("x"), pair(1), pair(2)]);
        assert_eq!(list.get("a"), Some(&Term::Int(1)));
        let map = Term::Map([(Term::atom("a"), Term::Int(3))].into());
        assert_eq!(map.get("a"), Some(&Term::Int(3)));
        assert_eq!(map.get("b"), None);
        assert_eq!(Term::Int(1).get("a"), None);
    }

    #[test]
    fn numbers_are_told_by_what_holds_them() {
        assert_eq!(Term::from(u64::MAX).as_u64(), Some(u64::MAX));
        assert_eq!(Term::from(u64::MAX).as_int(), None);
        assert_eq!(Term::Int(-1).as_u64(), None);
    }
}
