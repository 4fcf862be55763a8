//! Sources that do not answer as they should.

use std::time::Duration;

use gates::{AnswerError, Auth, ExchangeError, Prometheus, PrometheusError};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::rig::{Server, closed};

const TIMEOUT: Duration = Duration::from_secs(20);

async fn error_at(url: &str, timeout: Duration) -> PrometheusError {
    let prometheus = Prometheus::new(url, Auth::NONE, timeout).unwrap();
    // On a task of its own, as a coordinator asks.
    tokio::spawn(async move { prometheus.query("up").await.unwrap_err() })
        .await
        .unwrap()
}

fn exchange(error: PrometheusError) -> ExchangeError {
    match error {
        PrometheusError::Exchange(source) => source,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let (_socket, address) = closed();
    let error = exchange(error_at(&format!("http://{address}/a-secret"), TIMEOUT).await);
    assert!(error.nothing_sent());
    let told = error.to_string();
    assert!(
        told.contains(&format!("cannot reach http://{address}:")),
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn silence_and_a_broken_connection_leave_it_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = exchange(error_at(&url, Duration::from_millis(100)).await);
    assert!(matches!(silent, ExchangeError::Silent { .. }), "{silent}");
    assert!(!silent.nothing_sent());

    let breaking = tokio::spawn(async move {
        let _silent = listener.accept().await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
    });
    let broken = exchange(error_at(&url, TIMEOUT).await);
    assert!(matches!(broken, ExchangeError::Broken { .. }), "{broken}");
    assert!(!broken.nothing_sent());
    breaking.await.unwrap();
}

#[tokio::test]
async fn what_is_no_prometheus_is_told_so() {
    let error = |status, body: &'static [u8]| async move {
        let server = Server::answering(status, body).await;
        error_at(&server.url("/"), TIMEOUT).await
    };
    let status = |error| match error {
        PrometheusError::Status { status, .. } => status,
        other => panic!("{other}"),
    };
    assert_eq!(status(error(404, b"not found").await), 404);
    assert_eq!(status(error(503, b"").await), 503);
    // Nothing is followed: it may lead anywhere, with the credentials.
    assert_eq!(status(error(307, b"").await), 307);
    let page = error(200, b"<html>").await;
    assert!(
        matches!(
            page,
            PrometheusError::Answer {
                source: AnswerError::Form(_),
                ..
            }
        ),
        "{page}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let server = Server::answering(200, vec![b' '; 4 * 1024 * 1024]).await;
    let error = error_at(&server.url("/"), TIMEOUT).await;
    assert!(matches!(error, PrometheusError::TooLarge { .. }), "{error}");
}
