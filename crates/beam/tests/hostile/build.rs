//! Files put together from parts.

use std::io::{Read, Write};

use flate2::Compression;

/// The chunks of a BEAM file that is not packed.
pub(crate) type Chunks = Vec<([u8; 4], Vec<u8>)>;

pub(crate) fn chunks(beam: &[u8]) -> Option<Chunks> {
    let mut rest = beam.strip_prefix(b"FOR1")?.get(8..)?;
    let mut chunks = Vec::new();
    while let Some((id, after)) = rest.split_first_chunk::<4>() {
        let (size, after) = after.split_first_chunk::<4>()?;
        let size = u32::from_be_bytes(*size) as usize;
        chunks.push((*id, after.get(..size)?.to_vec()));
        rest = after.get(size.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Some(chunks)
}

pub(crate) fn beam(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"FOR1\0\0\0\0BEAM".to_vec();
    for (id, data) in chunks {
        bytes.extend(id);
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let size = (bytes.len() - 8) as u32;
    bytes[4..8].copy_from_slice(&size.to_be_bytes());
    bytes
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(head: Vec<u8>, plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(head, Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// An encoded term, packed.
pub(crate) fn packed_term(encoded: &[u8]) -> Vec<u8> {
    let plain = encoded.get(1..).unwrap_or_default();
    let size = (plain.len() as u32).to_be_bytes();
    zlib([&[131, 80][..], &size].concat(), plain)
}

/// The contents of chunk `LitT` of a table.
pub(crate) fn literals(table: &[u8]) -> Vec<u8> {
    zlib((table.len() as u32).to_be_bytes().to_vec(), table)
}

pub(crate) fn plain_literals(chunk: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let packed = chunk.get(4..).unwrap_or_default();
    let mut decoder = flate2::bufread::ZlibDecoder::new(packed);
    match decoder.read_to_end(&mut plain) {
        Ok(_) => plain,
        Err(_) => chunk.to_vec(),
    }
}

/// What a packed file or term holds.
pub(crate) fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::bufread::GzDecoder::new(bytes)
            .read_to_end(&mut plain)
            .ok()?;
    } else {
        plain.push(131);
        let packed = bytes.strip_prefix(&[131, 80])?.get(4..)?;
        flate2::bufread::ZlibDecoder::new(packed)
            .read_to_end(&mut plain)
            .ok()?;
    }
    Some(plain)
}
