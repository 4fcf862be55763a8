//! WebSockets: tunnelled, and moved at a frame boundary when their version drains.

use std::time::Duration;

use proxy::control::v1::Drain;

use crate::rig::*;

const OPEN: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const OPENED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

/// An instance that opens the socket and hands its wire over.
async fn instance() -> (Instance, tokio::sync::mpsc::Receiver<Wire>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(8);
    let instance = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            let head = wire.head().await.unwrap();
            assert!(head.to_lowercase().contains("upgrade: websocket"), "{head}");
            wire.send(OPENED).await;
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    (instance, receiver)
}

async fn open(at: std::net::SocketAddr) -> Wire {
    let mut client = Wire::connect(at).await;
    client.send(OPEN).await;
    assert!(client.head().await.unwrap().starts_with("HTTP/1.1 101 "));
    client
}

fn drain(deadline_ms: u64) -> Drain {
    Drain {
        artifact: "a1".to_owned(),
        deadline_ms,
        sockets_per_second: 1000,
        close_code: 1012,
    }
}

async fn move_away(proxy: &Proxy, old: &Instance, new: &Instance, deadline_ms: u64) {
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    proxy.put(&config).await;
    proxy.client.drain(KEY, &drain(deadline_ms)).await.unwrap();
}

/// A text frame of the instance.
fn frame(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81, text.len() as u8];
    bytes.extend(text.bytes());
    bytes
}

#[tokio::test]
async fn bytes_pass_both_ways_and_the_gauge_is_right() {
    let proxy = Proxy::start().await;
    let (instance, mut wires) = instance().await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = open(at).await;
    let mut inner = wires.recv().await.unwrap();
    inner.send(frame("hello")).await;
    assert_eq!(client.exactly(7).await, frame("hello"));
    client.send([0x81, 0x81, 1, 2, 3, 4, b'x' ^ 1]).await;
    assert_eq!(inner.exactly(7).await[6], b'x' ^ 1);
    let traffic = proxy.until("a1", |t| t.sockets_open == 1).await;
    assert_eq!((traffic.in_flight, traffic.status[0]), (0, 1));
    drop(client);
    assert!(!soon(inner.more()).await);
    drop(inner);
    let traffic = proxy.until("a1", |t| t.sockets_open == 0).await;
    assert_eq!((traffic.sockets_moved, traffic.sockets_cut), (0, 0));
}

#[tokio::test]
async fn a_drained_socket_gets_its_close_frame_between_two_frames_and_loses_no_message() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = instance().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = open(at).await;
    let mut inner = wires.recv().await.unwrap();
    // A frame is half on its way when the drain begins, and comes byte by byte after it.
    let message = frame("half on its way");
    inner.send(&message[..5]).await;
    assert_eq!(client.exactly(5).await, message[..5]);
    move_away(&proxy, &old, &new, 10_000).await;
    for byte in &message[5..] {
        inner.send([*byte]).await;
        assert_eq!(client.exactly(1).await, [*byte]);
    }
    assert_eq!(client.exactly(4).await, [0x88, 2, 0x03, 0xf4]);
    inner.send(frame("too late for this client")).await;
    // What the client sends before its close reply still arrives.
    let last = [0x81, 0x81, 0, 0, 0, 0, b'z'];
    let reply = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf4];
    client.send(last).await;
    client.send(&reply[..3]).await;
    client.send(&reply[3..]).await;
    assert_eq!(inner.exactly(7).await, last);
    assert_eq!(inner.exactly(8).await, reply);
    inner.send([0x88, 2, 0x03, 0xf4]).await;
    let traffic = proxy.until("a1", |t| t.sockets_open == 0).await;
    assert_eq!((traffic.sockets_moved, traffic.sockets_cut), (1, 0));
    assert_eq!(client.rest().await, "", "nothing follows a close frame");
}

#[tokio::test]
async fn a_client_that_ignores_the_close_is_cut_and_its_instance_told_with_a_masked_frame() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = instance().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = open(at).await;
    let mut inner = wires.recv().await.unwrap();
    move_away(&proxy, &old, &new, 30_000).await;
    assert_eq!(client.exactly(4).await, [0x88, 2, 0x03, 0xf4]);
    let told = inner.exactly(8).await;
    assert_eq!((told[0], told[1]), (0x88, 0x82));
    let code = [told[6] ^ told[2], told[7] ^ told[3]];
    assert_eq!(u16::from_be_bytes(code), 1012);
    let traffic = proxy.until("a1", |t| t.sockets_open == 0).await;
    assert_eq!((traffic.sockets_moved, traffic.sockets_cut), (0, 1));
}

#[tokio::test]
async fn a_socket_stuck_within_a_frame_is_cut_at_the_deadline() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = instance().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut client = open(at).await;
    let mut inner = wires.recv().await.unwrap();
    inner.send(&frame("stuck")[..3]).await;
    client.exactly(3).await;
    move_away(&proxy, &old, &new, 300).await;
    assert_eq!(client.rest().await, "", "no close frame within a frame");
    let traffic = proxy.until("a1", |t| t.sockets_open == 0).await;
    assert_eq!((traffic.sockets_moved, traffic.sockets_cut), (0, 1));
}

#[tokio::test]
async fn sockets_are_asked_at_a_pace() {
    let proxy = Proxy::start().await;
    let (old, mut wires) = instance().await;
    let new = Instance::named("new").await;
    let at = proxy.put(&service(&[old.address])).await.bound;
    let mut clients = vec![];
    let mut inner = vec![];
    for _ in 0..3 {
        clients.push(open(at).await);
        inner.push(wires.recv().await.unwrap());
    }
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    proxy.put(&config).await;
    let slow = Drain {
        sockets_per_second: 1,
        ..drain(60_000)
    };
    proxy.client.drain(KEY, &slow).await.unwrap();
    // The first is asked at once, the others not within this second.
    assert_eq!(clients[0].exactly(4).await[0], 0x88);
    let second = tokio::time::timeout(Duration::from_millis(300), clients[2].more()).await;
    assert!(second.is_err(), "the third was asked at once");
    let mut all = drain(60_000);
    all.sockets_per_second = 100;
    let status = proxy.client.drain(KEY, &all).await.unwrap();
    assert_eq!(status.draining, ["a1"]);
    for client in &mut clients[1..] {
        assert_eq!(client.exactly(4).await[0], 0x88);
    }
}

#[tokio::test]
async fn an_instance_that_dies_cuts_its_sockets() {
    let proxy = Proxy::start().await;
    let (instance, mut wires) = instance().await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = open(at).await;
    drop(wires.recv().await.unwrap());
    assert_eq!(client.rest().await, "");
    drop(client);
    let traffic = proxy.until("a1", |t| t.sockets_open == 0).await;
    assert_eq!(traffic.sockets_cut, 1);
}
