//! Keys, from the bytes of a terminal.

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    Up,
    Down,
    PageUp,
    PageDown,
    /// Ctrl-C, which a raw terminal gives as a byte.
    Interrupt,
    /// Escape by itself.
    Escape,
}

/// Reads the keys of what came at once. What it does not know it passes over.
pub(crate) fn keys(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            3 => keys.push(Key::Interrupt),
            0x1b => match after {
                [b'[' | b'O', ..] => {
                    let ends = |byte: &u8| (0x40..=0x7e).contains(byte);
                    let end = after[1..]
                        .iter()
                        .position(ends)
                        .map_or(after.len(), |at| at + 2);
                    let (sequence, after) = after.split_at(end);
                    rest = after;
                    keys.extend(match &sequence[1..] {
                        b"A" => Some(Key::Up),
                        b"B" => Some(Key::Down),
                        b"5~" => Some(Key::PageUp),
                        b"6~" => Some(Key::PageDown),
                        _ => None,
                    });
                }
                _ => keys.push(Key::Escape),
            },
            byte if byte.is_ascii_graphic() || *byte == b' ' => {
                keys.push(Key::Char(char::from(*byte)))
            }
            _ => {}
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_bytes_and_the_unknown_is_passed_over() {
        assert_eq!(
            keys(b"pP \x1b[A\x1b[6~\x1b[1;5Cq\x03"),
            [
                Key::Char('p'),
                Key::Char('P'),
                Key::Char(' '),
                Key::Up,
                Key::PageDown,
                Key::Char('q'),
                Key::Interrupt
            ]
        );
        assert_eq!(keys(b"\x1b"), [Key::Escape]);
        assert_eq!(keys(&[0x1b, b'[', 0xff, 0x00]), []);
        assert_eq!(keys("ü".as_bytes()), []);
    }
}
