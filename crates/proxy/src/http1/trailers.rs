//! Trailers: read, and passed on but for fields that have no place there (RFC 9110, 6.5.1).

use super::FIELDS_MAX;
use super::fields::{Field, class};

/// Visits the trailer fields that may be passed on.
pub(crate) fn visit(lines: &[u8], mut each: impl FnMut(&str, &[u8])) {
    if lines.is_empty() {
        return;
    }
    let mut whole = Vec::with_capacity(lines.len() + 2);
    whole.extend_from_slice(lines);
    whole.extend_from_slice(b"\r\n");
    let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
    if let Ok(httparse::Status::Complete((_, fields))) = httparse::parse_headers(&whole, &mut slots)
    {
        for field in fields {
            if may_trail(field.name) {
                each(field.name, field.value);
            }
        }
    }
}

/// Says whether a field may stand in trailers: none that frames, routes or authenticates.
pub(crate) fn may_trail(name: &str) -> bool {
    let refused = [
        "authorization",
        "cache-control",
        "content-encoding",
        "content-range",
        "cookie",
        "set-cookie",
        "trailer",
    ];
    class(name.as_bytes()) == Field::EndToEnd
        && !refused.iter().any(|r| name.eq_ignore_ascii_case(r))
}

/// Writes the end of a chunked body with the trailers that may be passed on.
pub(crate) fn write_end(lines: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    visit(lines, |name, value| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    });
    out.extend_from_slice(b"\r\n");
}

/// Writes one chunk.
pub(crate) fn write_chunk(data: &[u8], out: &mut Vec<u8>) {
    let mut digits = [0u8; 16];
    let mut at = digits.len();
    let mut left = data.len();
    while left > 0 {
        at -= 1;
        digits[at] = b"0123456789abcdef"[left & 15];
        left >>= 4;
    }
    if at == digits.len() {
        return;
    }
    out.extend_from_slice(&digits[at..]);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_that_frame_or_authenticate_are_dropped() {
        let mut out = vec![];
        write_end(
            b"X-Digest: 1\r\nContent-Length: 5\r\nHost: x\r\nCookie: c\r\n",
            &mut out,
        );
        assert_eq!(out, b"0\r\nX-Digest: 1\r\n\r\n");
    }

    #[test]
    fn a_chunk_has_its_size_in_hex_and_an_empty_one_is_not_written() {
        let mut out = vec![];
        write_chunk(&[b'a'; 26], &mut out);
        assert!(out.starts_with(b"1a\r\naaa") && out.ends_with(b"a\r\n"));
        out.clear();
        write_chunk(b"", &mut out);
        assert!(out.is_empty());
    }
}
