//! The head of a request, read so that nobody behind us can read it otherwise.

use super::fields::{Field, Named, class, has_element};
use super::{FIELDS_MAX, Framing};

/// Room for the fields of a head.
pub(crate) type Slots<'b> = [httparse::Header<'b>; FIELDS_MAX];

/// A request that is refused: the status and the sentence for the client. The connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status of the answer.
    pub(crate) status: u16,
    /// Why.
    pub(crate) reason: &'static str,
}

fn bad<T>(reason: &'static str) -> Result<T, Refusal> {
    Err(Refusal {
        status: 400,
        reason,
    })
}

/// Looks for the end of a head while it arrives, each byte once.
#[derive(Debug, Default)]
pub(crate) struct HeadEnd {
    scanned: usize,
}

impl HeadEnd {
    /// Returns the length of the head at the start of `buffer`, once it is whole.
    ///
    /// # Errors
    /// Where a line ends with LF alone, or the head is larger than `max`.
    pub(crate) fn find(&mut self, buffer: &[u8], max: usize) -> Result<Option<usize>, Refusal> {
        for at in memchr::memchr_iter(b'\n', &buffer[self.scanned..]) {
            let at = at + self.scanned;
            if at == 0 || buffer[at - 1] != b'\r' {
                return bad("a line of the head ends with a bare LF");
            }
            if at >= 3 && buffer[at - 3..at - 1] == *b"\r\n" {
                let length = at + 1;
                return if length > max {
                    too_large()
                } else {
                    Ok(Some(length))
                };
            }
        }
        self.scanned = buffer.len();
        if buffer.len() > max {
            too_large()
        } else {
            Ok(None)
        }
    }
}

fn too_large<T>() -> Result<T, Refusal> {
    Err(Refusal {
        status: 431,
        reason: "the request's head is too large",
    })
}

/// A request's head, understood.
#[derive(Debug)]
pub(crate) struct Request<'h, 'b> {
    /// The method, as sent.
    pub(crate) method: &'b str,
    /// Path and query, or `*`.
    pub(crate) target: &'b str,
    /// The host asked for; empty in an HTTP/1.0 request without one.
    pub(crate) host: &'b str,
    /// Whether it is HTTP/1.1, not 1.0.
    pub(crate) is_http_11: bool,
    /// How the end of its body is known; never by the connection's.
    pub(crate) framing: Framing,
    /// Whether the client may send another request here.
    pub(crate) keep_alive: bool,
    /// Whether the client waits for `100 Continue`.
    pub(crate) expects_continue: bool,
    /// Whether the client takes trailers.
    pub(crate) takes_trailers: bool,
    /// The protocol the client would go over to.
    pub(crate) upgrade: Option<&'b str>,
    /// All fields.
    pub(crate) fields: &'h [httparse::Header<'b>],
    /// What `Connection` names.
    pub(crate) named: Named<'b>,
}

/// Reads a whole head.
///
/// # Errors
/// Where it is malformed, or could be read in two ways.
pub(crate) fn parse<'h, 'b>(
    head: &'b [u8],
    slots: &'h mut Slots<'b>,
) -> Result<Request<'h, 'b>, Refusal> {
    // httparse skips any number of empty lines; one has been forgiven already.
    if head.starts_with(b"\r") {
        return bad("an empty line stands before the request");
    }
    let mut parsed = httparse::Request::new(slots);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Ok(_) => return bad("the head is malformed"),
        Err(httparse::Error::Version) => {
            return Err(Refusal {
                status: 505,
                reason: "the protocol version is not supported",
            });
        }
        Err(httparse::Error::TooManyHeaders) => return too_large(),
        Err(_) => return bad("the head is malformed"),
    }
    let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
        return bad("the head is malformed");
    };
    let is_http_11 = parsed.version == Some(1);
    let fields: &'h [httparse::Header<'b>] = parsed.headers;

    let mut host = None;
    let mut length = None;
    let mut chunked = false;
    let mut close = false;
    let mut stay = false;
    let mut wants_upgrade = false;
    let mut upgrade = None;
    let mut expects_continue = false;
    let mut takes_trailers = false;
    let mut named = Named::default();
    for field in fields {
        match class(field.name.as_bytes()) {
            Field::EndToEnd | Field::Hop | Field::ContentType | Field::Forwarding => {}
            Field::Host => {
                if host.replace(host_value(field.value)?).is_some() {
                    return bad("there is more than one Host field");
                }
            }
            Field::ContentLength => {
                if length.replace(length_value(field.value)?).is_some() {
                    return bad("there is more than one Content-Length field");
                }
            }
            Field::TransferEncoding => {
                if chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                    return bad("Transfer-Encoding is not exactly chunked");
                }
                chunked = true;
            }
            Field::Connection => {
                close |= has_element(field.value, "close");
                stay |= has_element(field.value, "keep-alive");
                wants_upgrade |= has_element(field.value, "upgrade");
                named.add(field.value);
            }
            Field::Upgrade => upgrade = std::str::from_utf8(field.value).ok(),
            Field::Te => takes_trailers |= has_element(field.value, "trailers"),
            Field::Expect => {
                if !field.value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(Refusal {
                        status: 417,
                        reason: "only 100-continue may be expected",
                    });
                }
                expects_continue = is_http_11;
            }
        }
    }
    let framing = match (chunked, length) {
        (true, Some(_)) => return bad("there are both Transfer-Encoding and Content-Length"),
        (true, None) if !is_http_11 => return bad("HTTP/1.0 has no Transfer-Encoding"),
        (true, None) => Framing::Chunked,
        (false, Some(0) | None) => Framing::None,
        (false, Some(length)) => Framing::Length(length),
    };
    let (target, authority) = split_target(method, target)?;
    let host = match (authority, host) {
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            return bad("the request target and the Host field name different hosts");
        }
        (_, Some(host)) => host,
        (_, None) if is_http_11 => return bad("there is no Host field"),
        (authority, None) => authority.unwrap_or_default(),
    };
    let upgrade = upgrade.filter(|protocol| {
        wants_upgrade
            && is_http_11
            && framing == Framing::None
            && !has_element(protocol.as_bytes(), "h2c")
    });
    Ok(Request {
        method,
        target,
        host,
        is_http_11,
        framing,
        keep_alive: !close && (is_http_11 || stay),
        expects_continue: expects_continue && framing != Framing::None,
        takes_trailers,
        upgrade,
        fields,
        named,
    })
}

