//! Mutants of files.

use crate::build;

/// A small generator of numbers, the same for the same seed (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 16) % end as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Pieces that mean something to a reader.
const PIECES: [&[u8]; 24] = [
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\0\0",
    b"\x83\x68\x01",
    b"\x83\x50\xff\xff\xff\xff",
    b"\x6c\0\0\xff\xff",
    b"\x74\0\0\0\x02",
    b"\x95",
    b"\x17",
    b"\x47",
    b"{",
    b"}",
    b"[",
    b"<<",
    b">>",
    b"#{",
    b"=>",
    b"\"",
    b"'",
    b"\\x{",
    b"16#",
    b":99/little",
    b". ",
];

/// A mutant of one of the files, also beneath their compression and within their chunks.
pub(crate) fn mutant(random: &mut Random, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (_, bytes) = random.pick(files).clone();
    let (_, other) = random.pick(files);
    let mut mutant = match (build::unpacked(&bytes), random.below(3)) {
        (Some(unpacked), 1..) => unpacked,
        _ => bytes,
    };
    if let (Some(mut chunks), 1..) = (build::chunks(&mutant), random.below(4)) {
        let at = random.below(chunks.len());
        let (id, data) = &mut chunks[at];
        if id == b"LitT" {
            *data = build::literals(&mutated(random, &build::plain_literals(data), other));
        } else {
            *data = mutated(random, data, other);
        }
        mutant = build::beam(&chunks);
    } else {
        mutant = mutated(random, &mutant, other);
    }
    match random.below(8) {
        0 => build::gzip(&mutant),
        1 => build::packed_term(&mutant),
        _ => mutant,
    }
}

/// One to four changes.
fn mutated(random: &mut Random, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let until = (at + random.below(16)).min(bytes.len());
        match random.below(7) {
            0 => bytes.truncate(at),
            1 | 2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            3 => {
                let piece = *random.pick(&PIECES);
                let until = (at + piece.len()).min(bytes.len());
                bytes.splice(at..until, piece.iter().copied());
            }
            4 => {
                let piece = *random.pick(&PIECES);
                bytes.splice(at..at, piece.iter().copied());
            }
            5 => drop(bytes.drain(at..until)),
            _ => {
                let from = random.below(other.len());
                let to = (from + random.below(64)).min(other.len());
                bytes.splice(at..until, other[from..to].iter().copied());
            }
        }
    }
    bytes
}
