//! Getting in, and every way of not getting in.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use beam::etf::Term;
use node::{ConnectError, Connection, Cookie, Door, NodeName, Target};

use crate::instance::{BOUNDS, COOKIE, Instance, PATIENCE};

async fn refused(target: &Target) -> ConnectError {
    let error = Connection::open(target, PATIENCE).await.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("COOKIE"),
        "{error:?}"
    );
    error
}

#[tokio::test]
async fn we_are_a_hidden_node_and_leave_no_names_behind() {
    let instance = Instance::start(&[], "");
    for target in [
        instance.target(),
        instance.with_door(Door::Port(instance.port())),
    ] {
        let node = Connection::open(&target, PATIENCE).await.unwrap();
        let list = async |kind: &str| {
            let nodes = node
                .call("erlang", "nodes", &[Term::atom(kind)], BOUNDS)
                .await
                .unwrap();
            nodes.to_string()
        };
        assert_eq!(list("visible").await, "[]");
        assert!(
            list("hidden").await.starts_with("['cutover-"),
            "{}",
            list("hidden").await
        );
    }
    let node = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    let atoms = async || {
        let count = node
            .call("erlang", "system_info", &[Term::atom("atom_count")], BOUNDS)
            .await;
        count.unwrap().as_int().unwrap()
    };
    let both = Connection::open(&instance.target(), PATIENCE)
        .await
        .unwrap();
    drop(both);
    // Names may be in use for a moment after a connection has ended; then they are taken again.
    let mut counts = Vec::new();
    for _ in 0..100 {
        drop(
            Connection::open(&instance.target(), PATIENCE)
                .await
                .unwrap(),
        );
        counts.push(atoms().await);
    }
    let new = counts[99] - counts[0];
    assert!(new < 31, "{new} new atoms in 100 connections");
}

#[tokio::test]
async fn a_wrong_cookie_or_name_is_told_as_such() {
    let instance = Instance::start(&[], "");
    let wrong = Target {
        cookie: Cookie::new("ANOTHER-COOKIE"),
        ..instance.target()
    };
    let error = refused(&wrong).await;
    assert!(matches!(error, ConnectError::WrongCookie { .. }), "{error}");

    let other = Target {
        name: NodeName::new("shop_2@localhost").unwrap(),
        ..instance.target()
    };
    let error = refused(&other).await;
    assert!(
        matches!(error, ConnectError::NotRegistered { .. }),
        "{error}"
    );

    let there = Target {
        door: Door::Port(instance.port()),
        ..other
    };
    let error = refused(&there).await;
    assert!(
        matches!(&error, ConnectError::WrongName { found, .. } if found == "shop_1@localhost"),
        "{error}"
    );
}

#[tokio::test]
async fn a_node_that_allows_only_others_says_so() {
    let instance = Instance::start(&[], "net_kernel:allow(['friend@localhost']),");
    let error = refused(&instance.target()).await;
    assert!(matches!(error, ConnectError::NotAllowed { .. }), "{error}");
}

/// Somebody who listens where a node should, and says what they are told to say.
struct Peer(TcpListener);

impl Peer {
    fn new() -> (Self, Target) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target {
            door: Door::Port(port),
            ..Target::local(NodeName::new("a@b").unwrap(), Cookie::new(COOKIE), 1)
        };
        (Self(listener), target)
    }

    /// Says the bytes to whoever connects, then hangs up once that one has.
    fn say(self, bytes: Vec<u8>) {
        use std::io::{Read, Write};
        std::thread::spawn(move || {
            let (mut stream, _) = self.0.accept().unwrap();
            let mut heard = [0; 64];
            assert!(stream.read(&mut heard).unwrap() > 0);
            // The other side may hang up at any byte.
            drop(stream.write_all(&bytes));
        });
    }
}

#[tokio::test]
async fn nobody_there_is_told_from_somebody_silent_or_hanging_up() {
    let (peer, target) = Peer::new();
    drop(peer);
    let error = refused(&target).await;
    assert!(matches!(error, ConnectError::Refused { .. }), "{error}");

    let (Door::Port(port) | Door::Epmd(port)) = target.door;
    let no_epmd = Target {
        door: Door::Epmd(port),
        ..target
    };
    let error = refused(&no_epmd).await;
    assert!(matches!(error, ConnectError::Epmd { .. }), "{error}");

    let (silent, target) = Peer::new();
    let soon = Duration::from_millis(50);
    let error = Connection::open(&target, soon).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout { .. }), "{error}");
    drop(silent);

    let (peer, target) = Peer::new();
    peer.say(vec![]);
    let error = refused(&target).await;
    assert!(matches!(error, ConnectError::Closed { .. }), "{error}");
}

#[tokio::test]
async fn rubbish_in_the_handshake_is_refused() {
    let with_status = |rest: &[u8]| [b"\0\x03sok", rest].concat();
    for rubbish in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"\0\x05shello".to_vec(),
        vec![0xff; 70_000],
        with_status(b"\0\x04Nabc"),
        with_status(b"\0\x00"),
        with_status(&[&[0, 24, b'N'][..], &[0xff; 18], &[0, 3], b"a@b"].concat()),
        // A node of OTP 22, by its flags.
        with_status(&[&[0, 22, b'N'][..], &[0; 16], &[0, 3], b"a@b"].concat()),
    ] {
        let (peer, target) = Peer::new();
        peer.say(rubbish.clone());
        let error = refused(&target).await;
        let named = matches!(
            error,
            ConnectError::Protocol { .. }
                | ConnectError::Closed { .. }
                | ConnectError::WrongCookie { .. }
        );
        assert!(named, "{error} after {rubbish:?}");
    }
}

#[tokio::test]
async fn a_port_of_epmd_is_not_taken_for_a_node() {
    let instance = Instance::start(&[], "");
    let error = refused(&instance.with_door(Door::Port(instance.epmd_port()))).await;
    assert!(
        matches!(
            error,
            ConnectError::Closed { .. } | ConnectError::Protocol { .. }
        ),
        "{error}"
    );
}
