//! The gzip layer of a stripped BEAM file.

use std::io::Read;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::BeamError;

/// The bytes that every file of gzip begins with.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Magic, method, flags, time, extra flags and system.
const HEAD_BYTES: usize = 10;
/// Checksum and size.
const TAIL_BYTES: usize = 8;

/// Unpacks a file to at most so many bytes.
pub(super) fn unpacked(bytes: &[u8], limit: usize) -> Result<Vec<u8>, BeamError> {
    if let Some(plain) = simple(bytes, limit) {
        return Ok(plain);
    }
    let mut plain = Vec::new();
    flate2::bufread::GzDecoder::new(bytes)
        .take(limit as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|_| BeamError::Gzip)?;
    if plain.len() > limit {
        return Err(BeamError::TooLarge { limit });
    }
    Ok(plain)
}

/// Unpacks a file of one member without name or comment, as all of OTP's are, in one go: nearly the
/// whole time of reading a stripped release goes here. None for all others, damaged ones among them.
fn simple(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let (packed, tail) = rest.split_last_chunk::<TAIL_BYTES>()?;
    let [a, b, c, d, e, f, g, h] = *tail;
    let (checksum, size) = (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]) as usize,
    );
    // The size is only said; nothing is packed to less than a thousandth.
    if head[..4] != [MAGIC[0], MAGIC[1], 8, 0] || size > limit || size / 1100 > packed.len() {
        return None;
    }
    let mut plain = Vec::with_capacity(size);
    let mut inflate = Decompress::new(false);
    let status = inflate.decompress_vec(packed, &mut plain, FlushDecompress::Finish);
    let whole = matches!(status, Ok(Status::StreamEnd))
        && inflate.total_in() == packed.len() as u64
        && plain.len() == size;
    let mut crc = Crc::new();
    crc.update(&plain);
    (whole && crc.sum() == checksum).then_some(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn packed(builder: GzBuilder, plain: &[u8]) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_kind_of_gzip_is_unpacked_and_checked() {
        let plain: Vec<u8> = (0..5000u32).flat_map(|n| (n % 300).to_be_bytes()).collect();
        let simple_one = packed(GzBuilder::new(), &plain);
        let named = packed(GzBuilder::new().filename("x").comment("y"), &plain);
        assert!(simple(&simple_one, plain.len()).is_some());
        assert!(simple(&named, plain.len()).is_none());
        for bytes in [&simple_one, &named] {
            assert_eq!(unpacked(bytes, plain.len()).as_ref(), Ok(&plain));
            let limit = plain.len() - 1;
            assert_eq!(unpacked(bytes, limit), Err(BeamError::TooLarge { limit }));
            for at in 3..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x10;
                if let Ok(found) = unpacked(&damaged, plain.len()) {
                    assert_eq!(found, plain, "byte {at}");
                }
                assert!(unpacked(&bytes[..at], plain.len()).is_err());
            }
        }
        assert_eq!(unpacked(&packed(GzBuilder::new(), b""), 0), Ok(Vec::new()));
    }
}
