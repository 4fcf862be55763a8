//! When all weight moves: new requests go to the new version at once, old ones finish.

use proxy::control::v1::Drain;

use crate::rig::*;

fn moved(old: &Instance, new: &Instance) -> proxy::control::v1::ServiceConfig {
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    config
}

fn drain(deadline_ms: u64) -> Drain {
    Drain {
        artifact: "a1".to_owned(),
        deadline_ms,
        sockets_per_second: 100,
        close_code: 1012,
    }
}

/// An instance that answers its first request only when told.
async fn slow() -> (Instance, tokio::sync::mpsc::Receiver<Wire>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.head().await.unwrap();
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    (instance, receiver)
}

#[tokio::test]
async fn a_kept_alive_connection_follows_the_weights_at_once() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = Wire::connect(at).await;
    for _ in 0..20 {
        assert_eq!(client.ask(&get("/")).await.body, b"old");
        proxy.put(&moved(&old, &new)).await;
        assert_eq!(client.ask(&get("/")).await.body, b"new");
        proxy.put(&service(&[old.address])).await;
    }
    let traffic = proxy.traffic("a1").await;
    assert_eq!(
        (traffic.requests, traffic.status[1], traffic.failed),
        (20, 20, 0)
    );
    assert_eq!(traffic.latency.last(), Some(&20));
}

#[tokio::test]
async fn a_request_in_flight_finishes_also_when_its_version_is_taken_out() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = slow().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/slow")).await;
    let mut inner = wires.recv().await.unwrap();
    proxy.put(&moved(&old, &new)).await;
    let status = proxy.client.drain(KEY, &drain(20_000)).await.unwrap();
    assert_eq!(status.draining, ["a1"]);
    assert_eq!(proxy.traffic("a1").await.in_flight, 1);
    let mut without = service(&[]);
    without.versions = vec![version("a2", 100, &[new.address])];
    proxy.put(&without).await;
    assert_eq!(
        proxy.traffic("a1").await.in_flight,
        1,
        "a version that is gone keeps its counters"
    );
    inner.send(ok("finished")).await;
    assert_eq!(soon(client.message()).await.unwrap().body, b"finished");
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!((traffic.requests, traffic.failed), (1, 0));
}

#[tokio::test]
async fn what_is_open_at_the_deadline_is_cut_and_counted() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = slow().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/slow")).await;
    let _inner = wires.recv().await.unwrap();
    proxy.put(&moved(&old, &new)).await;
    proxy.client.drain(KEY, &drain(100)).await.unwrap();
    assert!(
        soon(client.message())
            .await
            .unwrap()
            .head
            .starts_with("HTTP/1.1 503")
    );
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!(traffic.failed, 1);
}

#[tokio::test]
async fn what_is_half_answered_or_half_sent_at_the_deadline_is_broken_off_not_ended() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = slow().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut reader = Wire::connect(at).await;
    reader.send(get("/slow")).await;
    let mut read = wires.recv().await.unwrap();
    read.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        .await;
    reader.until("half\r\n").await.unwrap();
    let mut writer = Wire::connect(at).await;
    writer
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf")
        .await;
    let mut written = wires.recv().await.unwrap();
    proxy.put(&moved(&old, &new)).await;
    proxy.client.drain(KEY, &drain(100)).await.unwrap();
    assert_eq!(reader.rest().await, "");
    assert!(writer.rest().await.starts_with("HTTP/1.1 503 "));
    assert_eq!(
        (read.rest().await, written.rest().await),
        (String::new(), "half".to_owned())
    );
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!((traffic.requests, traffic.failed), (2, 2));
    soon(async {
        while !proxy.client.status().await.unwrap().services[KEY]
            .draining
            .is_empty()
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_version_with_weight_or_unknown_is_not_drained() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("x").await;
    proxy.put(&service(&[instance.address])).await;
    let refused = proxy.client.drain(KEY, &drain(100)).await.unwrap_err();
    assert_eq!(refused.kind(), Some("still_has_weight"));
    let unknown = Drain {
        artifact: "zz".to_owned(),
        ..drain(100)
    };
    let refused = proxy.client.drain(KEY, &unknown).await.unwrap_err();
    assert_eq!(refused.kind(), Some("unknown_version"));
}

#[tokio::test]
async fn a_proxy_that_stops_lets_requests_finish() {
    let mut proxy = Proxy::start().await;
    let (old, mut wires) = slow().await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/slow")).await;
    let mut inner = wires.recv().await.unwrap();
    let (stopped, answered) = tokio::join!(proxy.stop(), async {
        while tokio::net::TcpStream::connect(at).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        inner.send(ok("finished")).await;
        soon(client.message()).await.unwrap()
    });
    let () = stopped;
    assert_eq!(answered.body, b"finished");
}
