//! Event streams: unbuffered, and ended between two events when their version drains.

use proxy::control::v1::Drain;

use crate::rig::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                    transfer-encoding: chunked\r\n\r\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[tokio::test]
async fn a_drained_stream_ends_at_the_end_of_an_event_and_properly() {
    let proxy = Proxy::start().await;
    let (sender, mut wires) = tokio::sync::mpsc::channel(1);
    let old = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.head().await.unwrap();
            wire.send(HEAD).await;
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/events")).await;
    assert!(client.head().await.unwrap().contains("text/event-stream"));
    let mut inner = wires.recv().await.unwrap();
    // Each piece is with the client before the next is sent: nothing is buffered.
    for piece in ["data: 1\n\n", "data: 2\nda"] {
        inner.send(chunk(piece)).await;
        let expected = chunk(piece);
        assert_eq!(client.exactly(expected.len()).await, expected.as_bytes());
    }
    let traffic = proxy.until("a1", |t| t.streams_open == 1).await;
    assert_eq!(traffic.in_flight, 0);
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    proxy.put(&config).await;
    let drain = Drain {
        artifact: "a1".to_owned(),
        deadline_ms: 20_000,
        sockets_per_second: 100,
        close_code: 1012,
    };
    proxy.client.drain(KEY, &drain).await.unwrap();
    inner
        .send(chunk("ta: more of 2\n\ndata: 3, which is too la"))
        .await;
    let text = format!("{}0\r\n\r\n", chunk("ta: more of 2\n\n"));
    assert_eq!(client.exactly(text.len()).await, text.as_bytes());
    let traffic = proxy.until("a1", |t| t.streams_open == 0).await;
    assert_eq!(
        (traffic.sockets_moved, traffic.sockets_cut, traffic.failed),
        (1, 0, 0)
    );
    // The client's connection lives on, and its next request goes to the new version.
    assert_eq!(client.ask(&get("/")).await.body, b"new");
}

#[tokio::test]
async fn a_stream_broken_by_its_instance_is_cut_not_ended() {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(|mut wire, _| async move {
        wire.head().await.unwrap();
        wire.send(format!("{HEAD}{}", chunk("data: 1\n\n"))).await;
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/events")).await;
    let text = client.rest().await;
    assert!(text.ends_with("data: 1\n\n\r\n"), "{text:?}");
    let traffic = proxy.until("a1", |t| t.streams_open == 0).await;
    assert_eq!((traffic.sockets_moved, traffic.sockets_cut), (0, 1));
}

/// Opens a stream whose answer is `head`, drains its version after `before`, and returns all the client got.
async fn drained(head: &'static str, before: &'static str, after: &'static str) -> String {
    let proxy = Proxy::start().await;
    let (sender, mut wires) = tokio::sync::mpsc::channel(1);
    let old = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.head().await.unwrap();
            wire.send(format!("{head}{before}")).await;
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client
        .send("GET /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    let mut got = String::from_utf8(client.until("1\n").await.unwrap()).unwrap();
    let mut inner = wires.recv().await.unwrap();
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    proxy.put(&config).await;
    let drain = Drain {
        artifact: "a1".to_owned(),
        deadline_ms: 20_000,
        sockets_per_second: 100,
        close_code: 1012,
    };
    proxy.client.drain(KEY, &drain).await.unwrap();
    inner.send(after).await;
    got.push_str(&client.rest().await);
    let traffic = proxy.until("a1", |t| t.streams_open == 0).await;
    assert_eq!(
        (traffic.sockets_moved, traffic.sockets_cut, traffic.failed),
        (1, 0, 0)
    );
    got
}

#[tokio::test]
async fn a_stream_of_known_length_is_passed_on_as_one_that_can_be_ended() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 1000\r\n\r\n";
    let got = drained(head, "data: 1\n", "\ndata: 2\n").await;
    assert!(!got.contains("content-length"), "{got:?}");
    assert!(
        got.ends_with("8\r\ndata: 1\n\r\n1\r\n\n\r\n0\r\n\r\n"),
        "{got:?}"
    );
}

#[tokio::test]
async fn an_encoded_stream_ends_between_two_chunks_of_its_instance() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let got = drained(head, "6\r\nab1\n", "cd\r\n3\r\nefg\r\n").await;
    assert!(
        got.ends_with("4\r\nab1\n\r\n2\r\ncd\r\n0\r\n\r\n"),
        "{got:?}"
    );
}

#[tokio::test]
async fn an_encoded_stream_without_chunks_ends_after_what_came() {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\r\n";
    let got = drained(head, "ab1\n", "").await;
    assert!(got.ends_with("4\r\nab1\n\r\n0\r\n\r\n"), "{got:?}");
}
