//! What machine a native program runs on, from the head of its ELF file.

/// How many bytes of a file tell all that is asked here.
pub const HEAD_BYTES: usize = 4096;

/// Names the machine and C library that a 64-bit ELF program needs, such as `x86_64-linux-gnu`, or
/// `None` where the bytes are no such program.
///
/// The C library is told by the program's interpreter: `gnu`, `musl`, or `static` where it names none.
pub fn target(head: &[u8]) -> Option<String> {
    const CLASS_64: u8 = 2;
    const LITTLE_ENDIAN: u8 = 1;
    if head.get(..4)? != b"\x7fELF" || head[4..].first() != Some(&CLASS_64) {
        return None;
    }
    if head.get(5) != Some(&LITTLE_ENDIAN) {
        return None;
    }
    let machine = match half(head, 18)? {
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv64",
        21 => "powerpc64le",
        _ => return None,
    };
    let library = match interpreter(head) {
        None => "static",
        Some(path) if path.windows(4).any(|w| w == b"musl") => "musl",
        Some(_) => "gnu",
    };
    Some(format!("{machine}-linux-{library}"))
}

/// The path in the `PT_INTERP` segment.
fn interpreter(head: &[u8]) -> Option<&[u8]> {
    const PT_INTERP: u32 = 3;
    let table = usize::try_from(long(head, 32)?).ok()?;
    let size = usize::from(half(head, 54)?);
    let count = usize::from(half(head, 56)?);
    (0..count).find_map(|index| {
        let at = table.checked_add(index.checked_mul(size)?)?;
        if word(head, at)? != PT_INTERP {
            return None;
        }
        let start = usize::try_from(long(head, at.checked_add(8)?)?).ok()?;
        let length = usize::try_from(long(head, at.checked_add(32)?)?).ok()?;
        head.get(start..start.checked_add(length)?)
    })
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_this_machine_is_known() {
        let shell = std::fs::read("/bin/sh").unwrap();
        let expected = format!("{}-linux-gnu", std::env::consts::ARCH);
        assert_eq!(target(&shell[..HEAD_BYTES]), Some(expected));
    }

    #[test]
    fn a_head_cut_anywhere_or_another_file_is_no_panic() {
        let shell = std::fs::read("/bin/sh").unwrap();
        for end in 0..1024 {
            target(&shell[..end]);
        }
        assert_eq!(target(b"#!/bin/sh\n"), None);
        assert_eq!(target(b""), None);
    }
}
