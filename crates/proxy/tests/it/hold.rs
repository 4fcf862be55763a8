//! Requests wait, for a bounded time and in a bounded number, while no instance can take them.

use crate::rig::*;

#[tokio::test]
async fn a_request_waits_for_an_instance_to_become_healthy() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("here").await;
    let mut config = service(&[instance.address]);
    config.versions[0].backends[0].healthy = false;
    let at = proxy.put(&config).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/")).await;
    while proxy.client.traffic(KEY).await.unwrap().held_now == 0 {
        tokio::task::yield_now().await;
    }
    assert!(
        instance.seen.lock().unwrap().is_empty(),
        "an unhealthy instance got a request"
    );
    config.versions[0].backends[0].healthy = true;
    proxy.put(&config).await;
    assert_eq!(soon(client.message()).await.unwrap().body, b"here");
    let traffic = proxy.traffic("a1").await;
    assert_eq!((traffic.requests, traffic.held, traffic.failed), (1, 1, 0));
    assert_eq!(proxy.client.traffic(KEY).await.unwrap().held_now, 0);
}

#[tokio::test]
async fn a_request_waits_for_an_instance_that_restarts() {
    let proxy = Proxy::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let at = proxy.put(&service(&[address])).await.bound;
    let mut client = Wire::connect(at).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        .await;
    while proxy.client.traffic(KEY).await.unwrap().held_now == 0 {
        tokio::task::yield_now().await;
    }
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let instance =
        Instance::answering_on(
            listener,
            |seen| ok(std::str::from_utf8(&seen.body).unwrap()),
        );
    assert_eq!(soon(client.message()).await.unwrap().body, b"hi");
    assert_eq!(instance.seen.lock().unwrap().len(), 1);
    let traffic = proxy.traffic("a1").await;
    assert_eq!((traffic.requests, traffic.held, traffic.failed), (1, 1, 0));
}

#[tokio::test]
async fn the_hold_is_bounded_in_time_and_number() {
    let proxy = Proxy::start().await;
    let mut config = service(&[]);
    config.limits.hold_ms = 50;
    let at = proxy.put(&config).await.bound;
    let mut client = Wire::connect(at).await;
    let answer = client.ask(&get("/")).await;
    assert!(answer.head.starts_with("HTTP/1.1 503"), "{}", answer.head);
    assert_eq!(answer.field("retry-after"), Some("1"));
    // Nobody is held while the hold is full, however long it might last.
    config.limits.held_max = 0;
    config.limits.hold_ms = 600_000;
    proxy.put(&config).await;
    assert!(client.ask(&get("/")).await.head.starts_with("HTTP/1.1 503"));
    let nobody = proxy.traffic("").await;
    assert_eq!((nobody.requests, nobody.failed, nobody.held), (2, 2, 1));
}
