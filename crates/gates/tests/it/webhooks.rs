//! Webhooks, against a server that says yes, no, or nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use gates::webhook::{Kind, Payload, Webhook, WebhookError, Weights, call};
use gates::{Address, Auth, ExchangeError, Trust};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::rig::{Server, closed};

fn hook(address: SocketAddr) -> Webhook {
    Webhook {
        name: "load test".to_owned(),
        address: Address::parse(&format!("http://{address}/hooks/a-secret")).unwrap(),
        auth: Auth::NONE,
        trust: Trust::System,
        timeout: Duration::from_secs(20),
    }
}

fn payload() -> Payload {
    Payload {
        name: "shop".to_owned(),
        namespace: "production".to_owned(),
        phase: "Progressing".to_owned(),
        checksum: "b3f1".to_owned(),
        metadata: BTreeMap::from([("cmd".to_owned(), "wrk".to_owned())]),
        kind: Kind::ConfirmTrafficIncrease,
        rollout: "shop.production-7".to_owned(),
        step: Some(2),
        weights: Weights {
            stable: 90,
            candidate: 10,
        },
    }
}

#[tokio::test]
async fn a_hook_that_says_yes_was_told_what_flagger_tells_and_more() {
    for status in [200, 202, 204] {
        let server = Server::answering(status, "").await;
        call(&hook(server.address), &payload()).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].method, "POST");
        assert_eq!(asked[0].target, "/hooks/a-secret");
        assert_eq!(asked[0].headers["content-type"], "application/json");
        let told: serde_json::Value = serde_json::from_slice(&asked[0].body).unwrap();
        assert_eq!(
            told,
            serde_json::json!({
                "name": "shop",
                "namespace": "production",
                "phase": "Progressing",
                "checksum": "b3f1",
                "metadata": {"cmd": "wrk"},
                "type": "confirm-traffic-increase",
                "rollout": "shop.production-7",
                "step": 2,
                "weights": {"stable": 90, "candidate": 10},
            })
        );
    }
}

#[tokio::test]
async fn any_other_status_is_a_no_with_the_hooks_words() {
    for status in [302, 403, 500] {
        let server = Server::answering(status, "not\nyet").await;
        let error = call(&hook(server.address), &payload()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the webhook load test at http://{} said no: status {status}, `not yet`",
                server.address
            )
        );
        assert_eq!(server.asked().len(), 1, "nothing is followed or repeated");
    }
    let server = Server::answering(500, vec![b'x'; 8 * 1024 * 1024]).await;
    let told = call(&hook(server.address), &payload()).await.unwrap_err();
    assert!(told.to_string().len() < 500, "{told}");
}

#[tokio::test]
async fn a_hook_that_comes_up_is_reached_by_the_next_try() {
    let (socket, address) = closed();
    let (hook, payload) = (hook(address), payload());
    let calling = call(&hook, &payload);
    tokio::pin!(calling);
    // The first try finds nobody.
    let early = tokio::time::timeout(Duration::from_millis(100), &mut calling).await;
    assert!(early.is_err(), "{early:?}");
    let server = Server::on(socket.listen(16).unwrap(), 200, "");
    calling.await.unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_hook_that_is_never_there_was_told_nothing() {
    let (_socket, address) = closed();
    // On a task of its own, as a coordinator calls.
    let called = tokio::spawn(async move { call(&hook(address), &payload()).await });
    match called.await.unwrap().unwrap_err() {
        WebhookError::NoAnswer { source, .. } => assert!(source.nothing_sent(), "{source}"),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_call_that_may_have_arrived_is_not_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        drop(stream);
        listener
    });
    let error = call(&hook(address), &payload()).await.unwrap_err();
    match error {
        WebhookError::NoAnswer {
            source: source @ ExchangeError::Broken { .. },
            ..
        } => assert!(!source.nothing_sent()),
        other => panic!("{other}"),
    }
    let listener = server.await.unwrap();
    let again = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(again.is_err(), "the hook was called again");
}
