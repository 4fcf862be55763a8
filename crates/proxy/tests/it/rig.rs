//! What every test needs: a proxy in this process, instances made of raw TCP, and a client that sees bytes.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use proxy::control::client::Client;
use proxy::control::v1::{
    Backend, Commitment, Limits, ServiceConfig, ServiceStatus, Version, VersionTraffic,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// The service that most tests use.
pub(crate) const KEY: &str = "shop.test";

/// Waits for what must come; a test that would hang fails instead.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("it did not come in 20 s")
}

/// A proxy on a home of its own.
pub(crate) struct Proxy {
    pub(crate) client: Client,
    pub(crate) home: PathBuf,
    dir: Option<tempfile::TempDir>,
    running: Option<(oneshot::Sender<()>, std::thread::JoinHandle<()>)>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("proxy");
        let mut proxy = Self::on(home).await;
        proxy.dir = Some(dir);
        proxy
    }

    pub(crate) async fn on(home: PathBuf) -> Self {
        let (stop, stopped) = oneshot::channel();
        let options = proxy::Options { home: home.clone() };
        let thread = std::thread::spawn(move || {
            proxy::serve_until(options, async {
                drop(stopped.await);
            })
            .unwrap();
        });
        let client = Client::of_home(&home);
        soon(async {
            while client.status().await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        Self {
            client,
            home,
            dir: None,
            running: Some((stop, thread)),
        }
    }

    /// Stops the proxy as SIGTERM does; the home stays.
    pub(crate) async fn stop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            stop.send(()).unwrap();
            soon(tokio::task::spawn_blocking(|| thread.join().unwrap()))
                .await
                .unwrap();
        }
    }

    pub(crate) async fn put(&self, config: &ServiceConfig) -> ServiceStatus {
        self.client.put(KEY, config).await.unwrap()
    }

    pub(crate) async fn traffic(&self, artifact: &str) -> VersionTraffic {
        let mut traffic = self.client.traffic(KEY).await.unwrap();
        traffic.versions.remove(artifact).unwrap_or_default()
    }

    /// Waits until the counters of a version are as wished.
    pub(crate) async fn until(
        &self,
        artifact: &str,
        wished: impl Fn(&VersionTraffic) -> bool,
    ) -> VersionTraffic {
        let mut traffic = self.traffic(artifact).await;
        for _ in 0..2_000 {
            if wished(&traffic) {
                return traffic;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
            traffic = self.traffic(artifact).await;
        }
        panic!("the counters stayed at {traffic:?}");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some((stop, _)) = self.running.take() {
            stop.send(()).unwrap_or_default();
        }
    }
}

/// A service of one version with all the weight.
pub(crate) fn service(backends: &[SocketAddr]) -> ServiceConfig {
    ServiceConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        hosts: vec![],
        path_prefix: "/".to_owned(),
        limits: Limits::default(),
        versions: vec![version("a1", 100, backends)],
        commitment: Commitment::Committed,
        sticky: None,
        testers: None,
        preview: None,
        readiness: None,
    }
}

pub(crate) fn version(artifact: &str, weight: u8, backends: &[SocketAddr]) -> Version {
    Version {
        artifact: artifact.to_owned(),
        weight,
        backends: backends
            .iter()
            .map(|address| Backend {
                instance: format!("{KEY}-{}", address.port()),
                address: *address,
                healthy: true,
            })
            .collect(),
    }
}

/// A request as an instance saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// An instance: accepts connections on a port of its own until dropped.
pub(crate) struct Instance {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    accept: tokio::task::JoinHandle<()>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Instance {
    /// Handles each connection with `handle`, which gets its number.
    pub(crate) async fn raw<F: Future<Output = ()> + Send + 'static>(
        handle: impl Fn(Wire, usize) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, handle)
    }

    pub(crate) fn on<F: Future<Output = ()> + Send + 'static>(
        listener: TcpListener,
        handle: impl Fn(Wire, usize) -> F + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let accept = tokio::spawn(async move {
            let mut tasks = tokio::task::JoinSet::new();
            let mut number = 0;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tasks.spawn(handle(Wire::new(stream), number));
                number += 1;
            }
        });
        Self {
            address,
            seen: Arc::default(),
            accept,
        }
    }

    /// Answers every request with what `answer` makes of it, on connections that stay open.
    pub(crate) async fn answering(
        answer: impl Fn(&Seen) -> String + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::answering_on(listener, answer)
    }

    pub(crate) fn answering_on(
        listener: TcpListener,
        answer: impl Fn(&Seen) -> String + Send + Sync + 'static,
    ) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let answer = Arc::new(answer);
        let log = Arc::clone(&seen);
        let mut instance = Self::on(listener, move |mut wire, _| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                while let Some(request) = wire.message().await {
                    let text = answer(&request);
                    log.lock().unwrap().push(request);
                    wire.send(text).await;
                }
            }
        });
        instance.seen = seen;
        instance
    }

    /// Answers 200 with its name.
    pub(crate) async fn named(name: &'static str) -> Self {
        Self::answering(move |_| ok(name)).await
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }
}

