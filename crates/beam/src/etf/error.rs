//! Why bytes are no term, or a term cannot be written.

/// Why bytes are not an encoded term.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The first byte is not 131.
    #[error("not an encoded term: it begins with byte {found} instead of 131")]
    Version {
        /// The byte found.
        found: u8,
    },
    /// The bytes end within the term.
    #[error("an encoded term cut short at byte {position}")]
    CutShort {
        /// Where more bytes were needed.
        position: usize,
    },
    /// Bytes follow the term.
    #[error("{count} bytes after an encoded term")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A tag that OTP 25 and later neither write nor accept here.
    #[error("unknown tag {tag} of an encoded term at byte {position}")]
    Tag {
        /// The tag.
        tag: u8,
        /// Where it stands.
        position: usize,
    },
    /// A term that only the node which wrote it can read (`term_to_binary` with the option `local`).
    #[error("a term encoded for its own node alone")]
    Local,
    /// The contents contradict the tag.
    #[error("an encoded term with a damaged {what} at byte {position}")]
    Damaged {
        /// What is damaged.
        what: &'static str,
        /// Where its tag stands.
        position: usize,
    },
    /// The compressed part cannot be unpacked to the size that it states.
    #[error("a compressed term that is damaged")]
    Compressed,
    /// More bytes than the limits allow.
    #[error("an encoded term of {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The bytes, unpacked.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Terms nested deeper than the limits allow.
    #[error("an encoded term nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More terms than the limits allow.
    #[error("an encoded term of more than {limit} elements")]
    TooMany {
        /// The limit.
        limit: usize,
    },
}

/// Why a term cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Erlang has no such atom.
    #[error("an atom of {characters} characters; Erlang allows 255")]
    AtomTooLong {
        /// Its characters.
        characters: usize,
    },
    /// The format has no room for so many elements, bytes or words.
    #[error("a {what} of {count} elements, more than the external term format can hold")]
    TooMany {
        /// What it is.
        what: &'static str,
        /// How many elements it has.
        count: usize,
    },
    /// A reference has one to five words.
    #[error("a reference of {count} words; Erlang has one to five")]
    Words {
        /// How many it has.
        count: usize,
    },
    /// A list with a tail that is no list needs at least one element before it.
    #[error("an improper list without an element")]
    NoElement,
}
