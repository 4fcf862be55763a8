//! What the instance is told of the request, and the client of the answer.

use crate::rig::*;

#[tokio::test]
async fn hop_by_hop_fields_end_at_the_proxy_and_forwarding_fields_are_written_anew() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|_| {
        "HTTP/1.1 200 OK\r\nconnection: x-private, keep-alive\r\nx-private: 1\r\nkeep-alive: timeout=5\r\n\
         x-public: 2\r\nproxy-connection: keep-alive\r\ncontent-length: 2\r\n\r\nhi"
            .to_owned()
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    let answer = client
        .ask(
            "GET /p?q=1 HTTP/1.1\r\nHost: Shop.test:80\r\nConnection: keep-alive, X-Drop\r\nX-Drop: 1\r\n\
             X-Keep: 2\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy: evil\r\nX-Forwarded-For: 6.6.6.6\r\n\
             X-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nUpgrade: h2c\r\n\r\n",
        )
        .await;
    assert_eq!(answer.field("x-public"), Some("2"));
    for field in ["x-private", "keep-alive", "connection", "proxy-connection"] {
        assert_eq!(answer.field(field), None, "{field}");
    }
    let seen = instance.last();
    assert!(
        seen.head.starts_with("GET /p?q=1 HTTP/1.1\r\n"),
        "{}",
        seen.head
    );
    assert_eq!(seen.field("host"), Some("Shop.test:80"));
    assert_eq!(seen.field("x-keep"), Some("2"));
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.field("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.field("x-forwarded-host"), Some("Shop.test:80"));
    for field in [
        "x-drop",
        "keep-alive",
        "te",
        "proxy",
        "forwarded",
        "x-real-ip",
        "connection",
        "upgrade",
    ] {
        assert_eq!(seen.field(field), None, "{field}");
    }
}

#[tokio::test]
async fn an_http_10_client_gets_its_answer_and_the_end() {
    let proxy = Proxy::start().await;
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    let instance = Instance::answering(|_| chunked.to_owned()).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send("GET / HTTP/1.0\r\n\r\n").await;
    let text = client.rest().await;
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nhi"),
        "{text}"
    );
    assert!(!text.contains("chunked"), "{text}");
}

#[tokio::test]
async fn head_and_not_modified_have_no_body_and_the_connection_goes_on() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|seen| {
        if seen.head.starts_with("HEAD") {
            "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n".to_owned()
        } else if seen.head.contains("/cached") {
            "HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n".to_owned()
        } else {
            ok("end")
        }
    })
    .await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.head().await.unwrap().contains("content-length: 99"));
    client.send(get("/cached")).await;
    assert!(client.head().await.unwrap().starts_with("HTTP/1.1 304"));
    assert_eq!(client.ask(&get("/")).await.body, b"end");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let proxy = Proxy::start().await;
    let instance = Instance::answering(|seen| ok(&seen.head[5..6])).await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client
        .send(format!("{}{}{}", get("/1"), get("/2"), get("/3")))
        .await;
    for expected in ["1", "2", "3"] {
        let answer = soon(client.message()).await.unwrap();
        assert_eq!(answer.body, expected.as_bytes());
    }
}
