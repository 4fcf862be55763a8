//! The head of an instance's answer, and that head as the client gets it.

use super::Framing;
use super::fields::{Field, Named, class, elements, has_element};
use super::forward::{put, put_display};
use super::request::Slots;

/// An answer that cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadAnswer(pub(crate) &'static str);

/// The head of an answer, understood.
#[derive(Debug)]
pub(crate) struct Answer<'h, 'b> {
    /// The status.
    pub(crate) status: u16,
    /// The reason phrase.
    pub(crate) reason: &'b str,
    /// How the end of the body is known.
    pub(crate) framing: Framing,
    /// Whether the instance takes another request on the connection.
    pub(crate) keep_alive: bool,
    /// Whether it is an event stream in plain text.
    pub(crate) is_event_stream: bool,
    /// What an upgraded connection speaks.
    pub(crate) upgrade: Option<&'b [u8]>,
    /// All fields.
    pub(crate) fields: &'h [httparse::Header<'b>],
    named: Named<'b>,
}

/// Reads a head at the start of `buffer`; `None` where it is not whole. Also returns its length.
///
/// # Errors
/// Where it is malformed or its framing unclear.
pub(crate) fn parse<'h, 'b>(
    buffer: &'b [u8],
    to_head: bool,
    slots: &'h mut Slots<'b>,
) -> Result<Option<(Answer<'h, 'b>, usize)>, BadAnswer> {
    let mut parsed = httparse::Response::new(slots);
    let size = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(size)) => size,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(BadAnswer("the instance's answer is malformed")),
    };
    let status = parsed.code.unwrap_or(0);
    if !(100..=999).contains(&status) {
        return Err(BadAnswer("the instance's status is malformed"));
    }
    let mut keep_alive = parsed.version == Some(1);
    let fields: &'h [httparse::Header<'b>] = parsed.headers;
    let mut length = None;
    let mut chunked = false;
    let mut is_event_stream = false;
    let mut is_encoded = false;
    let mut upgrade = None;
    let mut named = Named::default();
    for field in fields {
        match class(field.name.as_bytes()) {
            Field::ContentLength => {
                for value in elements(field.value) {
                    let value = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
                    let value: u64 =
                        value.ok_or(BadAnswer("the instance's Content-Length is malformed"))?;
                    if length.replace(value).is_some_and(|before| before != value) {
                        return Err(BadAnswer("the instance gives two Content-Lengths"));
                    }
                }
            }
            Field::TransferEncoding => {
                if chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(BadAnswer("the instance's Transfer-Encoding is not chunked"));
                }
                chunked = true;
            }
            Field::Connection => {
                if has_element(field.value, "close") {
                    keep_alive = false;
                }
                named.add(field.value);
            }
            Field::ContentType => {
                let kind = field.value.split(|b| *b == b';').next().unwrap_or_default();
                is_event_stream = kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream");
            }
            Field::Upgrade => upgrade = Some(field.value),
            _ => {
                is_encoded |= field.name.eq_ignore_ascii_case("content-encoding")
                    && !field.value.eq_ignore_ascii_case(b"identity");
            }
        }
    }
    let framing = if to_head || status < 200 || status == 204 || status == 304 {
        Framing::None
    } else if chunked {
        // Both framings at once: the body is read as chunked, and the connection is not used again.
        keep_alive &= length.is_none();
        Framing::Chunked
    } else {
        length.map_or(Framing::Close, Framing::Length)
    };
    Ok(Some((
        Answer {
            status,
            reason: parsed.reason.unwrap_or_default(),
            framing,
            keep_alive: keep_alive && framing != Framing::Close,
            is_event_stream: is_event_stream && !is_encoded && !to_head,
            upgrade,
            fields,
            named,
        },
        size,
    )))
}

