//! The request's head as the instance gets it.
//!
//! Policy: fields for this connection only are dropped, `Host` stays as the client sent it. What the
//! client says in `X-Forwarded-*`, `X-Real-IP` or `Forwarded` is not trusted and dropped;
//! `X-Forwarded-For`, `-Proto` and `-Host` are written anew from the connection itself.

use std::io::Write;
use std::net::IpAddr;

use super::Framing;
use super::fields::{Field, Named, class};

/// What is said to the instance beside the fields that are passed on.
#[derive(Debug)]
pub(crate) struct Forward<'a> {
    /// The method.
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// The host the client asked for.
    pub(crate) host: &'a str,
    /// The client's address.
    pub(crate) client: IpAddr,
    /// How the body is framed toward the instance.
    pub(crate) framing: Framing,
    /// Whether the client waits for `100 Continue`.
    pub(crate) expects_continue: bool,
    /// Whether the client takes trailers.
    pub(crate) takes_trailers: bool,
    /// The protocol the client would go over to.
    pub(crate) upgrade: Option<&'a str>,
}

/// Writes the head.
pub(crate) fn write<'a>(
    forward: &Forward<'_>,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    named: &Named<'_>,
    out: &mut Vec<u8>,
) {
    put(
        out,
        &[forward.method.as_bytes(), b" ", forward.target.as_bytes()],
    );
    put(
        out,
        &[b" HTTP/1.1\r\nhost: ", forward.host.as_bytes(), b"\r\n"],
    );
    for (name, value) in fields {
        if matches!(class(name), Field::EndToEnd | Field::ContentType) && !named.holds(name) {
            put(out, &[name, b": ", value, b"\r\n"]);
        }
    }
    out.extend_from_slice(b"x-forwarded-for: ");
    put_display(out, forward.client.to_canonical());
    out.extend_from_slice(b"\r\nx-forwarded-proto: http\r\n");
    if !forward.host.is_empty() {
        put(
            out,
            &[b"x-forwarded-host: ", forward.host.as_bytes(), b"\r\n"],
        );
    }
    match forward.framing {
        Framing::Length(length) => {
            out.extend_from_slice(b"content-length: ");
            put_display(out, length);
            out.extend_from_slice(b"\r\n");
        }
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::None | Framing::Close => {
            if matches!(forward.method, "POST" | "PUT" | "PATCH") {
                out.extend_from_slice(b"content-length: 0\r\n");
            }
        }
    }
    if forward.expects_continue {
        out.extend_from_slice(b"expect: 100-continue\r\n");
    }
    match (forward.upgrade, forward.takes_trailers) {
        (Some(protocol), _) => put(
            out,
            &[
                b"connection: upgrade\r\nupgrade: ",
                protocol.as_bytes(),
                b"\r\n",
            ],
        ),
        (None, true) => out.extend_from_slice(b"connection: te\r\nte: trailers\r\n"),
        (None, false) => {}
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends several pieces.
pub(crate) fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// Appends what a value displays as; writing to memory cannot fail.
pub(crate) fn put_display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    if write!(out, "{value}").is_err() {
        unreachable!("writing to memory does not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hop_fields_are_dropped_and_the_client_is_told_anew() {
        let fields = [
            ("Accept", "*/*"),
            ("X-Forwarded-For", "6.6.6.6"),
            ("Forwarded", "for=6.6.6.6"),
            ("X-Hop", "1"),
            ("Keep-Alive", "5"),
            ("Cookie", "a=b"),
            ("Transfer-Encoding", "chunked"),
        ];
        let mut named = Named::default();
        named.add(b"close, x-hop");
        let forward = Forward {
            method: "POST",
            target: "/x",
            host: "shop.test",
            client: "::ffff:192.0.2.7".parse().unwrap(),
            framing: Framing::Chunked,
            expects_continue: false,
            takes_trailers: true,
            upgrade: None,
        };
        let mut out = vec![];
        let pairs = fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        write(&forward, pairs, &named, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "POST /x HTTP/1.1\r\nhost: shop.test\r\nAccept: */*\r\nCookie: a=b\r\n\
             x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: http\r\nx-forwarded-host: shop.test\r\n\
             transfer-encoding: chunked\r\nconnection: te\r\nte: trailers\r\n\r\n"
        );
    }
}
