//! Requests that go to a version beside its weight: testers' and those of a preview.

use std::net::SocketAddr;

use proxy::control::v1::{Commitment, Drain, Preview, ServiceConfig, Testers};

use crate::rig::*;

/// All weight at the old version; testers and a preview for the new one.
fn previewed(old: SocketAddr, new: SocketAddr, ttl_ms: u64) -> ServiceConfig {
    let mut config = service(&[old]);
    config.versions.push(version("a2", 0, &[new]));
    config.commitment = Commitment::Leased {
        ttl_ms,
        stable: "a1".to_owned(),
    };
    config.testers = Some(Testers {
        header: "X-Try".to_owned(),
        value: Some("please".to_owned()),
        artifact: "a2".to_owned(),
    });
    config.preview = Some(Preview {
        listen: "127.0.0.1:0".parse().unwrap(),
        artifact: "a2".to_owned(),
    });
    config
}

const TRY: &str = "GET / HTTP/1.1\r\nHost: shop.test\r\nx-try: please\r\n\r\n";

#[tokio::test]
async fn testers_and_the_preview_reach_a_version_without_weight_and_are_counted_apart() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let status = proxy
        .put(&previewed(old.address, new.address, 60_000))
        .await;
    let (at, preview) = (status.bound, status.preview_bound.unwrap());
    assert_ne!(at, preview);
    let mut client = Wire::connect(at).await;
    for n in 0..10 {
        assert_eq!(client.ask(&get("/")).await.body, b"old");
        assert_eq!(client.ask(TRY).await.body, b"new");
        let other = TRY.replace("please", "pleased");
        assert_eq!(client.ask(&other).await.body, b"old", "round {n}");
    }
    let mut previewing = Wire::connect(preview).await;
    // Whatever host and path: all requests there are the version's.
    for path in ["/", "/deep/x"] {
        let answer = previewing
            .ask(&get(path).replace("shop.test", "127.0.0.1"))
            .await;
        assert_eq!(answer.body, b"new");
    }
    let traffic = proxy.until("a2", |t| t.in_flight == 0).await;
    assert_eq!((traffic.requests, traffic.status[1]), (12, 12));
    let by = &traffic.by_choice;
    assert_eq!(
        (
            by.weighted.requests,
            by.testers.requests,
            by.preview.requests
        ),
        (0, 10, 2)
    );
    assert_eq!(
        (by.testers.status[1], by.testers.latency.last()),
        (10, Some(&10))
    );
    let stable = proxy.traffic("a1").await;
    assert_eq!(stable.by_choice.weighted.requests, 20);
    let since = stable.by_choice.weighted.since(&by.weighted);
    assert_eq!((since.requests, since.latency.last()), (20, Some(&20)));
    let metrics = proxy.client.metrics().await.unwrap();
    let line = format!(
        "cutover_proxy_requests_by_choice_total{{service=\"{KEY}\",artifact=\"a2\",choice=\"testers\"}} 10"
    );
    assert!(metrics.lines().any(|l| l == line), "{metrics}");
}

#[tokio::test]
async fn a_tester_is_a_client_like_others_where_the_version_cannot_serve() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let mut config = previewed(old.address, new.address, 60_000);
    config.testers.as_mut().unwrap().value = None;
    config.versions[1].backends[0].healthy = false;
    let at = proxy.put(&config).await.bound;
    let mut client = Wire::connect(at).await;
    assert_eq!(client.ask(TRY).await.body, b"old");
    config.testers.as_mut().unwrap().artifact = "gone".to_owned();
    config.versions[1].backends[0].healthy = true;
    proxy.put(&config).await;
    assert_eq!(client.ask(TRY).await.body, b"old");
    config.testers.as_mut().unwrap().artifact = "a2".to_owned();
    proxy.put(&config).await;
    assert_eq!(client.ask(TRY).await.body, b"new");
}

