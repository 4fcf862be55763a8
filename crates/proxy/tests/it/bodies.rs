//! Bodies: large ones in bounded memory, trailers, and `Expect: 100-continue` from end to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::rig::*;

#[tokio::test]
async fn a_client_that_takes_nothing_stops_its_instance() {
    let proxy = Proxy::start().await;
    const SIZE: usize = 96 * 1024 * 1024;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let instance = Instance::raw(move |mut wire, _| {
        let count = Arc::clone(&count);
        async move {
            wire.head().await.unwrap();
            wire.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n"))
                .await;
            let block = vec![b'x'; 64 * 1024];
            for _ in 0..SIZE / block.len() {
                wire.send(&block).await;
                count.fetch_add(block.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/big")).await;
    client.head().await.unwrap();
    // The flow has stopped when nothing more is taken for a while: the rest waits at the instance.
    let mut before = 0;
    soon(async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = sent.load(Ordering::SeqCst);
            if now == before && now > 0 {
                break;
            }
            before = now;
        }
    })
    .await;
    assert!(
        before < SIZE / 4,
        "{before} bytes went into the proxy and the sockets"
    );
    let mut got = client.buffer.len();
    client.buffer.clear();
    while got < SIZE {
        assert!(soon(client.more()).await);
        got += client.buffer.len();
        client.buffer.clear();
    }
    assert_eq!(got, SIZE);
}

#[tokio::test]
async fn an_instance_that_takes_nothing_stops_its_client() {
    let proxy = Proxy::start().await;
    const SIZE: usize = 96 * 1024 * 1024;
    let (go, gone) = tokio::sync::watch::channel(false);
    let instance = Instance::raw(move |mut wire, _| {
        let mut gone = gone.clone();
        async move {
            wire.head().await.unwrap();
            gone.wait_for(|go| *go).await.unwrap();
            let mut got = wire.buffer.len();
            while got < SIZE {
                wire.buffer.clear();
                assert!(wire.more().await);
                got += wire.buffer.len();
            }
            wire.send(ok(&got.to_string())).await;
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client
        .send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {SIZE}\r\n\r\n"
        ))
        .await;
    let block = vec![b'y'; 64 * 1024];
    let mut sent = 0;
    // The flow has stopped when nothing more can be written for a while.
    while let Ok(written) = tokio::time::timeout(
        Duration::from_millis(300),
        tokio::io::AsyncWriteExt::write(&mut client.stream, &block),
    )
    .await
    {
        sent += written.unwrap();
        assert!(
            sent < SIZE / 4,
            "{sent} bytes went into the proxy and the sockets"
        );
    }
    go.send_replace(true);
    while sent < SIZE {
        let next = &block[..block.len().min(SIZE - sent)];
        client.send(next).await;
        sent += next.len();
    }
    assert_eq!(
        soon(client.message()).await.unwrap().body,
        SIZE.to_string().as_bytes()
    );
}

#[tokio::test]
async fn a_large_upload_arrives_whole_with_either_framing() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|seen| ok(&seen.body.len().to_string())).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let body = vec![b'y'; 5_000_000];
    let mut client = Wire::connect(at).await;
    client
        .send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ))
        .await;
    client.send(&body).await;
    assert_eq!(soon(client.message()).await.unwrap().body, b"5000000");
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4c4b40;ext=1\r\n")
        .await;
    client.send(&body).await;
    client.send("\r\n0\r\n\r\n").await;
    assert!(
        soon(client.message())
            .await
            .unwrap()
            .body
            .starts_with(b"50")
    );
    let seen = instance.last();
    assert_eq!(seen.field("transfer-encoding"), Some("chunked"));
    assert_eq!(
        seen.body.iter().filter(|byte| **byte == b'y').count(),
        body.len()
    );
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|_| {
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 9\r\n\
         content-length: 1\r\n\r\n"
            .to_owned()
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    let answer = client
        .ask(
            "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTrailer: X-In\r\n\
             Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-In: 1\r\nHost: evil\r\n\r\n",
        )
        .await;
    assert_eq!(answer.field("trailer"), Some("x-sum"));
    assert_eq!(answer.body, b"2\r\nhi\r\n0\r\nx-sum: 9\r\n\r\n");
    let seen = instance.last();
    assert_eq!(seen.field("te"), Some("trailers"));
    assert_eq!(seen.field("trailer"), Some("X-In"));
    assert_eq!(seen.body, b"1\r\na\r\n0\r\nX-In: 1\r\n\r\n");
}

const EXPECTING: &str =
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

#[tokio::test]
async fn continue_is_the_instances_to_say() {
    let proxy = Proxy::start().await;
    let (sender, mut wires) = tokio::sync::mpsc::channel(1);
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            assert!(wire.head().await.unwrap().contains("expect: 100-continue"));
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(EXPECTING).await;
    let mut inner = wires.recv().await.unwrap();
    inner.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(
        client.head().await.unwrap(),
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    client.send("hi").await;
    assert_eq!(inner.exactly(2).await, b"hi");
    inner.send(ok("done")).await;
    assert_eq!(soon(client.message()).await.unwrap().body, b"done");
}

#[tokio::test]
async fn a_refusal_instead_of_continue_ends_the_connection() {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(|mut wire, _| async move {
        wire.head().await.unwrap();
        wire.send("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n")
            .await;
        while wire.more().await {}
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(EXPECTING).await;
    let text = client.rest().await;
    assert!(
        text.starts_with("HTTP/1.1 413 ") && text.contains("connection: close"),
        "{text}"
    );
}
