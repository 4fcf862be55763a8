//! An HTTP/2 client's side of one request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::sync::oneshot;

use crate::downstream::{ClientFault, Downstream};
use crate::http1::Framing;
use crate::http1::forward::put;
use crate::http1::response::Answer;
use crate::http1::trailers;
use crate::pipe::{Reader, Writer, pipe};
use crate::sticky::NewBucket;

/// One request of an HTTP/2 client.
#[derive(Debug)]
pub(crate) struct Client2 {
    body: Incoming,
    framing: Framing,
    head: Option<oneshot::Sender<Response<Reader>>>,
    answer: Option<Writer>,
}

impl Client2 {
    /// For a request with this body; the answer's head goes to `head`.
    pub(crate) fn new(
        body: Incoming,
        framing: Framing,
        head: oneshot::Sender<Response<Reader>>,
    ) -> Self {
        Self {
            body,
            framing,
            head: Some(head),
            answer: None,
        }
    }

    /// Answers for the proxy itself, if no answer has begun.
    pub(crate) fn refuse(&mut self, status: u16, reason: &str) {
        let (writer, reader) = pipe();
        let mut response = Response::new(reader);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, plain);
        if status == 503 {
            let soon = HeaderValue::from_static("1");
            response
                .headers_mut()
                .insert(http::header::RETRY_AFTER, soon);
        }
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let line = format!("{reason}\n");
        if writer.poll_put(cx, line.as_bytes()).is_ready() {
            writer.end(None);
        }
        self.send(response);
    }

    fn send(&mut self, response: Response<Reader>) {
        if let Some(head) = self.head.take()
            && head.send(response).is_err()
        {
            tracing::debug!("a client left before its answer");
        }
    }
}

impl Downstream for Client2 {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<bool, ClientFault>> {
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Err(_)) => Poll::Ready(Err(ClientFault::Gone)),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    if self.framing == Framing::Chunked {
                        trailers::write_chunk(data, out);
                    } else {
                        out.extend_from_slice(data);
                    }
                    return Poll::Ready(Ok(false));
                }
                let mut lines = Vec::new();
                if let Some(fields) = frame.trailers_ref() {
                    for (name, value) in fields {
                        put(
                            &mut lines,
                            &[name.as_ref(), b": ", value.as_bytes(), b"\r\n"],
                        );
                    }
                }
                if self.framing == Framing::Chunked {
                    trailers::write_end(&lines, out);
                }
                Poll::Ready(Ok(true))
            }
            None => {
                if self.framing == Framing::Chunked {
                    trailers::write_end(&[], out);
                }
                Poll::Ready(Ok(true))
            }
        }
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (&mut self.head, &self.answer) {
            (Some(head), _) => head.poll_closed(cx),
            (None, Some(answer)) => answer.poll_gone(cx),
            (None, None) => Poll::Pending,
        }
    }

    fn interim(&mut self, _answer: &Answer<'_, '_>) {
        // hyper has no way to send one; interim answers are optional to pass on over HTTP/2, and
        // `Expect` was not passed to the instance.
    }

    fn begin(&mut self, answer: &Answer<'_, '_>, bucket: Option<NewBucket<'_>>) {
        let (writer, reader) = pipe();
        let mut response = Response::new(reader);
        *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
        let fields = response.headers_mut();
        for field in answer.passed() {
            append(fields, field.name.as_bytes(), field.value);
        }
        if let Some(bucket) = bucket {
            let mut value = Vec::new();
            bucket.write(&mut value);
            append(fields, b"set-cookie", &value);
        }
        let length = match answer.onward() {
            Framing::Length(length) => Some(length),
            _ => answer.told_length(),
        };
        if let Some(length) = length {
            fields.append(http::header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        self.answer = Some(writer);
        self.send(response);
    }

    fn poll_data(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, ClientFault>> {
        let Some(answer) = &self.answer else {
            return Poll::Ready(Err(ClientFault::Gone));
        };
        answer
            .poll_put(cx, data)
            .map(|took| took.ok_or(ClientFault::Gone))
    }

    fn end(&mut self, lines: &[u8]) {
        let mut fields = HeaderMap::new();
        trailers::visit(lines, |name, value| {
            append(&mut fields, name.as_bytes(), value)
        });
        if let Some(answer) = &self.answer {
            answer.end((!fields.is_empty()).then_some(fields));
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ClientFault>> {
        match &self.answer {
            None => Poll::Ready(Ok(())),
            Some(answer) => match ready!(answer.poll_taken(cx)) {
                true => Poll::Ready(Ok(())),
                false => Poll::Ready(Err(ClientFault::Gone)),
            },
        }
    }
}

fn append(fields: &mut HeaderMap, name: &[u8], value: &[u8]) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
        fields.append(name, value);
    }
}
