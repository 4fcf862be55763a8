//! A request is sent again only where that can do no harm.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rig::*;

/// An instance whose connections each take one request: the first `faulty` close without an answer.
async fn faulty(faulty: usize) -> (Instance, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let instance = Instance::raw(move |mut wire, _| {
        let count = Arc::clone(&count);
        async move {
            while wire.message().await.is_some() {
                if count.fetch_add(1, Ordering::SeqCst) < faulty {
                    return;
                }
                wire.send(ok("fine")).await;
            }
        }
    })
    .await;
    (instance, requests)
}

#[tokio::test]
async fn an_idempotent_request_without_an_answer_is_sent_again() {
    let proxy = Proxy::start().await;
    let (instance, requests) = faulty(2).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    let put = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(client.ask(put).await.body, b"fine");
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    let traffic = proxy.traffic("a1").await;
    assert_eq!(
        (traffic.requests, traffic.retried, traffic.failed),
        (1, 2, 0)
    );
}

#[tokio::test]
async fn there_is_an_end_to_sending_again() {
    let proxy = Proxy::start().await;
    let (instance, requests) = faulty(99).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    assert!(client.ask(&get("/")).await.head.starts_with("HTTP/1.1 502"));
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    assert_eq!(proxy.traffic("a1").await.failed, 1);
}

#[tokio::test]
async fn a_post_that_may_have_arrived_is_never_sent_again() {
    let proxy = Proxy::start().await;
    let (instance, requests) = faulty(1).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
    assert!(client.ask(post).await.head.starts_with("HTTP/1.1 502"));
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    let traffic = proxy.traffic("a1").await;
    assert_eq!(
        (traffic.requests, traffic.retried, traffic.failed),
        (1, 0, 1)
    );
}

#[tokio::test]
async fn a_post_refused_by_one_instance_goes_to_the_next() {
    let proxy = Proxy::start().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = closed.local_addr().unwrap();
    drop(closed);
    let instance = Instance::named("alive").await;
    let at = proxy.put(&service(&[dead, instance.address])).await.bound;
    for _ in 0..4 {
        let mut client = Wire::connect(at).await;
        let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(client.ask(post).await.body, b"alive");
    }
    let traffic = proxy.traffic("a1").await;
    assert_eq!((traffic.requests, traffic.failed), (4, 0));
    assert!(traffic.retried >= 1, "{traffic:?}");
}

#[tokio::test]
async fn a_pooled_connection_closed_by_the_instance_costs_nobody_anything() {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(|mut wire, _| async move {
        wire.message().await.unwrap();
        wire.send(ok("once")).await;
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    for _ in 0..20 {
        assert_eq!(client.ask(&get("/")).await.body, b"once");
    }
    let traffic = proxy.traffic("a1").await;
    assert_eq!(
        (traffic.requests, traffic.failed, traffic.status[1]),
        (20, 0, 20)
    );
}

#[tokio::test]
async fn an_answer_cut_short_is_passed_on_as_cut_short() {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(|mut wire, _| async move {
        wire.message().await.unwrap();
        wire.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            .await;
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/")).await;
    assert!(client.rest().await.ends_with("\r\n\r\nhalf"));
    let traffic = proxy.until("a1", |t| t.failed == 1).await;
    assert_eq!(traffic.retried, 0);
}

#[tokio::test]
async fn a_client_that_leaves_is_not_a_failure() {
    let proxy = Proxy::start().await;
    let (sender, mut asked) = tokio::sync::mpsc::channel(1);
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.message().await.unwrap();
            sender.send(()).await.unwrap();
            wire.more().await;
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send(get("/")).await;
    asked.recv().await.unwrap();
    drop(client);
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!((traffic.client_aborted, traffic.failed), (1, 0));
}
