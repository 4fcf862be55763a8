//! A small WebSocket server that echoes: the far end of WebSocket benchmarks.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_tungstenite::accept_async;

use crate::{Error, Target};

/// How many connections are served at once.
const CONNECTIONS_MAX: usize = 8_192;

/// A listening echo server.
#[derive(Debug)]
pub struct EchoServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl EchoServer {
    /// Listens on an address; port 0 takes any free one.
    ///
    /// # Errors
    /// Where the address is not ours to use, or cannot be listened on.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let address = Target::new(address)?.address();
        let failed = |e: std::io::Error| Error::Socket {
            operation: "listen on",
            address,
            reason: e.to_string(),
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is dropped; the connections end with the runtime.
    ///
    /// # Errors
    /// Where no connection can be accepted any more.
    pub async fn serve(self) -> Result<(), Error> {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = room.clone().acquire_owned().await else {
                return Ok(());
            };
            let (stream, _) = self.listener.accept().await.map_err(|e| Error::Socket {
                operation: "accept on",
                address: self.address,
                reason: e.to_string(),
            })?;
            tokio::spawn(async move {
                echo(stream).await;
                drop(place);
            });
        }
    }
}

/// Echoes one connection to its end, whatever ends it.
async fn echo(stream: TcpStream) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(mut socket) = accept_async(stream).await else {
        return;
    };
    while let Some(Ok(message)) = socket.next().await {
        // Ping and close are answered by the protocol itself.
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}
