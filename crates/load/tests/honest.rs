//! The load generator tells the truth about servers that do not behave.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use load::{Options, Report, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server of the test: what it does with its nth connection is up to the test.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
}

impl Server {
    /// Serves each connection with `serve(connection, its number from 0, the count of requests)`.
    async fn start<F, S>(serve: S) -> Self
    where
        S: Fn(TcpStream, u64, Arc<AtomicU64>) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicU64::new(0));
        let counter = requests.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, number, counter.clone()));
            }
        });
        Self { address, requests }
    }

    fn options(&self) -> Options {
        Options::new(
            Target::new(self.address).unwrap(),
            Duration::from_secs(3_600),
        )
    }
}

/// Reads one request without a body and counts it; `None` when the client is gone.
async fn request(stream: &mut TcpStream, count: &AtomicU64) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    count.fetch_add(1, Ordering::SeqCst);
    Some(String::from_utf8(head).unwrap())
}

/// Runs until the report satisfies `enough`, then stops.
async fn run_until(options: Options, enough: impl Fn(&Report) -> bool) -> Report {
    let running = load::start(options).unwrap();
    while !enough(&running.snapshot()) {
        tokio::task::yield_now().await;
    }
    running.stop();
    running.finish().await.unwrap()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nx-version: a\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn every_broken_answer_is_a_failure_and_nothing_is_sent_twice() {
    let server = Server::start(|mut stream, number, count| async move {
        request(&mut stream, &count).await;
        let answer: &[u8] = match number {
            0 => b"",
            1 => b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            2 => b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n",
            _ => OK,
        };
        stream.write_all(answer).await.ok();
    })
    .await;
    let mut options = server.options();
    options.http = 1;
    let report = run_until(options, |r| r.http.by_status.contains_key(&200)).await;
    assert_eq!(report.http.failed, 3, "{report:#?}");
    for kind in ["cut", "truncated", "status"] {
        assert_eq!(report.http.failures.get(kind), Some(&1), "{report:#?}");
    }
    assert_eq!(report.http.by_status.get(&503), Some(&1));
    let served = server.requests.load(Ordering::SeqCst);
    assert_eq!(report.http.sent, served, "each request went out once");
    let whole: u64 = report.http.by_status.values().sum();
    assert_eq!(report.http.sent, whole + 2);
}

#[tokio::test]
async fn a_connection_closed_between_requests_loses_none() {
    let server = Server::start(|mut stream, _, count| async move {
        request(&mut stream, &count).await;
        stream.write_all(OK).await.ok();
        stream.shutdown().await.ok();
    })
    .await;
    let mut options = server.options();
    options.http = 1;
    // Slow enough that the close arrives before the next request.
    options.rate = Some(20.0);
    let report = run_until(options, |r| r.http.by_status.get(&200) >= Some(&3)).await;
    assert_eq!(report.failed, 0, "{report:#?}");
    assert!(report.http.connections >= 3, "{report:#?}");
}

#[tokio::test]
async fn a_refused_connection_is_a_failed_request() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let target = Target::new(address).unwrap();
    let mut options = Options::new(target, Duration::from_secs(3_600));
    options.ws = 1;
    drop(free);
    let report = run_until(options, |r| r.ws.refused > 1).await;
    assert_eq!(report.failed, report.ws.refused, "{report:#?}");
    assert_eq!(report.requests, report.ws.refused);
}

#[tokio::test]
async fn an_order_executed_twice_is_found_in_answers_and_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("orders");
    let orders = path.clone();
    let server = Server::start(move |mut stream, _, count| {
        let orders = orders.clone();
        async move {
            while let Some(head) = request(&mut stream, &count).await {
                let key = head.split("idempotency-key: ").nth(1).unwrap();
                let key = key.split("\r\n").next().unwrap();
                let mut file = std::fs::File::options()
                    .append(true)
                    .create(true)
                    .open(&orders)
                    .unwrap();
                let second = key.ends_with("-2");
                for _ in 0..=u8::from(second) {
                    writeln!(file, "{key}\tnode").unwrap();
                }
                let body = format!("{{\"seen\":{}}}", 1 + u8::from(second));
                let size = body.len();
                let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {size}\r\n\r\n");
                stream.write_all((head + &body).as_bytes()).await.ok();
            }
        }
    })
    .await;
    let mut options = server.options();
    options.post = 1;
    options.post_rate = 1_000.0;
    options.orders_file = Some(path);
    let report = run_until(options, |r| r.post.by_status.get(&201) >= Some(&3)).await;
    assert_eq!(report.orders.seen_before, 1, "{report:#?}");
    let file = report.orders.file.unwrap();
    assert_eq!((file.duplicates, file.lost), (1, 0));
    assert_eq!(file.executed, report.post.sent + 1);
}

#[tokio::test]
async fn a_stream_is_moved_between_events_and_cut_inside_one() {
    let server = Server::start(|mut stream, number, count| async move {
        let head = request(&mut stream, &count).await.unwrap_or_default();
        let last = head
            .split("last-event-id: ")
            .nth(1)
            .map_or(0, |id| id.split("\r\n").next().unwrap().parse().unwrap());
        let event = format!("id: {}\ndata: x\n\n", last + 1);
        let (body, end) = match number {
            0 => (event, "0\r\n\r\n"),
            1 => (event + "id: 9\nda", "0\r\n\r\n"),
            2 => (event, ""),
            _ => (format!("id: {}\ndata: x\n\n", last + 5), "0\r\n\r\n"),
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n{end}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.ok();
    })
    .await;
    let mut options = server.options();
    options.sse = 1;
    let report = run_until(options, |r| r.sse.id_gaps > 0).await;
    assert_eq!(report.sse.cut, 2, "{report:#?}");
    assert_eq!(report.sse.cut_mid_event, 1, "{report:#?}");
    assert!(report.sse.moved >= 1, "{report:#?}");
    assert_eq!(report.sockets_cut, 2);
}
