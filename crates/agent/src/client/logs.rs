//! A log as it comes.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::Error;

/// An instance's log, read piece by piece.
#[derive(Debug)]
pub struct Logs {
    operation: String,
    body: Incoming,
}

impl Logs {
    pub(super) fn new((operation, body): (String, Incoming)) -> Self {
        Self { operation, body }
    }

    /// Waits for the next piece; `None` at the end of the log.
    ///
    /// # Errors
    /// Where the connection to the agent breaks.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|e| Error::Broken {
                operation: self.operation.clone(),
                detail: e.to_string(),
            })?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}
