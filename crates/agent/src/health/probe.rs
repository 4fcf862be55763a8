//! One health check, with an answer that helps a person.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Bytes of a failing answer's body that are shown.
const SHOWN_BYTES_MAX: usize = 300;

/// What a check saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) passed: bool,
    pub(crate) detail: String,
    /// Whether nobody listens there.
    pub(crate) refused: bool,
}

impl Seen {
    pub(super) fn passed(detail: impl Into<String>) -> Self {
        Self {
            passed: true,
            detail: detail.into(),
            refused: false,
        }
    }

    pub(crate) fn failed(detail: impl Into<String>) -> Self {
        Self {
            passed: false,
            detail: detail.into(),
            refused: false,
        }
    }
}

/// Whether a port accepts a connection in time.
pub(super) async fn tcp(address: SocketAddr, timeout_ms: u64) -> Seen {
    let attempt = async {
        match connect(address).await {
            Ok(_) => Seen::passed(format!("{address} accepts connections")),
            Err(seen) => seen,
        }
    };
    let over = || format!("{address} accepted no connection within {timeout_ms} ms");
    in_time(attempt, timeout_ms, over).await
}

/// What is asked over HTTP, and which answer passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Get<'a> {
    pub(super) path: &'a str,
    pub(super) host: Option<&'a str>,
    /// Empty for any 2xx.
    pub(super) statuses: &'a [u16],
}

/// Whether a path is answered as expected in time.
pub(super) async fn http(address: SocketAddr, get: Get<'_>, timeout_ms: u64) -> Seen {
    let path = get.path;
    let attempt = async {
        let stream = match connect(address).await {
            Ok(stream) => stream,
            Err(seen) => return seen,
        };
        match answer(stream, address, get).await {
            Ok(seen) => seen,
            Err(detail) => Seen::failed(format!("GET {path} at {address}: {detail}")),
        }
    };
    let over = || format!("GET {path} at {address} gave no whole answer within {timeout_ms} ms");
    in_time(attempt, timeout_ms, over).await
}

async fn in_time(
    attempt: impl Future<Output = Seen>,
    timeout_ms: u64,
    over: impl FnOnce() -> String,
) -> Seen {
    match tokio::time::timeout(Duration::from_millis(timeout_ms), attempt).await {
        Ok(seen) => seen,
        Err(_) => Seen::failed(over()),
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Seen> {
    TcpStream::connect(address).await.map_err(|e| Seen {
        refused: e.kind() == std::io::ErrorKind::ConnectionRefused,
        ..Seen::failed(format!("no connection to {address}: {e}"))
    })
}

async fn answer(stream: TcpStream, address: SocketAddr, get: Get<'_>) -> Result<Seen, String> {
    let path = get.path;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let driver = tokio::spawn(connection);
    let request = Request::get(path)
        .header(header::HOST, get.host.unwrap_or(&address.to_string()))
        .header(header::USER_AGENT, "cutover-health")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|e| e.to_string())?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|e| format!("the answer broke off: {e}"))?;
        let status = response.status();
        let mut body = response.into_body();
        let mut shown = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| format!("the answer broke off: {e}"))?;
            if let Some(data) = frame.data_ref() {
                let room = SHOWN_BYTES_MAX.saturating_sub(shown.len());
                shown.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok((status, shown))
    };
    let outcome = exchange.await;
    driver.abort();
    outcome.map(|(status, shown)| {
        let expected = match get.statuses {
            [] => status.is_success(),
            statuses => statuses.contains(&status.as_u16()),
        };
        if expected {
            return Seen::passed(format!("GET {path} answered {}", status.as_u16()));
        }
        let text = String::from_utf8_lossy(&shown);
        let text = text.trim();
        let begins = if text.is_empty() {
            String::new()
        } else {
            format!(", which begins: {}", text.replace(['\n', '\r'], " "))
        };
        Seen::failed(format!("GET {path} answered {status}{begins}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const HEALTH: Get<'static> = Get {
        path: "/health",
        host: None,
        statuses: &[],
    };

    async fn against(answer: &'static str, timeout_ms: u64) -> Seen {
        asked(answer, HEALTH, timeout_ms).await.0
    }

    /// What is seen of an answer, and the request for it.
    async fn asked(answer: &'static str, get: Get<'_>, timeout_ms: u64) -> (Seen, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            if answer.is_empty() {
                // Stays silent until the check has given up.
                while stream.read(&mut request).await.unwrap_or(0) > 0 {}
            }
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let seen = http(address, get, timeout_ms).await;
        let request = server.await.unwrap();
        assert!(request.starts_with("GET /health HTTP/1.1\r\n"));
        (seen, request)
    }

    #[tokio::test]
    async fn the_host_asked_for_is_sent_and_only_the_statuses_named_pass() {
        let get = Get {
            host: Some("shop.example"),
            statuses: &[401, 403],
            ..HEALTH
        };
        let (seen, request) = asked("HTTP/1.1 401 No\r\n\r\n", get, 5_000).await;
        assert!(seen.passed, "{seen:?}");
        assert!(request.contains("host: shop.example\r\n"), "{request}");
        let (seen, _) = asked("HTTP/1.1 200 OK\r\n\r\n", get, 5_000).await;
        assert!(!seen.passed, "{seen:?}");
    }

    #[tokio::test]
    async fn any_2xx_passes() {
        let seen = against("HTTP/1.1 204 No Content\r\n\r\n", 5_000).await;
        assert!(seen.passed, "{seen:?}");
    }

    #[tokio::test]
    async fn a_failing_status_is_shown_with_the_begin_of_its_body() {
        let seen = against(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 12\r\n\r\ndb\nis down\r\n",
            5_000,
        )
        .await;
        assert!(!seen.passed && !seen.refused);
        assert_eq!(
            seen.detail,
            "GET /health answered 503 Service Unavailable, which begins: db is down"
        );
    }

    #[tokio::test]
    async fn silence_fails_in_time() {
        let seen = against("", 50).await;
        assert!(!seen.passed);
        assert!(seen.detail.contains("within 50 ms"), "{}", seen.detail);
    }

    #[tokio::test]
    async fn a_cut_answer_and_one_that_is_no_http_fail() {
        let cut = against("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", 5_000).await;
        assert!(!cut.passed, "{cut:?}");
        let garbage = against("SSH-2.0-OpenSSH_9.2\r\n", 5_000).await;
        assert!(!garbage.passed, "{garbage:?}");
    }

    #[tokio::test]
    async fn a_refused_connection_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert!(tcp(address, 5_000).await.passed);
        drop(listener);
        let seen = tcp(address, 5_000).await;
        assert!(!seen.passed && seen.refused, "{seen:?}");
    }
}