/// A plain answer.
pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One end of a TCP connection, read by the byte.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: vec![],
        }
    }

    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A peer that has left is noticed when its answer is read.
        drop(self.stream.write_all(bytes.as_ref()).await);
    }

    /// Reads more; false at the end.
    pub(crate) async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(count) if count > 0)
    }

    pub(crate) async fn until(&mut self, mark: &str) -> Option<Vec<u8>> {
        loop {
            let mark = mark.as_bytes();
            if let Some(at) = self
                .buffer
                .windows(mark.len())
                .position(|window| window == mark)
            {
                return Some(self.buffer.drain(..at + mark.len()).collect());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    pub(crate) async fn exactly(&mut self, count: usize) -> Vec<u8> {
        soon(async {
            while self.buffer.len() < count {
                assert!(
                    self.more().await,
                    "closed after {:?}",
                    String::from_utf8_lossy(&self.buffer)
                );
            }
        })
        .await;
        self.buffer.drain(..count).collect()
    }

    pub(crate) async fn head(&mut self) -> Option<String> {
        let head = soon(self.until("\r\n\r\n")).await?;
        Some(String::from_utf8(head).unwrap())
    }

    /// Reads a message with its body, as raw bytes if chunked.
    pub(crate) async fn message(&mut self) -> Option<Seen> {
        let head = self.until("\r\n\r\n").await?;
        let head = String::from_utf8(head).unwrap();
        let mut seen = Seen { head, body: vec![] };
        if let Some(length) = seen.field("content-length") {
            let length = length.parse().unwrap();
            while self.buffer.len() < length {
                if !self.more().await {
                    return None;
                }
            }
            seen.body = self.buffer.drain(..length).collect();
        } else if seen.field("transfer-encoding").is_some() {
            loop {
                let line = self.until("\r\n").await?;
                seen.body.extend(&line);
                let size =
                    usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
                if size == 0 {
                    let end = if self.buffer.starts_with(b"\r\n") {
                        "\r\n"
                    } else {
                        "\r\n\r\n"
                    };
                    let end = if self.buffer.is_empty() {
                        self.trailer_end().await?
                    } else {
                        end
                    };
                    seen.body.extend(self.until(end).await?);
                    break;
                }
                while self.buffer.len() < size + 2 {
                    if !self.more().await {
                        return None;
                    }
                }
                seen.body.extend(self.buffer.drain(..size + 2));
            }
        }
        Some(seen)
    }

    async fn trailer_end(&mut self) -> Option<&'static str> {
        while self.buffer.len() < 2 {
            if !self.more().await {
                return None;
            }
        }
        Some(if self.buffer.starts_with(b"\r\n") {
            "\r\n"
        } else {
            "\r\n\r\n"
        })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Seen {
        self.send(request).await;
        soon(self.message()).await.expect("an answer")
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn rest(&mut self) -> String {
        soon(async { while self.more().await {} }).await;
        String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned()
    }
}

/// A GET of a path.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n")
}

/// The sending side of an HTTP/2 connection.
pub(crate) type Sender<B> = hyper::client::conn::http2::SendRequest<B>;

/// Connects by HTTP/2 without TLS.
pub(crate) async fn connect<B>(at: SocketAddr) -> Sender<B>
where
    B: hyper::body::Body<Data = bytes::Bytes, Error = std::convert::Infallible>
        + Send
        + Unpin
        + 'static,
{
    let stream = TcpStream::connect(at).await.unwrap();
    let io = TokioIo::new(stream);
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}
