//! Slow, silent and too many clients; slow and silent instances.

use proxy::control::v1::Limits;

use crate::rig::*;

async fn with(limits: Limits, instance: &Instance) -> (Proxy, std::net::SocketAddr) {
    let proxy = Proxy::start().await;
    let mut config = service(&[instance.address]);
    config.limits = limits;
    let at = proxy.put(&config).await.bound;
    (proxy, at)
}

#[tokio::test]
async fn a_head_that_does_not_come_is_given_up() {
    let instance = Instance::named("x").await;
    let limits = Limits {
        header_timeout_ms: 200,
        ..Limits::default()
    };
    let (_proxy, at) = with(limits, &instance).await;
    let mut client = Wire::connect(at).await;
    client.send("GET / HTTP/1.1\r\nHost:").await;
    let mut drip = Wire::connect(at).await;
    let dripping = async {
        for byte in get("/").bytes().cycle().filter(|b| !b"\r\n".contains(b)) {
            drip.send([byte]).await;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let text = tokio::select! {
        text = client.rest() => text,
        () = dripping => unreachable!("it drips for ever"),
    };
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(drip.rest().await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let instance = Instance::named("x").await;
    let limits = Limits {
        idle_timeout_ms: 200,
        ..Limits::default()
    };
    let (_proxy, at) = with(limits, &instance).await;
    let mut client = Wire::connect(at).await;
    client.ask(&get("/")).await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn an_instance_that_does_not_answer_is_given_up() {
    let instance = Instance::raw(|mut wire, _| async move { while wire.more().await {} }).await;
    let limits = Limits {
        response_timeout_ms: 200,
        ..Limits::default()
    };
    let (proxy, at) = with(limits, &instance).await;
    let mut client = Wire::connect(at).await;
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    assert!(client.ask(post).await.head.starts_with("HTTP/1.1 504 "));
    assert!(
        client
            .ask(&get("/"))
            .await
            .head
            .starts_with("HTTP/1.1 504 ")
    );
    let traffic = proxy.traffic("a1").await;
    assert_eq!((traffic.failed, traffic.retried), (2, 0));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_the_clients_fault() {
    let instance = Instance::raw(|mut wire, _| async move { while wire.more().await {} }).await;
    let limits = Limits {
        idle_timeout_ms: 200,
        ..Limits::default()
    };
    let (proxy, at) = with(limits, &instance).await;
    let mut client = Wire::connect(at).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi")
        .await;
    assert!(client.rest().await.starts_with("HTTP/1.1 408 "));
    let traffic = proxy.traffic("a1").await;
    assert_eq!((traffic.failed, traffic.client_aborted), (0, 1));
}

#[tokio::test]
async fn too_many_connections_are_told_so() {
    let instance = Instance::named("x").await;
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let (_proxy, at) = with(limits, &instance).await;
    let mut first = Wire::connect(at).await;
    let mut second = Wire::connect(at).await;
    first.ask(&get("/")).await;
    second.ask(&get("/")).await;
    let mut third = Wire::connect(at).await;
    assert!(third.rest().await.starts_with("HTTP/1.1 503 "));
    drop(second);
    soon(async {
        loop {
            let mut another = Wire::connect(at).await;
            another.send(get("/")).await;
            if another
                .message()
                .await
                .is_some_and(|answer| answer.body == b"x")
            {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let instance = Instance::answering(|seen| ok(&seen.head.len().to_string())).await;
    let limits = Limits {
        header_bytes_max: 50_000,
        ..Limits::default()
    };
    let (_proxy, at) = with(limits, &instance).await;
    let head = |size| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "x".repeat(size)
        )
    };
    let mut client = Wire::connect(at).await;
    let answer = client.ask(&head(45_000)).await;
    assert!(
        String::from_utf8(answer.body)
            .unwrap()
            .parse::<usize>()
            .unwrap()
            > 45_000
    );
    client.send(head(50_000)).await;
    assert!(client.rest().await.starts_with("HTTP/1.1 431 "));
}
