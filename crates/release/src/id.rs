//! The identity of an artifact.

use std::fmt;
use std::str::FromStr;

/// The identity of an artifact: BLAKE3 over the canonical bytes of its manifest.
///
/// Two artifacts with the same id hold the same files, byte for byte. How they are compressed and who
/// signed them does not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactId([u8; 32]);

impl ArtifactId {
    /// Computes the id of the artifact that has this manifest.
    pub fn of_manifest_bytes(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArtifactId({self})")
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an artifact id of 64 hexadecimal digits: {0:?}")]
pub struct InvalidArtifactId(pub String);

impl FromStr for ArtifactId {
    type Err = InvalidArtifactId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match blake3::Hash::from_hex(text) {
            Ok(hash) if lower => Ok(Self(*hash.as_bytes())),
            _ => Err(InvalidArtifactId(text.chars().take(80).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        let id = ArtifactId::of_manifest_bytes(b"{}");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.short().len(), 12);
        for text in [
            "",
            "abc",
            &"A".repeat(64),
            &"0".repeat(65),
            "../../etc/passwd",
        ] {
            assert!(text.parse::<ArtifactId>().is_err(), "{text}");
        }
    }
}
