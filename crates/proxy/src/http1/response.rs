//! The head of an instance's answer, and that head as the client gets it.

use super::Framing;
use super::fields::{Field, Named, class, has_element};
use super::forward::{put, put_display};
use super::request::Slots;
use crate::sticky::{self, NewBucket};

/// An answer that cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadAnswer(pub(crate) &'static str);

/// Where an event stream may be ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventStream {
    /// Between two events.
    Plain,
    /// Its events cannot be seen (`Content-Encoding`): between two chunks, where instances flush.
    Encoded,
}

/// What an HTTP/1 client is told of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// It stays, as HTTP/1.1 has it unless something else is said.
    Implied,
    /// It stays, which an HTTP/1.0 client must be told.
    Told,
    /// It ends after this answer.
    Close,
}

impl Persistence {
    /// The line of the head that says so, if one is needed.
    pub(crate) fn field(self) -> &'static [u8] {
        match self {
            Self::Implied => b"",
            Self::Told => b"connection: keep-alive\r\n",
            Self::Close => b"connection: close\r\n",
        }
    }
}

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
    /// Whether it is an event stream, and where that may be ended.
    pub(crate) event_stream: Option<EventStream>,
    /// What an upgraded connection speaks.
    pub(crate) upgrade: Option<&'b [u8]>,
    length: Option<u64>,
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
                let value = length_value(field.value)
                    .ok_or(BadAnswer("the instance's Content-Length is malformed"))?;
                if length.replace(value).is_some_and(|before| before != value) {
                    return Err(BadAnswer("the instance gives two Content-Lengths"));
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
        // An instance that announces a body where there can be none may well send it, too late to be
        // told from its next answer.
        keep_alive &= to_head || !chunked && (status != 204 || length.is_none_or(|l| l == 0));
        Framing::None
    } else if chunked {
        // Both framings at once: the body is read as chunked, and the connection is not used again.
        keep_alive &= length.is_none();
        Framing::Chunked
    } else {
        length.map_or(Framing::Close, Framing::Length)
    };
    let event_stream = match (is_event_stream, is_encoded, framing) {
        (false, ..) | (.., Framing::None) => None,
        (true, false, _) => Some(EventStream::Plain),
        (true, true, Framing::Length(_)) => None,
        (true, true, _) => Some(EventStream::Encoded),
    };
    Ok(Some((
        Answer {
            status,
            reason: parsed.reason.unwrap_or_default(),
            framing,
            keep_alive: keep_alive && framing != Framing::Close,
            event_stream,
            upgrade,
            length,
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

    /// Whether shared caches may keep it.
    pub(crate) fn is_shared(&self) -> bool {
        self.fields.iter().any(|field| {
            field.name.eq_ignore_ascii_case("cache-control") && sticky::lets_share(field.value)
        })
    }

    /// How the body is best framed toward a client: an event stream of known length must be one that can
    /// be ended before it.
    pub(crate) fn onward(&self) -> Framing {
        match (self.framing, self.event_stream) {
            (Framing::Length(_), Some(_)) => Framing::Chunked,
            (framing, _) => framing,
        }
    }

    /// The instance's `Content-Length`, where the answer itself has no body but tells of one.
    pub(crate) fn told_length(&self) -> Option<u64> {
        let wanted = self.framing == Framing::None && self.status >= 200 && self.status != 204;
        self.length.filter(|_| wanted)
    }

    /// Writes the head for an HTTP/1 client, with `framing` toward it.
    pub(crate) fn write(
        &self,
        framing: Framing,
        persistence: Persistence,
        bucket: Option<NewBucket<'_>>,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b"HTTP/1.1 ");
        put_status(out, self.status);
        put(out, &[b" ", self.reason.as_bytes(), b"\r\n"]);
        for field in self.passed() {
            put(out, &[field.name.as_bytes(), b": ", field.value, b"\r\n"]);
        }
        if let Some(bucket) = bucket {
            out.extend_from_slice(b"set-cookie: ");
            bucket.write(out);
            out.extend_from_slice(b"\r\n");
        }
        let length = match framing {
            Framing::Length(length) => Some(length),
            Framing::Chunked => {
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
                None
            }
            Framing::None | Framing::Close => self.told_length(),
        };
        if let Some(length) = length {
            out.extend_from_slice(b"content-length: ");
            put_display(out, length);
            out.extend_from_slice(b"\r\n");
        }
        if self.status == 101 {
            let protocol = self.upgrade.unwrap_or_default();
            put(
                out,
                &[b"connection: upgrade\r\nupgrade: ", protocol, b"\r\n"],
            );
        } else {
            out.extend_from_slice(persistence.field());
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Reads a Content-Length, which may be a list of equal numbers (RFC 9112, 6.3).
fn length_value(value: &[u8]) -> Option<u64> {
    let mut length = None;
    for element in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        if !element.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number: u64 = std::str::from_utf8(element).ok()?.parse().ok()?;
        if length
            .replace(number)
            .is_some_and(|before| before != number)
        {
            return None;
        }
    }
    length
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
        check("204 No Content\r\nContent-Length: 0", (Framing::None, true));
        check(
            "204 No Content\r\nContent-Length: 5",
            (Framing::None, false),
        );
        check(
            "304 Not Modified\r\nTransfer-Encoding: chunked",
            (Framing::None, false),
        );
        check("200 OK\r\nContent-Length: 5, 5", (Framing::Length(5), true));
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
        for fields in [
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: 1, 2",
            "Content-Length: +5",
            "Content-Length: ",
            "Content-Length: 5,",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding : chunked",
            "X: a\r\n folded",
        ] {
            let got = framing(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"), false);
            assert!(got.is_err() && got != Err("partial"), "{fields:?}: {got:?}");
        }
        assert_eq!(framing("HTTP/1.1 200 OK\r\nConte", false), Err("partial"));
    }

    #[test]
    fn event_streams_are_known_and_reframed() {
        let check = |fields: &str, expected: Option<EventStream>, onward: Framing| {
            let text = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;x=y\r\n{fields}\r\n\r\n"
            );
            let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
            let (answer, _) = parse(text.as_bytes(), false, &mut slots).unwrap().unwrap();
            assert_eq!(
                (answer.event_stream, answer.onward()),
                (expected, onward),
                "{fields}"
            );
        };
        let (plain, encoded) = (Some(EventStream::Plain), Some(EventStream::Encoded));
        check("Server: x", plain, Framing::Close);
        check("Content-Length: 5", plain, Framing::Chunked);
        check("Content-Encoding: identity", plain, Framing::Close);
        check("Content-Encoding: gzip", encoded, Framing::Close);
        let finite = "Content-Encoding: gzip\r\nContent-Length: 5";
        check(finite, None, Framing::Length(5));
    }

    #[test]
    fn the_client_gets_end_to_end_fields_and_our_framing() {
        let text = "HTTP/1.1 200 Fine\r\nServer: x\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let (answer, size) = parse(text.as_bytes(), false, &mut slots).unwrap().unwrap();
        assert_eq!(size, text.len());
        let mut out = vec![];
        answer.write(Framing::Chunked, Persistence::Close, None, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 200 Fine\r\nServer: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
    }
}
