//! Instances that answer wrongly, too early or without end: their clients are told the truth, and no
//! later request gets what belongs to an earlier one.

use std::time::Duration;

use crate::rig::*;

/// A proxy before an instance that answers each connection's first request with `answer`, leaves the
/// connection open, and every later request on it with a plain `second`.
async fn before(answer: &'static str) -> (Proxy, Instance, std::net::SocketAddr) {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(move |mut wire, _| async move {
        wire.head().await.unwrap();
        wire.send(answer).await;
        while wire.until("\r\n\r\n").await.is_some() {
            wire.send(ok("second")).await;
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    (proxy, instance, at)
}

const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_a_502() {
    let floods = format!(
        "{}{}",
        "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n".repeat(10_000),
        ok("late")
    );
    let floods: &'static str = Box::leak(floods.into_boxed_str());
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nx",
        "HTTP/1.1 101 Switching Protocols\r\n\r\nx",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        floods,
    ] {
        let (proxy, _instance, at) = before(answer).await;
        let mut client = Wire::connect(at).await;
        client.send(POST).await;
        let head = loop {
            let head = client.head().await.unwrap();
            if !head.starts_with("HTTP/1.1 103 ") {
                break head;
            }
        };
        assert!(
            head.starts_with("HTTP/1.1 502 "),
            "{:?}: {head}",
            &answer[..40.min(answer.len())]
        );
        let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
        assert_eq!((traffic.requests, traffic.failed), (1, 1));
    }
}

#[tokio::test]
async fn an_upgrade_to_what_was_not_asked_for_is_a_502() {
    let (_proxy, _instance, at) =
        before("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ssh\r\n\r\n")
            .await;
    let mut client = Wire::connect(at).await;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    let head = client.ask(request).await.head;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
}

#[tokio::test]
async fn an_answer_cut_short_is_never_made_whole() {
    for (answer, begins) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "half"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "4\r\nhalf\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
            "4\r\nhalf\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX: y",
            "4\r\nhalf\r\n",
        ),
    ] {
        let proxy = Proxy::start().await;
        let instance = Instance::raw(move |mut wire, _| async move {
            wire.head().await.unwrap();
            wire.send(answer).await;
        })
        .await;
        let at = proxy.put(&service(&[instance.address])).await.bound;
        let mut client = Wire::connect(at).await;
        client.send(POST).await;
        client.head().await.unwrap();
        assert_eq!(client.rest().await, begins, "{answer:?}");
        let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
        assert_eq!((traffic.requests, traffic.failed), (1, 1), "{answer:?}");
    }
}

#[tokio::test]
async fn what_an_instance_sends_beyond_its_answer_is_nobodys() {
    let late = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
    for (head, body) in [
        ("HTTP/1.1 204 No Content\r\nContent-Length: 45\r\n\r\n", ""),
        (
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            "",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            "hi",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhix", "hi"),
    ] {
        let proxy = Proxy::start().await;
        let instance = Instance::raw(move |mut wire, number| async move {
            while wire.until("\r\n\r\n").await.is_some() {
                if number > 0 {
                    wire.send(ok("honest")).await;
                    continue;
                }
                wire.send(head).await;
                // The body that cannot be is sent once the next request has come, if it comes here.
                if wire.until("\r\n\r\n").await.is_some() {
                    wire.send(late).await;
                }
            }
        })
        .await;
        let at = proxy.put(&service(&[instance.address])).await.bound;
        let mut client = Wire::connect(at).await;
        client.send(get("/")).await;
        let first = client.head().await.unwrap();
        assert!(!first.contains("content-length: 5"), "{first}");
        if first.contains("chunked") && !body.is_empty() {
            client.until("0\r\n\r\n").await.unwrap();
        } else {
            assert_eq!(client.exactly(body.len()).await, body.as_bytes());
        }
        assert_eq!(client.ask(&get("/")).await.body, b"honest", "{head:?}");
    }
}

#[tokio::test]
async fn an_answer_before_the_whole_request_ends_both_connections() {
    let (sender, mut wires) = tokio::sync::mpsc::channel(8);
    let proxy = Proxy::start().await;
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.head().await.unwrap();
            wire.send(ok("early")).await;
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf")
        .await;
    let answer = soon(client.message()).await.unwrap();
    assert_eq!(
        (&answer.body[..], answer.field("connection")),
        (&b"early"[..], Some("close"))
    );
    // What follows is the body still, not a request.
    client.send(get("/hidden")).await;
    assert_eq!(client.rest().await, "");
    let mut inner = wires.recv().await.unwrap();
    assert_eq!(inner.rest().await, "half");
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!((traffic.requests, traffic.failed), (1, 0));
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_instances_connection_along() {
    let (sender, mut wires) = tokio::sync::mpsc::channel(8);
    let proxy = Proxy::start().await;
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            let head = wire.head().await.unwrap();
            if head.starts_with("GET /answering") {
                wire.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
                    .await;
            }
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let upload = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf";
    for request in [&get("/waiting"), &get("/answering"), upload] {
        let mut client = Wire::connect(at).await;
        client.send(request).await;
        let mut inner = wires.recv().await.unwrap();
        if request.contains("answering") {
            client.until("half").await.unwrap();
        }
        drop(client);
        inner.rest().await;
    }
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!(
        (traffic.client_aborted, traffic.failed, traffic.retried),
        (3, 0, 0)
    );
}

#[tokio::test]
async fn who_is_slow_holds_up_nobody_else() {
    let proxy = Proxy::start().await;
    const SIZE: usize = 64 * 1024 * 1024;
    let instance = Instance::raw(|mut wire, _| async move {
        while let Some(head) = wire.until("\r\n\r\n").await {
            if !head.starts_with(b"GET /big") {
                wire.send(ok("small")).await;
                continue;
            }
            wire.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n"))
                .await;
            wire.send(vec![b'x'; SIZE]).await;
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut slow = vec![];
    for _ in 0..32 {
        let mut client = Wire::connect(at).await;
        client.send(get("/big")).await;
        client.head().await.unwrap();
        slow.push(client);
    }
    for _ in 0..100 {
        let mut client = Wire::connect(at).await;
        let answer = tokio::time::timeout(Duration::from_secs(5), client.ask(&get("/"))).await;
        assert_eq!(answer.expect("an answer in time").body, b"small");
    }
    assert_eq!(proxy.traffic("a1").await.in_flight, 32);
}
