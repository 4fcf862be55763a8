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
