//! `releases/start_erl.data`: the ERTS and the release version that the launcher starts.

use std::fmt;

/// The two words of `start_erl.data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartErl {
    /// The ERTS version, such as `13.1.5`.
    pub erts: String,
    /// The release version that boots.
    pub vsn: String,
}

/// The bytes are not two words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an ERTS version and a release version, two words on one line")]
pub struct InvalidStartErl;

impl StartErl {
    /// Reads the file's bytes.
    ///
    /// # Errors
    /// Where they are not exactly two words of UTF-8.
    pub fn read(bytes: &[u8]) -> Result<Self, InvalidStartErl> {
        let text = std::str::from_utf8(bytes).map_err(|_| InvalidStartErl)?;
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some(erts), Some(vsn), None) => Ok(Self {
                erts: erts.to_owned(),
                vsn: vsn.to_owned(),
            }),
            _ => Err(InvalidStartErl),
        }
    }
}

impl fmt::Display for StartErl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.erts, self.vsn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_words_are_read_and_anything_else_is_refused() {
        let read = StartErl::read(b"13.1.5 0.1.0\n").unwrap();
        assert_eq!(read.to_string(), "13.1.5 0.1.0");
        for bytes in [&b""[..], b"13.1.5", b"a b c", b"\xff \xff"] {
            assert_eq!(StartErl::read(bytes), Err(InvalidStartErl));
        }
    }
}
