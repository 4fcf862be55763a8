//! HTTP/1 as bytes: heads, bodies, and what of them is passed on. Pure; no sockets.
//!
//! The heads are tokenised by `httparse`; all that decides where a message ends is decided here, strictly:
//! whatever two implementations might read differently is refused, for that is what request smuggling
//! is made of. `hyper` speaks HTTP/2 for us, but not HTTP/1: it drops a `Content-Length` beside a
//! `Transfer-Encoding` before anyone can see and refuse it.

pub(crate) mod body;
pub(crate) mod fields;
pub(crate) mod forward;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod trailers;

/// The most header fields of a message.
pub(crate) const FIELDS_MAX: usize = 128;

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// It says so itself.
    Chunked,
    /// With the connection; answers only.
    Close,
}
