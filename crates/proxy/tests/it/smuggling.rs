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
        "GET http://a\\@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\tx HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    let fields = [
        "Content-Length: 3\r\nContent-Length: 3",
        "Content-Length: +3",
        "Content-Length: -3",
        "Content-Length: 3 3",
        "Content-Length: 3,",
        "Content-Length: 0x3",
        "Content-Length: 3.0",
        "Content-Length: ",
        "Content-Length: \u{0663}",
        "Content-Length : 3",
        "Content-Length\t: 3",
        "Content-Length: 3\r\n 4",
        "Content-Length: 3\r\ncontent-length: 4",
        "Content-Length: 18446744073709551619",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chun\r\n ked",
        "Transfer-Encoding:\u{b}chunked",
        "Transfer-Encoding: chunked\u{b}",
        "Transfer-Encoding: \0chunked",
        "Transfer-Encoding: \rchunked",
        "Transfer-Encoding: \u{ff43}hunked",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity\r\nContent-Length: 3",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: \0",
        "X\0: y",
        "X\r: y",
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\nContent-Length: 3",
        "Host: a",
    ];
    let fields = fields.map(|fields| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
    for head in heads.map(str::to_owned).into_iter().chain(fields) {
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
        " 3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "3;a\0b\r\nabc\r\n0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\nX: y\n\r\n",
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

#[tokio::test]
async fn what_is_odd_but_clear_reaches_the_instance_in_one_form_only() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("reached").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let check = async |request: &str, line: &str, framing: Option<(&str, &str)>| {
        let mut client = Wire::connect(at).await;
        let answer = client.ask(request).await;
        assert!(
            answer.head.starts_with("HTTP/1.1 200 "),
            "{request:?}: {}",
            answer.head
        );
        let seen = instance.last();
        assert_eq!(seen.head.lines().next(), Some(line), "{request:?}");
        for name in ["content-length", "transfer-encoding"] {
            let expected = framing
                .filter(|(field, _)| *field == name)
                .map(|(_, value)| value);
            assert_eq!(seen.field(name), expected, "{request:?}");
        }
        assert_eq!(
            seen.head.to_lowercase().matches("\r\nhost: ").count(),
            1,
            "{request:?}"
        );
        assert_eq!(seen.field("upgrade"), None, "{request:?}");
    };
    let a = "HTTP/1.1\r\nHost: a\r\n";
    check(&format!("OPTIONS * {a}\r\n"), "OPTIONS * HTTP/1.1", None).await;
    check(&format!("TRACE /x {a}\r\n"), "TRACE /x HTTP/1.1", None).await;
    check(
        &format!("GET http://A/x?y {a}\r\n"),
        "GET /x?y HTTP/1.1",
        None,
    )
    .await;
    check(&format!("\r\nGET /x {a}\r\n"), "GET /x HTTP/1.1", None).await;
    let length = Some(("content-length", "3"));
    check(
        &format!("GET / {a}Content-Length: \t3 \r\n\r\nabc"),
        "GET / HTTP/1.1",
        length,
    )
    .await;
    check(
        &format!("POST / {a}Content-Length: 0003\r\n\r\nabc"),
        "POST / HTTP/1.1",
        length,
    )
    .await;
    let hops = "Connection: content-length, host, close\r\nContent-Length: 3";
    check(
        &format!("POST / {a}{hops}\r\n\r\nabc"),
        "POST / HTTP/1.1",
        length,
    )
    .await;
    // With a body there is nothing to go over to: where the body ended would be unclear.
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3";
    check(
        &format!("GET / {a}{upgrade}\r\n\r\nabc"),
        "GET / HTTP/1.1",
        length,
    )
    .await;
    let chunked = Some(("transfer-encoding", "chunked"));
    let body = "Transfer-Encoding: CHUNKED\r\n\r\n003;x=\"y\"\r\nabc\r\n0;z\r\n\r\n";
    check(&format!("GET / {a}{body}"), "GET / HTTP/1.1", chunked).await;
    assert_eq!(instance.last().body, b"3\r\nabc\r\n0\r\n\r\n");
}

#[tokio::test]
async fn what_is_not_served_is_said_with_its_own_status() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("reached").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let many = "X: y\r\n".repeat(200);
    for (request, status) in [
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".to_owned(),
            405,
        ),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 505),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n".to_owned(),
            417,
        ),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431),
        (
            format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(100_000)),
            431,
        ),
    ] {
        let mut client = Wire::connect(at).await;
        client.send(format!("{request}{}", get("/hidden"))).await;
        let text = client.rest().await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
    }
    assert!(instance.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_http_10_connection_stays_only_where_both_say_so() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("reached").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    for _ in 0..2 {
        let answer = client
            .ask("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
            .await;
        assert_eq!(answer.field("connection"), Some("keep-alive"));
    }
    client
        .send(format!("GET / HTTP/1.0\r\n\r\n{}", get("/hidden")))
        .await;
    let text = client.rest().await;
    assert!(text.contains("connection: close"), "{text}");
    assert_eq!(instance.seen.lock().unwrap().len(), 3);
}
