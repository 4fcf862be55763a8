//! The encoding that a file declares in a comment.

use std::borrow::Cow;

use super::TermError;

/// A declaration counts within so many bytes.
const DECLARATION_WITHIN: usize = 512;

/// The encodings of Erlang's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// UTF-8, the default.
    Utf8,
    /// Latin-1, where a comment says so.
    Latin1,
}

/// The encoding that a comment on one of the first two lines declares, as `epp:read_encoding/1` finds it:
/// `coding`, a colon or an equals sign, and `utf-8` or `latin-1`, anywhere in the comment.
pub fn coding(bytes: &[u8]) -> Coding {
    let head = &bytes[..bytes.len().min(DECLARATION_WITHIN)];
    for line in head.split(|&b| b == b'\n').take(2) {
        let Some(start) = line.iter().position(|&b| b == b'%') else {
            continue;
        };
        let mut comment = &line[start + 1..];
        while let Some(at) = comment.windows(6).position(|word| word == b"coding") {
            comment = &comment[at + 6..];
            // The first one with a value decides, whatever the value.
            if let Some(value) = value(comment) {
                return named(value);
            }
        }
    }
    Coding::Utf8
}

/// What follows the sign.
fn value(after: &[u8]) -> Option<&[u8]> {
    let spaces = |bytes: &[u8]| bytes.iter().take_while(|&&b| b == b' ').count();
    let sign = &after[spaces(after)..];
    let (b':' | b'=', rest) = sign.split_first()? else {
        return None;
    };
    Some(&rest[spaces(rest)..])
}

/// Parts are set apart by a minus; what follows the first two does not count.
fn named(value: &[u8]) -> Coding {
    let named = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    let length = value.iter().take_while(|b| named(b)).count();
    let name = value[..length].to_ascii_lowercase();
    let mut parts = name.split(|&b| b == b'-');
    match (parts.next(), parts.next()) {
        (Some(b"latin"), Some(b"1")) => Coding::Latin1,
        _ => Coding::Utf8,
    }
}

/// The text of a file.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, TermError> {
    match coding(bytes) {
        Coding::Latin1 if !bytes.is_ascii() => {
            let text: String = bytes.iter().map(|&b| char::from(b)).collect();
            Ok(text.into())
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(e) => Err(TermError::Encoding {
                position: e.valid_up_to(),
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_declaration_in_a_comment_of_two_lines_counts() {
        let check = |text: &str, expected| assert_eq!(coding(text.as_bytes()), expected, "{text}");
        check("%% -*- coding: latin-1 -*-\n", Coding::Latin1);
        check("{a}. % encoding = Latin-1-unix\n", Coding::Latin1);
        check("\n%ccoding:latin-1", Coding::Latin1);
        check("% coding coding: latin-1", Coding::Latin1);
        check("% coding: latin1", Coding::Utf8);
        check("% coding: utf-8 coding: latin-1", Coding::Utf8);
        check("coding: latin-1\n", Coding::Utf8);
        check("\n\n% coding: latin-1", Coding::Utf8);
        check(
            &format!("%{} coding: latin-1", "x".repeat(600)),
            Coding::Utf8,
        );
    }
}