impl<'h, 'b> Answer<'h, 'b> {
    /// The fields that are passed on, `Content-Length` not among them.
    pub(crate) fn passed(&self) -> impl Iterator<Item = &'h httparse::Header<'b>> {
        self.fields.iter().filter(|field| {
            let class = class(field.name.as_bytes());
            let own = matches!(
                class,
                Field::EndToEnd
                    | Field::ContentType
                    | Field::Forwarding
                    | Field::Host
                    | Field::Expect
            );
            own && !self.named.holds(field.name.as_bytes())
        })
    }

    /// The instance's `Content-Length`, where the answer itself has no body but tells of one.
    pub(crate) fn told_length(&self) -> Option<&'b [u8]> {
        let wanted = self.framing == Framing::None && self.status >= 200 && self.status != 204;
        self.fields
            .iter()
            .find(|field| wanted && class(field.name.as_bytes()) == Field::ContentLength)
            .map(|field| field.value)
    }

    /// Writes the head for an HTTP/1.1 client, with `framing` toward it.
    pub(crate) fn write(&self, framing: Framing, close: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"HTTP/1.1 ");
        put_status(out, self.status);
        put(out, &[b" ", self.reason.as_bytes(), b"\r\n"]);
        for field in self.passed() {
            put(out, &[field.name.as_bytes(), b": ", field.value, b"\r\n"]);
        }
        match framing {
            Framing::Length(length) => {
                out.extend_from_slice(b"content-length: ");
                put_display(out, length);
                out.extend_from_slice(b"\r\n");
            }
            Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
            Framing::None | Framing::Close => {
                if let Some(length) = self.told_length() {
                    put(out, &[b"content-length: ", length, b"\r\n"]);
                }
            }
        }
        if self.status == 101 {
            let protocol = self.upgrade.unwrap_or_default();
            put(
                out,
                &[b"connection: upgrade\r\nupgrade: ", protocol, b"\r\n"],
            );
        } else if close {
            out.extend_from_slice(b"connection: close\r\n");
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn put_status(out: &mut Vec<u8>, status: u16) {
    let digit = |n: u16| b'0' + u8::try_from(n % 10).unwrap_or(0);
    out.extend_from_slice(&[digit(status / 100), digit(status / 10), digit(status)]);
}

#[cfg(test)]
mod tests {
    use super::super::FIELDS_MAX;
    use super::*;

    fn framing(text: &str, to_head: bool) -> Result<(Framing, bool), &'static str> {
        let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
        match parse(text.as_bytes(), to_head, &mut slots) {
            Ok(Some((answer, _))) => Ok((answer.framing, answer.keep_alive)),
            Ok(None) => Err("partial"),
            Err(BadAnswer(why)) => Err(why),
        }
    }

    #[test]
    fn the_end_of_an_answer_is_known_from_its_head() {
        let check = |head: &str, expected| {
            let text = format!("HTTP/1.1 {head}\r\n\r\n");
            assert_eq!(framing(&text, false), Ok(expected), "{head}");
        };
        check("200 OK\r\nContent-Length: 5", (Framing::Length(5), true));
        check(
            "200 OK\r\nTransfer-Encoding: chunked",
            (Framing::Chunked, true),
        );
        check("200 OK", (Framing::Close, false));
        check("204 No Content\r\nContent-Length: 5", (Framing::None, true));
        check(
            "304 Not Modified\r\nContent-Length: 5",
            (Framing::None, true),
        );
        check(
            "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
            (Framing::Chunked, false),
        );
        check(
            "200 OK\r\nContent-Length: 5\r\nConnection: close",
            (Framing::Length(5), false),
        );
        assert_eq!(
            framing("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true),
            Ok((Framing::None, true))
        );
        assert!(
            framing(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                false
            )
            .is_err()
        );
        assert_eq!(framing("HTTP/1.1 200 OK\r\nConte", false), Err("partial"));
    }

    #[test]
    fn the_client_gets_end_to_end_fields_and_our_framing() {
        let text = "HTTP/1.1 200 Fine\r\nServer: x\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let (answer, size) = parse(text.as_bytes(), false, &mut slots).unwrap().unwrap();
        assert_eq!(size, text.len());
        let mut out = vec![];
        answer.write(Framing::Chunked, true, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 200 Fine\r\nServer: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
    }
}
