//! A connection to an instance.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use crate::buffer::Buffer;

/// One HTTP/1.1 connection to an instance, with what was read ahead.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// The connection.
    pub(crate) stream: TcpStream,
    /// Read and not yet used.
    pub(crate) input: Buffer,
    /// Whether it served a request before.
    pub(crate) is_reused: bool,
}

/// Why an instance could not be reached; nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The system said no.
    #[error("cannot connect to the instance at {0}: {1}")]
    Refused(SocketAddr, io::Error),
    /// It took too long.
    #[error("cannot connect to the instance at {0} in {1} ms")]
    TimedOut(SocketAddr, u64),
}

impl Upstream {
    /// Opens a connection.
    ///
    /// # Errors
    /// Where the instance refuses, or does not answer in time.
    pub(crate) async fn connect(
        address: SocketAddr,
        timeout_ms: u64,
    ) -> Result<Self, ConnectError> {
        let opened = tokio::time::timeout(
            Duration::from_millis(timeout_ms),
            TcpStream::connect(address),
        );
        let stream = opened
            .await
            .map_err(|_| ConnectError::TimedOut(address, timeout_ms))?
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|error| ConnectError::Refused(address, error))?;
        Ok(Self {
            stream,
            input: Buffer::default(),
            is_reused: false,
        })
    }

    /// Says whether an idle connection is open and silent, as it should be.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0; 1];
        let silent = self.stream.try_read(&mut byte);
        matches!(silent, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Writes what can be written.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Reads more into the buffer; 0 is the end.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.poll_fill(&mut self.stream, cx)
    }
}