fn length_value(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return bad("Content-Length is not one number");
    }
    Ok(value
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// Checks a host with optional port (RFC 3986, 3.2.2).
pub(crate) fn host_value(value: &[u8]) -> Result<&str, Refusal> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+,;=".contains(byte);
    match std::str::from_utf8(value) {
        Ok(host) if !host.is_empty() && value.iter().all(allowed) && !value.contains(&b',') => {
            Ok(host)
        }
        _ => bad("the Host field is malformed"),
    }
}

/// Takes a request target apart: what goes to the instance, and the host of an absolute form.
fn split_target<'b>(method: &str, target: &'b str) -> Result<(&'b str, Option<&'b str>), Refusal> {
    if target
        .bytes()
        .any(|byte| byte == b'#' || byte < 0x21 || byte == 0x7f)
    {
        return bad("the request target is malformed");
    }
    if target.starts_with('/') {
        return Ok((target, None));
    }
    if method == "CONNECT" {
        return Err(Refusal {
            status: 405,
            reason: "CONNECT is not served here",
        });
    }
    if target == "*" && method == "OPTIONS" {
        return Ok((target, None));
    }
    let scheme = "http://";
    let Some((true, rest)) = target
        .split_at_checked(scheme.len())
        .map(|(start, rest)| (start.eq_ignore_ascii_case(scheme), rest))
    else {
        return bad("the request target is malformed");
    };
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    if !path.starts_with('/') {
        return bad("the request target has a query without a path");
    }
    Ok((path, Some(host_value(authority.as_bytes())?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcome(text: &str) -> Result<(String, Framing), u16> {
        let mut end = HeadEnd::default();
        let length = end.find(text.as_bytes(), 4096).map_err(|r| r.status)?;
        let length = length.expect("the head is whole");
        let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
        parse(&text.as_bytes()[..length], &mut slots)
            .map(|request| {
                (
                    format!("{} {}", request.host, request.target),
                    request.framing,
                )
            })
            .map_err(|refusal| refusal.status)
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let refused = |text: &str, status: u16| assert_eq!(outcome(text), Err(status), "{text:?}");
        let post = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        for fields in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
            "Content-Length: 3\r\nContent-Length: 4",
            "Content-Length: 3, 4",
            "Content-Length: +3",
            "Content-Length: 0x3",
            "Content-Length: -1",
            "Content-Length:",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: identity",
            "Transfer-Encoding : chunked",
            "X: a\r\n folded",
            "X: a\rb",
            "X: a\0b",
            "Host: b",
            "\u{b}Transfer-Encoding: chunked",
        ] {
            refused(&post(fields), 400);
        }
        refused("GET / HTTP/1.1\r\n\r\n", 400);
        refused("GET / HTTP/1.1\nHost: a\n\n", 400);
        refused("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
        refused("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400);
        refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
        refused("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400);
        refused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
        refused("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
        refused("GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n", 400);
        refused("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400);
        refused("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
        refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
        refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
        refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
        refused("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405);
    }

    #[test]
    fn plain_requests_are_understood() {
        let check = |text: &str, line: &str, framing: Framing| {
            assert_eq!(outcome(text), Ok((line.to_owned(), framing)), "{text:?}");
        };
        check(
            "GET /x?y HTTP/1.1\r\nHost: a:80\r\n\r\n",
            "a:80 /x?y",
            Framing::None,
        );
        check(
            "GET http://a/x HTTP/1.1\r\nHost: A\r\n\r\n",
            "A /x",
            Framing::None,
        );
        check(
            "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
            "a /",
            Framing::None,
        );
        check(
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
            "a *",
            Framing::None,
        );
        check("GET / HTTP/1.0\r\n\r\n", " /", Framing::None);
        check(
            "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 12\r\n\r\n",
            "a /",
            Framing::Length(12),
        );
        check(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
            "a /",
            Framing::Chunked,
        );
    }

    #[test]
    fn a_head_over_the_limit_is_refused_while_it_arrives() {
        let mut end = HeadEnd::default();
        assert_eq!(end.find(b"GET / HT", 10), Ok(None));
        assert_eq!(end.find(b"GET / HTTP/1", 10).unwrap_err().status, 431);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
            let mut end = HeadEnd::default();
            let cut = cut.min(bytes.len());
            let first = end.find(&bytes[..cut], 150);
            if first == Ok(None) {
                let later = end.find(&bytes, 150);
                prop_assert_eq!(later, HeadEnd::default().find(&bytes, 150));
            }
            let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
            drop(parse(&bytes, &mut slots));
        }
    }
}
