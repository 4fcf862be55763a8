//! HTTP/2 without TLS, by prior knowledge, on the same port.

use std::convert::Infallible;

use bytes::Bytes;
use http::Request;
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Full};

use crate::rig::*;

#[tokio::test]
async fn requests_share_a_connection_and_reach_the_instance_as_http_1() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|seen| ok(std::str::from_utf8(&seen.body).unwrap())).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let sender = connect::<Full<Bytes>>(at).await;
    let calls = (0..20).map(|n| {
        let mut sender = sender.clone();
        async move {
            let request = Request::post("http://shop.test/x?y")
                .header("x-forwarded-for", "6.6.6.6")
                .header("cookie", "a=1")
                .header("cookie", "b=2")
                .body(Full::new(Bytes::from(n.to_string())))
                .unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, n.to_string());
        }
    });
    let mut tasks = tokio::task::JoinSet::new();
    calls.for_each(|call| drop(tasks.spawn(call)));
    soon(tasks.join_all()).await;
    let seen = instance.last();
    assert!(
        seen.head
            .starts_with("POST /x?y HTTP/1.1\r\nhost: shop.test\r\n"),
        "{}",
        seen.head
    );
    assert_eq!(seen.field("cookie"), Some("a=1; b=2"));
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!(
        (traffic.requests, traffic.status[1], traffic.failed),
        (20, 20, 0)
    );
    assert_eq!(traffic.client_aborted, 0);
}

#[tokio::test]
async fn bodies_of_unknown_length_and_trailers_pass() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|_| {
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 9\r\n\r\n"
            .to_owned()
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-in", "1".parse().unwrap());
    let (mut frames, body) = Channel::<Bytes, Infallible>::new(4);
    frames.send_data(Bytes::from("abc")).await.unwrap();
    frames.send_trailers(trailers).await.unwrap();
    drop(frames);
    let mut sender = connect(at).await;
    let request = Request::put("http://shop.test/").body(body).unwrap();
    let answer = soon(sender.send_request(request)).await.unwrap();
    let whole = answer.into_body().collect().await.unwrap();
    assert_eq!(whole.trailers().unwrap()["x-sum"], "9");
    assert_eq!(whole.to_bytes(), "hi");
    assert_eq!(instance.last().body, b"3\r\nabc\r\n0\r\nx-in: 1\r\n\r\n");
}

#[tokio::test]
async fn a_stream_that_is_not_read_holds_up_no_other_and_one_that_is_left_frees_its_instance() {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(|mut wire, _| async move {
        while let Some(head) = wire.until("\r\n\r\n").await {
            if !head.starts_with(b"GET /big") {
                wire.send(ok("small")).await;
                continue;
            }
            wire.send("HTTP/1.1 200 OK\r\ncontent-length: 67108864\r\n\r\n")
                .await;
            wire.send(vec![b'x'; 67_108_864]).await;
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut sender = connect::<Full<Bytes>>(at).await;
    let ask = |path: &str| {
        let uri = format!("http://shop.test{path}");
        Request::get(uri).body(Full::default()).unwrap()
    };
    let big = soon(sender.send_request(ask("/big"))).await.unwrap();
    for _ in 0..20 {
        let answer = soon(sender.send_request(ask("/small"))).await.unwrap();
        let body = soon(answer.into_body().collect()).await.unwrap();
        assert_eq!(body.to_bytes(), "small");
    }
    assert_eq!(proxy.traffic("a1").await.in_flight, 1);
    drop(big);
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!((traffic.client_aborted, traffic.failed), (1, 0));
}

#[tokio::test]
async fn an_answer_cut_short_resets_its_stream() {
    let proxy = Proxy::start().await;
    let instance = Instance::raw(|mut wire, _| async move {
        wire.head().await.unwrap();
        wire.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            .await;
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut sender = connect::<Full<Bytes>>(at).await;
    let request = Request::post("http://shop.test/")
        .body(Full::default())
        .unwrap();
    let answer = soon(sender.send_request(request)).await.unwrap();
    assert!(soon(answer.into_body().collect()).await.is_err());
}