#[tokio::test]
async fn when_the_lease_runs_out_testers_and_preview_end_too() {
    let mut proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let mut config = previewed(old.address, new.address, 60_000);
    config.versions[0].weight = 80;
    config.versions[1].weight = 20;
    let status = proxy.put(&config).await;
    let (at, preview) = (status.bound, status.preview_bound.unwrap());
    let mut idle = Wire::connect(preview).await;
    assert_eq!(idle.ask(&get("/")).await.body, b"new");
    proxy
        .client
        .renew(KEY, &proxy::control::v1::Renew { ttl_ms: 1 })
        .await
        .unwrap();
    soon(async {
        while !proxy.client.status().await.unwrap().services[KEY].reverted {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut client = Wire::connect(at).await;
    for _ in 0..100 {
        assert_eq!(client.ask(TRY).await.body, b"old");
    }
    // Who is still connected to the preview is told; nobody else gets in.
    let late = idle.ask(&get("/")).await;
    assert!(late.head.starts_with("HTTP/1.1 404"), "{}", late.head);
    soon(async { while tokio::net::TcpStream::connect(preview).await.is_ok() {} }).await;
    let status = proxy.client.status().await.unwrap();
    assert_eq!(status.listeners.len(), 1);
    let service = &status.services[KEY];
    assert_eq!(
        (&service.preview_bound, &service.config.preview),
        (&None, &None)
    );
    assert_eq!(service.config.testers, None);
    // Nor does a restart bring it back.
    proxy.stop().await;
    let again = Proxy::on(proxy.home.clone()).await;
    let status = again.client.status().await.unwrap();
    assert_eq!(status.services[KEY].preview_bound, None);
    drop(client);
}

#[tokio::test]
async fn prepared_the_preview_stays_and_keeps_its_port_over_a_restart() {
    let mut proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let before = proxy
        .put(&previewed(old.address, new.address, 60_000))
        .await;
    proxy.client.prepare(KEY).await.unwrap();
    proxy.stop().await;
    let again = Proxy::on(proxy.home.clone()).await;
    let status = &again.client.status().await.unwrap().services[KEY];
    assert_eq!(status.preview_bound, before.preview_bound);
    assert_eq!(status.bound, before.bound);
    let mut previewing = Wire::connect(before.preview_bound.unwrap()).await;
    assert_eq!(previewing.ask(&get("/")).await.body, b"new");
}

#[tokio::test]
async fn a_preview_that_ends_lets_requests_and_sockets_finish_and_can_come_again_at_once() {
    let proxy = Proxy::start().await;
    let old = Instance::named("old").await;
    let (sender, mut wires) = tokio::sync::mpsc::channel(4);
    let new = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            let head = wire.head().await.unwrap();
            sender.send((wire, head)).await.unwrap();
        }
    })
    .await;
    let mut config = previewed(old.address, new.address, 60_000);
    let preview = proxy.put(&config).await.preview_bound.unwrap();
    let mut waiting = Wire::connect(preview).await;
    waiting.send(get("/slow")).await;
    let (mut slow, _) = soon(wires.recv()).await.unwrap();
    let mut socket = Wire::connect(preview).await;
    socket
        .send(
            "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await;
    let (mut inner, _) = soon(wires.recv()).await.unwrap();
    inner
        .send(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        )
        .await;
    assert!(socket.head().await.unwrap().starts_with("HTTP/1.1 101"));
    config.preview = None;
    assert_eq!(proxy.put(&config).await.preview_bound, None);
    slow.send(ok("done")).await;
    assert_eq!(soon(waiting.message()).await.unwrap().body, b"done");
    inner.send([0x81, 1, b'x']).await;
    assert_eq!(socket.exactly(3).await, [0x81, 1, b'x']);
    // The very address can be had again, also while its old sockets are still being closed.
    for _ in 0..20 {
        config.preview = Some(Preview {
            listen: preview,
            artifact: "a2".to_owned(),
        });
        assert_eq!(proxy.put(&config).await.preview_bound, Some(preview));
        config.preview = None;
        proxy.put(&config).await;
    }
}

#[tokio::test]
async fn a_preview_is_alone_on_its_address() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let config = previewed(old.address, new.address, 60_000);
    let status = proxy.put(&config).await;
    let mut other = service(&[old.address]);
    other.hosts = vec!["other.test".to_owned()];
    // With port 0 each preview has a port of its own.
    other.preview = Some(Preview {
        listen: "127.0.0.1:0".parse().unwrap(),
        artifact: "a1".to_owned(),
    });
    let second = proxy.client.put("other.a", &other).await.unwrap();
    assert_eq!(second.bound, status.bound);
    assert_ne!(second.preview_bound, status.preview_bound);
    let taken = second.preview_bound.unwrap();
    other.preview.as_mut().unwrap().listen = taken;
    let moved = proxy.client.put("other.a", &other).await;
    // It is its own, but under another name: the old one must be given up first.
    assert_eq!(moved.unwrap_err().kind(), Some("address_in_use"));
    let free = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    other.preview.as_mut().unwrap().listen = free;
    proxy.client.put("other.a", &other).await.unwrap();
    let mut thief = previewed(old.address, new.address, 60_000);
    thief.hosts = vec!["thief.test".to_owned()];
    thief.preview.as_mut().unwrap().listen = free;
    let refused = proxy.client.put("thief.a", &thief).await.unwrap_err();
    assert_eq!(refused.kind(), Some("overlapping_claim"));
    assert!(refused.to_string().contains("other.a"), "{refused}");
    thief.preview = None;
    thief.listen = free;
    let refused = proxy.client.put("thief.a", &thief).await.unwrap_err();
    assert_eq!(refused.kind(), Some("overlapping_claim"));
    proxy.client.delete("other.a").await.unwrap();
    proxy.client.put("thief.a", &thief).await.unwrap();
}

#[tokio::test]
async fn a_version_with_testers_or_a_preview_is_not_drained() {
    let proxy = Proxy::start().await;
    let old = Instance::named("old").await;
    let (sender, mut wires) = tokio::sync::mpsc::channel(1);
    let new = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.head().await.unwrap();
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let mut config = previewed(old.address, new.address, 60_000);
    let status = proxy.put(&config).await;
    let mut tester = Wire::connect(status.bound).await;
    tester.send(TRY).await;
    let mut slow = soon(wires.recv()).await.unwrap();
    let drain = Drain {
        artifact: "a2".to_owned(),
        deadline_ms: 60_000,
        sockets_per_second: 10,
        close_code: 1012,
    };
    let preview = config.preview.take();
    for _ in 0..2 {
        let refused = proxy.client.drain(KEY, &drain).await.unwrap_err();
        assert_eq!(refused.kind(), Some("still_has_requests"), "{refused}");
        proxy.put(&config).await;
    }
    config.testers = None;
    proxy.put(&config).await;
    let status = proxy.client.drain(KEY, &drain).await.unwrap();
    assert_eq!(status.draining, ["a2"]);
    // Who gets requests again is not draining.
    config.preview = preview;
    assert!(proxy.put(&config).await.draining.is_empty());
    slow.send(ok("slow")).await;
    assert_eq!(soon(tester.message()).await.unwrap().body, b"slow");
}
