//! Files of one release, compressed with those of the other at hand.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use sys::file::FileError;
use zstd::zstd_safe::CParameter;

use super::UpgradeError;
use crate::manifest::{Content, Entry, EntryKind};

/// The most bytes of files that a group has on a side, unless one file alone has more.
pub(super) const GROUP_BYTES_MAX: u64 = 4 << 20;
/// Files larger than this are not held in memory to compress others against them.
pub(super) const PREFIX_BYTES_MAX: u64 = 32 << 20;
/// Together with what is compressed it fits the window that every reader has.
const WINDOW_LOG_MAX: u32 = crate::archive::WINDOW_LOG_MAX;
/// Beyond this a group is compressed faster, and in less memory.
const THOROUGH_BYTES_MAX: u64 = 512 << 10;

/// Reads the files of some entries, one after another.
pub(super) fn contents(root: &Path, entries: &[Entry]) -> Result<Vec<u8>, UpgradeError> {
    let mut bytes = Vec::new();
    copy(root, entries, &mut bytes)?;
    Ok(bytes)
}

/// Copies the files of some entries to a writer, and holds each against what is known of it.
fn copy(root: &Path, entries: &[Entry], to: &mut impl Write) -> Result<(), UpgradeError> {
    for entry in entries {
        let EntryKind::File { content, .. } = &entry.kind else {
            continue;
        };
        let path = root.join(&entry.path);
        let mut file = File::open(&path).map_err(FileError::at("open", &path))?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; (content.size.min(128 << 10) as usize).max(1)];
        loop {
            let read = file.read(&mut buffer);
            let read = read.map_err(FileError::at("read", &path))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            to.write_all(&buffer[..read])
                .map_err(FileError::at("write", std::env::temp_dir()))?;
        }
        let found = Content {
            size: hasher.count(),
            blake3: hasher.finalize(),
        };
        if found != *content {
            return Err(UpgradeError::Changed { path });
        }
    }
    Ok(())
}

/// Compresses the files of some entries to a writer, with a prefix at hand.
pub(super) fn encode(
    root: &Path,
    entries: &[Entry],
    bytes: u64,
    prefix: &[u8],
    to: impl Write,
) -> Result<(), UpgradeError> {
    let both = bytes + prefix.len() as u64;
    let level = match both {
        0..=THOROUGH_BYTES_MAX => 19,
        _ if both <= 2 * GROUP_BYTES_MAX => 9,
        _ => 6,
    };
    let window = (u64::BITS - both.leading_zeros()).clamp(10, WINDOW_LOG_MAX);
    let failed = |e| FileError::at("write", std::env::temp_dir())(e);
    let mut encoder =
        zstd::stream::write::Encoder::with_ref_prefix(to, level, prefix).map_err(failed)?;
    encoder
        .set_parameter(CParameter::WindowLog(window))
        .and_then(|()| encoder.set_pledged_src_size(Some(bytes)))
        .and_then(|()| encoder.long_distance_matching(both > 2 * GROUP_BYTES_MAX))
        .map_err(failed)?;
    copy(root, entries, &mut encoder)?;
    encoder.finish().map_err(failed)?;
    Ok(())
}

/// Opens what [`encode`] wrote.
pub(super) fn decode<'p, R: BufRead>(
    from: R,
    prefix: &'p [u8],
) -> io::Result<impl Read + use<'p, R>> {
    let mut decoder = zstd::stream::read::Decoder::with_ref_prefix(from, prefix)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}
