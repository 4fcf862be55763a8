//! An HTTP/1 client: its connection, and its side of a request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::buffer::{BUFFER_BYTES, Buffer};
use crate::downstream::{ClientFault, Downstream};
use crate::http1::Framing;
use crate::http1::body::{Decoder, Piece};
use crate::http1::forward::{put, put_display};
use crate::http1::response::{Answer, Persistence};
use crate::http1::trailers;
use crate::sticky::NewBucket;

/// How much of a body is gathered before it is passed on.
const FLIGHT_BYTES: usize = 2 * BUFFER_BYTES;

/// One HTTP/1 client.
#[derive(Debug)]
pub(crate) struct Client1 {
    /// The connection.
    pub(crate) stream: TcpStream,
    /// Read and not yet used.
    pub(crate) input: Buffer,
    output: Vec<u8>,
    written: usize,
    request: Decoder,
    request_chunked: bool,
    is_http_11: bool,
    answer: Framing,
    close: bool,
}

impl Client1 {
    /// On a fresh connection.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            input: Buffer::default(),
            output: Vec::new(),
            written: 0,
            request: Decoder::new(Framing::None),
            request_chunked: false,
            is_http_11: true,
            answer: Framing::None,
            close: false,
        }
    }

    /// Begins a request with this body.
    pub(crate) fn begin_request(&mut self, framing: Framing, is_http_11: bool, close: bool) {
        self.request = Decoder::new(framing);
        self.request_chunked = framing == Framing::Chunked;
        self.is_http_11 = is_http_11;
        self.close = close;
    }

    /// Says whether the connection must be closed after the answer.
    pub(crate) fn must_close(&self) -> bool {
        self.close || !self.request.is_done()
    }

    fn persistence(&self) -> Persistence {
        match (self.close, self.is_http_11) {
            (true, _) => Persistence::Close,
            (false, true) => Persistence::Implied,
            (false, false) => Persistence::Told,
        }
    }

    /// Gives back memory that an idle connection need not hold.
    pub(crate) fn rest(&mut self) {
        self.input.release();
        if self.output.capacity() > 4096 {
            self.output = Vec::new();
        }
    }

    /// Reads more; 0 is the end.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        self.input.poll_fill(&mut self.stream, cx)
    }

    /// Queues an answer of the proxy's own; with `close` the connection ends after it.
    pub(crate) fn refuse(&mut self, status: u16, reason: &str, close: bool, to_head: bool) {
        self.close |= close;
        let persistence = self.persistence();
        let phrase = http::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        let out = &mut self.output;
        out.extend_from_slice(b"HTTP/1.1 ");
        put_display(out, status);
        put(
            out,
            &[
                b" ",
                phrase.as_bytes(),
                b"\r\ncontent-type: text/plain; charset=utf-8\r\n",
            ],
        );
        out.extend_from_slice(b"content-length: ");
        put_display(out, reason.len() + 1);
        if status == 503 {
            out.extend_from_slice(b"\r\nretry-after: 1");
        }
        put(out, &[b"\r\n", persistence.field(), b"\r\n"]);
        if !to_head {
            put(out, &[reason.as_bytes(), b"\n"]);
        }
    }

    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ClientFault>> {
        while self.written < self.output.len() {
            let rest = &self.output[self.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest)) {
                Ok(count) if count > 0 => self.written += count,
                _ => return Poll::Ready(Err(ClientFault::Gone)),
            }
        }
        self.output.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl Downstream for Client1 {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, ClientFault>> {
        let before = out.len();
        loop {
            let piece = self.request.next(self.input.data());
            match piece.map_err(ClientFault::BadBody)? {
                Piece::Skip(count) => self.input.consume(count),
                Piece::Data(count) => {
                    let data = &self.input.data()[..count];
                    if self.request_chunked {
                        trailers::write_chunk(data, out);
                    } else {
                        out.extend_from_slice(data);
                    }
                    self.input.consume(count);
                    self.request.took(count);
                }
                Piece::End => {
                    if self.request_chunked {
                        trailers::write_end(self.request.trailers(), out);
                    }
                    return Poll::Ready(Ok(true));
                }
                Piece::More if out.len() - before >= FLIGHT_BYTES => return Poll::Ready(Ok(false)),
                Piece::More => match self.poll_fill(cx) {
                    Poll::Ready(Ok(count)) if count > 0 => {}
                    Poll::Ready(_) => return Poll::Ready(Err(ClientFault::Gone)),
                    Poll::Pending if out.len() > before => return Poll::Ready(Ok(false)),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.input.is_full() {
            match ready!(self.poll_fill(cx)) {
                Ok(count) if count > 0 => {}
                _ => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    fn interim(&mut self, answer: &Answer<'_, '_>) {
        if self.is_http_11 {
            answer.write(Framing::None, Persistence::Implied, None, &mut self.output);
        }
    }

    fn begin(&mut self, answer: &Answer<'_, '_>, bucket: Option<NewBucket<'_>>) {
        self.answer = match (answer.onward(), self.is_http_11) {
            (Framing::Chunked | Framing::Close, true) => Framing::Chunked,
            (Framing::Chunked | Framing::Close, false) => Framing::Close,
            (framing, _) => framing,
        };
        // What is said is kept to, even if the rest of the request's body still comes.
        self.close |= self.answer == Framing::Close || !self.request.is_done();
        answer.write(self.answer, self.persistence(), bucket, &mut self.output);
    }

    fn poll_data(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, ClientFault>> {
        if self.answer != Framing::Chunked && self.output.is_empty() {
            return match ready!(Pin::new(&mut self.stream).poll_write(cx, data)) {
                Ok(count) if count > 0 => Poll::Ready(Ok(count)),
                _ => Poll::Ready(Err(ClientFault::Gone)),
            };
        }
        if self.output.len() >= FLIGHT_BYTES {
            ready!(self.poll_write_out(cx))?;
        }
        if self.answer == Framing::Chunked {
            trailers::write_chunk(data, &mut self.output);
        } else {
            self.output.extend_from_slice(data);
        }
        Poll::Ready(Ok(data.len()))
    }

    fn end(&mut self, lines: &[u8]) {
        if self.answer == Framing::Chunked {
            trailers::write_end(lines, &mut self.output);
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ClientFault>> {
        self.poll_write_out(cx)
    }
}
