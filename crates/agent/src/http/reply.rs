//! Answers.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use serde::Serialize;

use crate::refusal::Refusal;

/// The body of every answer.
pub(super) type Body = BoxBody<Bytes, std::io::Error>;
/// An answer, or why there is none.
pub(super) type Answer = Result<Response<Body>, Refusal>;

/// Answers with JSON.
pub(super) fn json(value: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(value).map_err(|e| Refusal::failed("json", e))?;
    Ok(with(StatusCode::OK, "application/json", bytes))
}

/// Answers with text.
pub(super) fn text(text: String) -> Answer {
    Ok(with(
        StatusCode::OK,
        "text/plain; charset=utf-8",
        text.into_bytes(),
    ))
}

/// Answers with a body that comes piece by piece.
pub(super) fn stream(body: Body) -> Answer {
    let mut response = Response::new(body);
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// Answers with a refusal.
pub(super) fn refusal(refusal: &Refusal) -> Response<Body> {
    let bytes = serde_json::to_vec(&refusal.body()).unwrap_or_default();
    with(refusal.status, "application/json", bytes)
}

fn with(status: StatusCode, kind: &'static str, bytes: Vec<u8>) -> Response<Body> {
    let body = Full::new(Bytes::from(bytes)).map_err(|never| match never {});
    let mut response = Response::new(body.boxed());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
