//! Whose signatures count here.

use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minisign::{PublicKey, PublicKeyBox, SignatureBox};
use sys::file::{FileError, read_bounded};

use super::SIGNATURE_BYTES_MAX;

/// The public keys whose signatures are accepted.
#[derive(Clone, Default)]
pub struct TrustedKeys {
    keys: Vec<PublicKey>,
    place: String,
}

/// Why the trusted keys cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The directory or a key file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is no public key.
    #[error("{}: not a minisign public key; remove the file or put the right one there", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
    },
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("it is not signed; build it with `cutover build`, which signs")]
    Unsigned,
    /// The signature file is not one.
    #[error("its signature file is not a minisign signature; build or fetch it again")]
    Malformed,
    /// The key that signed is not trusted here.
    #[error(
        "it is signed by key {key}, which is not trusted here ({place}); put that key's .pub file there if its owner may deploy"
    )]
    UnknownKey {
        /// The key's id.
        key: String,
        /// Where the trusted keys are.
        place: String,
    },
    /// The key is trusted, and did not sign this.
    #[error(
        "its signature by key {key} does not match its manifest: one of them was altered; build or fetch it again"
    )]
    Wrong {
        /// The key's id.
        key: String,
    },
}

/// An id as minisign shows it: 16 upper-case digits.
pub(super) fn key_id(number: &[u8]) -> String {
    number.iter().rev().map(|b| format!("{b:02X}")).collect()
}

impl TrustedKeys {
    /// Reads every `*.pub` of a directory; one that is not there holds none.
    ///
    /// # Errors
    /// Where the directory or a key cannot be read, or a `.pub` file is no key.
    pub fn load(dir: &Path) -> Result<Self, TrustError> {
        let mut trusted = Self {
            keys: Vec::new(),
            place: dir.display().to_string(),
        };
        if !dir.exists() {
            return Ok(trusted);
        }
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(FileError::at("list", dir))? {
            let path = entry.map_err(FileError::at("list", dir))?.path();
            if path.extension().is_some_and(|e| e == "pub") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            trusted.keys.push(read_key(&path)?);
        }
        Ok(trusted)
    }

    /// Trusts one public key file only.
    ///
    /// # Errors
    /// Where it cannot be read, or is no key.
    pub fn load_one(path: &Path) -> Result<Self, TrustError> {
        Ok(Self {
            keys: vec![read_key(path)?],
            place: path.display().to_string(),
        })
    }

    /// Trusts one's own key only.
    pub fn of(key: &super::SigningKey) -> Self {
        Self {
            keys: vec![key.public().clone()],
            place: "the signing key of this machine".to_owned(),
        }
    }

    /// Trusts the keys of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for key in other.keys {
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        self.place = format!("{}, {}", self.place, other.place);
        self
    }

    /// Says whether no key is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The ids of the keys, as minisign shows them.
    pub fn ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key_id(key.keynum())).collect()
    }

    /// Checks a signature file against the bytes it should sign; the signer's key id comes back.
    ///
    /// # Errors
    /// Where the signature is absent (empty), malformed, by an unknown key, or wrong.
    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<String, SignatureError> {
        if signature.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        let parsed = parse(signature).ok_or(SignatureError::Malformed)?;
        let key = key_id(parsed.keynum());
        let Some(public) = self.keys.iter().find(|k| k.keynum() == parsed.keynum()) else {
            return Err(SignatureError::UnknownKey {
                key,
                place: self.place.clone(),
            });
        };
        match minisign::verify(public, &parsed, Cursor::new(signed), true, false, false) {
            Ok(()) => Ok(key),
            Err(_) => Err(SignatureError::Wrong { key }),
        }
    }
}

impl fmt::Debug for TrustedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedKeys({:?} of {})", self.ids(), self.place)
    }
}

fn read_key(path: &Path) -> Result<PublicKey, TrustError> {
    let bytes = read_bounded(path, SIGNATURE_BYTES_MAX)?;
    PublicKeyBox::from_string(&String::from_utf8_lossy(&bytes))
        .and_then(PublicKeyBox::into_public_key)
        .map_err(|_| TrustError::Invalid {
            path: path.to_owned(),
        })
}

/// Checks the shape first: minisign indexes into the decoded comment signature without looking.
fn parse(signature: &[u8]) -> Option<SignatureBox> {
    let text = std::str::from_utf8(signature).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    let [untrusted, own, trusted, global] = lines[..] else {
        return None;
    };
    let sized = |line: &str, bytes| STANDARD.decode(line).is_ok_and(|data| data.len() == bytes);
    let shaped = untrusted.starts_with("untrusted comment: ")
        && trusted.starts_with("trusted comment: ")
        && sized(own, 2 + 8 + 64)
        && sized(global, 64);
    if !shaped {
        return None;
    }
    SignatureBox::from_string(text).ok()
}
