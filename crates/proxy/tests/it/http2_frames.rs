//! HTTP/2 requests that no library would send, as raw frames: none of them reaches an instance.

use crate::rig::*;

const HEADERS: u8 = 1;
const DATA: u8 = 0;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags, 0, 0, 0, stream]);
    bytes.extend(payload);
    bytes
}

/// Fields as HPACK literals without index.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = vec![];
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            bytes.push(text.len() as u8);
            bytes.extend(text.bytes());
        }
    }
    bytes
}

/// What a request came to.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// An answer; its first HPACK byte tells the status: 0x88 is 200, 0x8c is 400.
    Answer(u8),
    /// The stream or the connection was given up.
    Reset,
}

/// Sends one request; with `body` in a frame of its own.
async fn outcome(at: std::net::SocketAddr, fields: &[(&str, &str)], body: Option<&str>) -> Outcome {
    let mut client = Wire::connect(at).await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send(frame(4, 0, 0, &[])).await;
    let flags = END_HEADERS | if body.is_none() { END_STREAM } else { 0 };
    client.send(frame(HEADERS, flags, 1, &block(fields))).await;
    if let Some(body) = body {
        client
            .send(frame(DATA, END_STREAM, 1, body.as_bytes()))
            .await;
    }
    loop {
        while client.buffer.len() < 9 {
            if !soon(client.more()).await {
                return Outcome::Reset;
            }
        }
        let head = client.exactly(9).await;
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let payload = client.exactly(length).await;
        match head[3] {
            HEADERS => return Outcome::Answer(payload[0]),
            3 | 7 => return Outcome::Reset,
            _ => {}
        }
    }
}

const GET: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/x"),
    (":authority", "a"),
];

/// The plain request with one pseudo-header field changed.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    GET.map(|field| {
        if field.0 == name {
            (name, value)
        } else {
            field
        }
    })
    .to_vec()
}

#[tokio::test]
async fn malformed_requests_are_reset_or_refused() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("reached").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    assert_eq!(outcome(at, &GET, None).await, Outcome::Answer(0x88));
    let post = [with(":method", "POST"), vec![("content-length", "3")]].concat();
    assert_eq!(outcome(at, &post, Some("abc")).await, Outcome::Answer(0x88));
    instance.seen.lock().unwrap().clear();
    let mut requests = vec![
        with(":path", ""),
        with(":path", "x"),
        with(":path", "?x"),
        with(":path", "*"),
        with(":path", "@b/"),
        with(":path", "http://b/"),
        with(":path", "/a b"),
        with(":path", "/ HTTP/1.1\r\nX: y"),
        with(":method", "G T"),
        with(":method", ""),
        with(":method", "CONNECT"),
        with(":authority", ""),
        with(":authority", "b@a"),
        with(":authority", "a/b"),
        with(":authority", "a\r\nx: y"),
        GET[1..].to_vec(),
        GET[..3].to_vec(),
        [&GET[..2], &GET[3..]].concat(),
    ];
    for field in [
        ("connection", "close"),
        ("connection", "content-length"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
        ("X-Upper", "1"),
        ("x y", "1"),
        ("x:", "1"),
        ("x\r\ny", "1"),
        ("x", "1\r\ny: 2"),
        ("x", "1\ny"),
        ("x", "\0"),
        ("", "1"),
        (":path", "/y"),
        (":method", "POST"),
        (":unknown", "1"),
        (":status", "200"),
        (":protocol", "websocket"),
        ("host", "b"),
    ] {
        requests.push([&GET[..], &[field]].concat());
    }
    for request in requests {
        let got = outcome(at, &request, None).await;
        assert_ne!(got, Outcome::Answer(0x88), "{request:?}");
    }
    for (lengths, body) in [
        (&["3"][..], "abcde"),
        (&["3"], "ab"),
        (&["+3"], "abc"),
        (&["3, 3"], "abc"),
        (&["-1"], ""),
        (&["3", "5"], "abc"),
        (&["3", "3"], "abc"),
        (&["99999999999999999999"], "abc"),
    ] {
        let mut request = with(":method", "POST");
        request.extend(lengths.iter().map(|length| ("content-length", *length)));
        let got = outcome(at, &request, Some(body)).await;
        assert_ne!(got, Outcome::Answer(0x88), "{request:?}");
    }
    let seen = instance.seen.lock().unwrap();
    assert!(seen.is_empty(), "{seen:?}");
}
