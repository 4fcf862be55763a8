//! Somebody who knows the handshake, and sends rubbish after it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use beam::etf::Term;
use md5::{Digest, Md5};
use node::{Bounds, CallError, Connection, Cookie, Door, NodeName, Target};
use proptest::prelude::*;

use crate::instance::{BOUNDS, COOKIE, PATIENCE};

fn read_framed(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).unwrap();
    message
}

fn write_framed(stream: &mut TcpStream, message: &[u8]) {
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], message].concat()).unwrap();
}

/// Lets one connection in as a node with this cookie would, then says the bytes, and hangs up once the
/// other side has.
fn peer(cookie: &'static str, says: Vec<u8>) -> Target {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(read_framed(&mut stream)[0], b'N');
        write_framed(&mut stream, b"sok");
        let mut challenge = vec![b'N'];
        challenge.extend([0xff; 8]);
        challenge.extend([0; 8]);
        challenge.extend([0, 3]);
        challenge.extend(b"a@b");
        write_framed(&mut stream, &challenge);
        let reply = read_framed(&mut stream);
        let theirs = u32::from_be_bytes([reply[1], reply[2], reply[3], reply[4]]);
        let proof = Md5::digest(format!("{cookie}{theirs}"));
        write_framed(&mut stream, &[b"a", proof.as_slice()].concat());
        // The other side may hang up at any byte.
        drop(stream.write_all(&says));
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
    });
    Target {
        door: Door::Port(port),
        ..Target::local(NodeName::new("a@b").unwrap(), Cookie::new(COOKIE), 1)
    }
}

async fn call(target: &Target, within: Duration) -> Result<Term, CallError> {
    let node = Connection::open(target, PATIENCE).await.unwrap();
    let bounds = Bounds { within, ..BOUNDS };
    node.call("m", "f", &[], bounds).await
}

#[tokio::test]
async fn a_node_that_cannot_prove_the_cookie_is_not_believed() {
    let target = peer("ANOTHER-COOKIE", vec![]);
    let error = Connection::open(&target, PATIENCE).await.unwrap_err();
    assert!(
        matches!(error, node::ConnectError::WrongCookie { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_packet_ends_the_connection_and_silence_does_not() {
    for (says, about) in [
        (vec![0xff; 100], "4294967295 bytes"),
        (vec![0, 0, 0, 1, 113], "type 113"),
        (vec![0, 0, 0, 3, 112, 131, 117], "unknown tag 117"),
        (vec![0, 0, 0, 4, 112, 131, 97, 1], "unknown form"),
    ] {
        let error = call(&peer(COOKIE, says), PATIENCE).await.unwrap_err();
        // It may have ended before the call was made.
        match &error {
            CallError::NotConnected { .. } => {}
            CallError::NodeDown { why, .. } => assert!(why.contains(about), "{error}"),
            _ => panic!("{error}"),
        }
    }
    let soon = Duration::from_millis(50);
    let error = call(&peer(COOKIE, vec![0; 400]), soon).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_packets_are_passed_over_or_end_the_connection(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6),
        terms in any::<bool>(),
    ) {
        let head: &[u8] = if terms { &[112, 131] } else { &[] };
        let says = packets.iter().flat_map(|packet| {
            let packet = [head, packet].concat();
            [&(packet.len() as u32).to_be_bytes()[..], &packet].concat()
        });
        let target = peer(COOKIE, says.collect());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ended = runtime.block_on(call(&target, Duration::from_millis(5))).unwrap_err();
        let known = matches!(
            ended,
            CallError::Timeout { .. } | CallError::NodeDown { .. } | CallError::NotConnected { .. }
        );
        prop_assert!(known, "{}", ended);
    }
}
