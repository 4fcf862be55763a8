//! A proxy that is told to stop: long-lived connections are moved as in a drain, requests finish.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::rig::*;

/// An instance that hands every connection over after its first head, answered with `answer`.
async fn handing_over(answer: &'static str) -> (Instance, tokio::sync::mpsc::Receiver<Wire>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(8);
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.head().await.unwrap();
            wire.send(answer).await;
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    (instance, receiver)
}

#[tokio::test]
async fn web_sockets_get_their_close_frame_and_their_last_messages_through() {
    let mut proxy = Proxy::start().await;
    let (instance, mut wires) = handing_over(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    )
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client
        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .await;
    client.head().await.unwrap();
    let mut inner = wires.recv().await.unwrap();
    inner.send([0x81, 5, b'h']).await;
    assert_eq!(client.exactly(3).await, [0x81, 5, b'h']);
    let ((), ()) = tokio::join!(proxy.stop(), async {
        closed_to_others(at).await;
        inner.send("ello").await;
        assert_eq!(client.exactly(4).await, b"ello");
        assert_eq!(client.exactly(4).await, [0x88, 2, 0x03, 0xf4]);
        let last = [
            0x81, 0x81, 0, 0, 0, 0, b'z', 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf4,
        ];
        client.send(last).await;
        assert_eq!(inner.exactly(last.len()).await, last);
        inner.send([0x88, 2, 0x03, 0xf4]).await;
        assert_eq!(client.rest().await, "");
    });
}

#[tokio::test]
async fn event_streams_end_after_an_event() {
    let mut proxy = Proxy::start().await;
    let (instance, mut wires) = handing_over(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    )
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/events")).await;
    client.head().await.unwrap();
    let mut inner = wires.recv().await.unwrap();
    inner.send("4\r\ndata\r\n").await;
    client.until("4\r\ndata\r\n").await.unwrap();
    let ((), ()) = tokio::join!(proxy.stop(), async {
        closed_to_others(at).await;
        inner.send("8\r\n: 1\n\nda\r\n").await;
        assert_eq!(client.rest().await, "5\r\n: 1\n\n\r\n0\r\n\r\n");
    });
}

#[tokio::test]
async fn an_http_2_client_is_told_to_go_and_its_request_finishes() {
    let mut proxy = Proxy::start().await;
    let (instance, mut wires) = handing_over("").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let io = TokioIo::new(tokio::net::TcpStream::connect(at).await.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
    let (mut sender, connection) = handshake.await.unwrap();
    let ended = tokio::spawn(connection);
    let ask = || {
        Request::get("http://shop.test/")
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    let first = tokio::spawn(sender.send_request(ask()));
    let mut inner = wires.recv().await.unwrap();
    tokio::join!(proxy.stop(), async {
        closed_to_others(at).await;
        inner.send(ok("finished")).await;
        let answer = soon(first).await.unwrap().unwrap();
        assert_eq!(
            answer.into_body().collect().await.unwrap().to_bytes(),
            "finished"
        );
        // The connection ends by itself, though its client would still use it.
        soon(ended).await.unwrap().unwrap();
        assert!(sender.is_closed());
    });
}

/// Waits until the proxy takes no connection any more.
async fn closed_to_others(at: std::net::SocketAddr) {
    while tokio::net::TcpStream::connect(at).await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
