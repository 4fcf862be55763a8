//! A server on loopback that answers as it is told and remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers every request with `status` and `body`.
    pub(crate) async fn answering(status: u16, body: impl Into<Bytes>) -> Self {
        Self::on(
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            status,
            body,
        )
    }

    /// Likewise, on a socket that is there already.
    pub(crate) fn on(listener: TcpListener, status: u16, body: impl Into<Bytes>) -> Self {
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&asked);
        let body = body.into();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (remembered, body) = (Arc::clone(&remembered), body.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (remembered, body) = (Arc::clone(&remembered), body.clone());
                    async move {
                        let (head, sent) = request.into_parts();
                        let sent = sent.collect().await.unwrap().to_bytes();
                        remembered.lock().unwrap().push(Asked {
                            method: head.method.to_string(),
                            target: head.uri.to_string(),
                            headers: head.headers,
                            body: sent,
                        });
                        let answer = Response::builder()
                            .status(status)
                            .header("location", "http://127.0.0.1:1/elsewhere")
                            .body(Full::new(body))
                            .unwrap();
                        Ok::<_, Infallible>(answer)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address where nobody listens: the socket is bound, so no other takes it.
pub(crate) fn closed() -> (tokio::net::TcpSocket, SocketAddr) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
