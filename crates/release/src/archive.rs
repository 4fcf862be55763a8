//! The form of a `.cutover` file.
//!
//! ```text
//! zstd frame:      tar: manifest.json, manifest.json.minisig, sbom.cdx.json, release/PATH… (sorted)
//! skippable frame: "cutover1" and the BLAKE3 of every byte before it
//! ```
//!
//! zstd tools skip the last frame, so `tar --zstd -xf ID.cutover` opens an artifact anywhere. It tells
//! damage (the file is cut short or altered: fetch it again) from a wrong signature (do not trust it)
//! before anything else is looked at; it is no protection against anybody, the signature is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.json.minisig";
pub(crate) const SBOM: &str = "sbom.cdx.json";
/// The directory of the release inside.
pub(crate) const RELEASE: &str = "release";

/// The largest SBOM that is read, in bytes.
pub(crate) const SBOM_BYTES_MAX: u64 = 64 << 20;
/// The window that a reader must be able to hold, as a power of two: 128 MiB, what zstd itself allows
/// without being asked.
pub(crate) const WINDOW_LOG_MAX: u32 = 27;

/// Bytes of the last frame.
pub(crate) const SEAL_BYTES: usize = 4 + 4 + 8 + 32;
const SKIPPABLE_MAGIC: [u8; 4] = 0x184D_2A5C_u32.to_le_bytes();
const SEAL_LABEL: &[u8; 8] = b"cutover1";
const ZSTD_MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// The last frame, for a file whose bytes before it have this digest.
pub(crate) fn seal(digest: &blake3::Hash) -> [u8; SEAL_BYTES] {
    let mut frame = [0; SEAL_BYTES];
    frame[..4].copy_from_slice(&SKIPPABLE_MAGIC);
    frame[4..8].copy_from_slice(&40_u32.to_le_bytes());
    frame[8..16].copy_from_slice(SEAL_LABEL);
    frame[16..].copy_from_slice(digest.as_bytes());
    frame
}

/// What the seal says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integrity {
    /// Whole; that many bytes come before the seal.
    Whole(u64),
    /// It does not even start as one.
    NotArtifact,
    /// It starts as one, and has no seal at its end.
    CutShort,
    /// Its bytes are not those that were sealed.
    Altered,
}

/// Reads the whole file and compares it with its seal.
pub(crate) fn integrity(file: &mut File) -> io::Result<Integrity> {
    let size = file.metadata()?.len();
    let mut magic = [0; 4];
    if size < 4 {
        return Ok(Integrity::NotArtifact);
    }
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut magic)?;
    if magic != ZSTD_MAGIC {
        return Ok(Integrity::NotArtifact);
    }
    let Some(content) = size.checked_sub(SEAL_BYTES as u64) else {
        return Ok(Integrity::CutShort);
    };
    let mut found = [0; SEAL_BYTES];
    file.seek(SeekFrom::Start(content))?;
    file.read_exact(&mut found)?;
    if found[..16] != seal(&blake3::Hash::from_bytes([0; 32]))[..16] {
        return Ok(Integrity::CutShort);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file.take(content))?;
    if found != seal(&hasher.finalize()) {
        return Ok(Integrity::Altered);
    }
    Ok(Integrity::Whole(content))
}
