//! The client's side of one request, whatever protocol it speaks.

use std::task::{Context, Poll};

use crate::http1::body::BadBody;
use crate::http1::response::Answer;
use crate::sticky::NewBucket;

/// Why no more can be had from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientFault {
    /// It went away.
    Gone,
    /// Its body is broken.
    BadBody(BadBody),
}

/// A client that waits for its answer.
pub(crate) trait Downstream: Send {
    /// Appends what has arrived of the request's body to `out`, framed for the instance; says whether
    /// that was the end of it.
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, ClientFault>>;

    /// Ready once the client has gone away.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Passes on an interim answer (1xx).
    fn interim(&mut self, answer: &Answer<'_, '_>);

    /// Begins the answer, with a cookie of the proxy's own; after this nothing else can be said.
    fn begin(&mut self, answer: &Answer<'_, '_>, bucket: Option<NewBucket<'_>>);

    /// Takes some of the answer's body; says how much.
    fn poll_data(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, ClientFault>>;

    /// Ends the body properly, with these trailer lines.
    fn end(&mut self, trailers: &[u8]);

    /// Ready once all is on its way to the client.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ClientFault>>;
}
