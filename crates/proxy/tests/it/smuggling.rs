//! Requests that two readers could read differently never reach an instance.

use crate::rig::*;

#[tokio::test]
async fn ambiguous_requests_are_refused_and_the_connection_is_closed() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("reached").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let heads = [
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 44\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for head in heads {
        let mut client = Wire::connect(at).await;
        client.send(format!("{head}{hidden}")).await;
        let text = client.rest().await;
        assert!(text.starts_with("HTTP/1.1 400 "), "{head:?} gave {text:?}");
        assert!(text.contains("connection: close"), "{head:?} gave {text:?}");
        assert_eq!(
            text.matches("HTTP/1.1").count(),
            1,
            "{head:?} gave {text:?}"
        );
    }
    assert!(instance.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_broken_chunk_ends_the_request_without_reaching_the_application_whole() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("reached").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    for chunks in [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
    ] {
        let mut client = Wire::connect(at).await;
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.send(format!("{head}{chunks}")).await;
        let text = client.rest().await;
        assert!(
            text.starts_with("HTTP/1.1 400 "),
            "{chunks:?} gave {text:?}"
        );
    }
    assert!(instance.seen.lock().unwrap().is_empty());
}
