//! Who made an artifact: minisign keys and signatures.
//!
//! Keys and signatures are files that the `minisign` tool reads and writes too. The secret key is not
//! encrypted, since builds run unattended: its file is 0600 in a directory of the owner's.

mod key;
mod trust;

pub use key::{KeyError, KeyOrigin, SigningKey};
pub use trust::{SignatureError, TrustError, TrustedKeys};

/// The largest key or signature file that is read, in bytes.
pub(crate) const SIGNATURE_BYTES_MAX: u64 = 4096;
