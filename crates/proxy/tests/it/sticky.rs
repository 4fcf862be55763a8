//! A client keeps its version by a cookie, while weights grow and after they are taken back.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Empty};
use proxy::control::v1::{Commitment, Preview, ServiceConfig, Sticky};

use crate::rig::*;

const COOKIE: &str = "cutover_bucket";

/// A canary of `weight` percent, with stickiness.
fn canary(old: SocketAddr, new: SocketAddr, weight: u8) -> ServiceConfig {
    let mut config = service(&[old]);
    config.versions[0].weight = 100 - weight;
    config.versions.push(version("a2", weight, &[new]));
    config.commitment = Commitment::Leased {
        ttl_ms: 60_000,
        stable: "a1".to_owned(),
    };
    config.sticky = Some(Sticky {
        cookie: COOKIE.to_owned(),
        max_age_s: 3600,
    });
    config
}

fn get_with(field: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: shop.test\r\n{field}\r\n\r\n")
}

fn with_bucket(bucket: u8) -> String {
    get_with(&format!("Cookie: theme=dark; {COOKIE}={bucket}"))
}

/// The bucket that an answer gives to its client.
fn dealt(answer: &Seen) -> Option<u8> {
    let value = answer.field("set-cookie")?.strip_prefix(COOKIE)?;
    let value = value.strip_prefix('=')?.split(';').next()?;
    Some(value.parse().unwrap())
}

#[tokio::test]
async fn the_first_answer_sets_a_cookie_and_the_client_stays_on_any_connection() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let at = proxy.put(&canary(old.address, new.address, 50)).await.bound;
    let mut client = Wire::connect(at).await;
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..20 {
        // One connection serves many clients, each by its own cookie.
        let first = client.ask(&get("/")).await;
        let bucket = dealt(&first).expect("a cookie");
        let cookie = first.field("set-cookie").unwrap();
        assert!(
            cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"),
            "{cookie}"
        );
        assert_eq!(first.body == b"new", bucket < 50, "bucket {bucket}");
        met.insert(first.body.clone());
        for _ in 0..3 {
            let again = client.ask(&with_bucket(bucket)).await;
            assert_eq!(again.body, first.body);
            assert_eq!(again.field("set-cookie"), None, "it has one already");
            let mut other = Wire::connect(at).await;
            assert_eq!(other.ask(&with_bucket(bucket)).await.body, first.body);
        }
    }
    assert_eq!(met.len(), 2);
    let seen = new.last();
    assert!(seen.field("cookie").unwrap().contains("theme=dark"));
}

#[tokio::test]
async fn as_the_weight_grows_no_client_goes_back_and_at_zero_all_do() {
    const CLIENTS: usize = 400;
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let mut buckets = vec![None; CLIENTS];
    let mut passed = vec![false; CLIENTS];
    let mut at = None;
    for (step, weight) in (1..).zip([5u8, 25, 50, 100]) {
        let bound = proxy
            .put(&canary(old.address, new.address, weight))
            .await
            .bound;
        let mut client = Wire::connect(*at.get_or_insert(bound)).await;
        let mut there = 0;
        // With each weight there are clients that were not there before.
        let met = CLIENTS / 4 * step;
        for (bucket, passed) in buckets.iter_mut().zip(&mut passed).take(met) {
            let answer = match bucket {
                Some(bucket) => client.ask(&with_bucket(*bucket)).await,
                None => client.ask(&get("/")).await,
            };
            *bucket = bucket.or(dealt(&answer));
            let is_new = answer.body == b"new";
            assert!(is_new || !*passed, "a client went back at {weight}");
            *passed = is_new;
            there += usize::from(is_new);
        }
        let share = there * 100 / met;
        let weight = usize::from(weight);
        assert!(share.abs_diff(weight) <= 1, "{share} % at weight {weight}");
    }
    let bound = proxy.put(&canary(old.address, new.address, 0)).await.bound;
    let mut client = Wire::connect(bound).await;
    for bucket in buckets.into_iter().flatten() {
        assert_eq!(client.ask(&with_bucket(bucket)).await.body, b"old");
    }
}

#[tokio::test]
async fn clients_without_cookies_are_dealt_for_each_request_with_exact_shares() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let mut config = canary(old.address, new.address, 30);
    config.preview = Some(Preview {
        listen: "127.0.0.1:0".parse().unwrap(),
        artifact: "a2".to_owned(),
    });
    let status = proxy.put(&config).await;
    let mut client = Wire::connect(status.bound).await;
    let preview = status.preview_bound.unwrap();
    let mut there = 0;
    for n in 0..100 {
        // What is not a bucket is no cookie at all.
        let bad = ["", "x", "100", "07", "-1", "\"5\""][n % 6];
        let answer = client
            .ask(&get_with(&format!("Cookie: {COOKIE}={bad}")))
            .await;
        assert!(dealt(&answer).is_some());
        there += u32::from(answer.body == b"new");
        // Neither requests with a cookie nor those of a preview disturb the deal.
        client.ask(&with_bucket(99)).await;
        // (A new connection each time, so that some are at the worker that deals.)
        for _ in 0..n % 3 {
            let mut previewing = Wire::connect(preview).await;
            assert_eq!(previewing.ask(&get("/")).await.body, b"new");
        }
    }
    assert_eq!(there, 30);
}

#[tokio::test]
async fn no_cookie_is_set_where_it_says_nothing_or_others_would_get_it() {
    let proxy = Proxy::start().await;
    let answer = |fields: &'static str| {
        move |_: &Seen| {
            format!(
                "HTTP/1.1 200 OK\r\n{fields}set-cookie: own=1; Path=/\r\ncontent-length: 2\r\n\r\nok"
            )
        }
    };
    let old = Instance::answering(answer("cache-control: public, max-age=60\r\n")).await;
    let new = Instance::answering(answer("cache-control: private\r\n")).await;
    let at = proxy.put(&canary(old.address, new.address, 50)).await.bound;
    let mut client = Wire::connect(at).await;
    for _ in 0..20 {
        let told = client.ask(&get_with("X-Forwarded-Proto: https")).await.head;
        assert!(told.contains("set-cookie: own=1; Path=/\r\n"), "{told}");
        let is_private = told.contains("private");
        assert_eq!(
            told.contains("HttpOnly; SameSite=Lax; Secure\r\n"),
            is_private
        );
    }
    // With one version only there is nothing to keep to.
    proxy.put(&canary(old.address, new.address, 100)).await;
    let told = client.ask(&get("/")).await.head;
    assert!(!told.contains(COOKIE), "{told}");
}

#[tokio::test]
async fn a_client_whose_version_is_not_healthy_is_served_by_the_other() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let mut config = canary(old.address, new.address, 50);
    config.versions[1].backends[0].healthy = false;
    let at = proxy.put(&config).await.bound;
    let mut client = Wire::connect(at).await;
    assert_eq!(client.ask(&with_bucket(0)).await.body, b"old");
    config.versions[1].backends[0].healthy = true;
    proxy.put(&config).await;
    assert_eq!(client.ask(&with_bucket(0)).await.body, b"new");
}

#[tokio::test]
async fn an_http_2_client_keeps_its_version() {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let at = proxy.put(&canary(old.address, new.address, 50)).await.bound;
    let mut sender = connect::<Empty<bytes::Bytes>>(at).await;
    let mut met = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let mut first = None;
        for n in 0..3 {
            let mut request = http::Request::get("http://shop.test/");
            if let Some((bucket, _)) = &first {
                request = request
                    .header("cookie", "a=1")
                    .header("cookie", format!("{COOKIE}={bucket}"));
            }
            let request = request.body(Empty::new()).unwrap();
            let answer = soon(sender.send_request(request)).await.unwrap();
            let cookie = answer.headers().get("set-cookie");
            assert_eq!(cookie.is_some(), n == 0);
            let bucket = cookie.map(|cookie| {
                let value = cookie.to_str().unwrap().split(['=', ';']).nth(1);
                value.unwrap().parse::<u8>().unwrap()
            });
            let body = soon(answer.into_body().collect()).await.unwrap().to_bytes();
            let (bucket, version) = first.get_or_insert((bucket.unwrap_or(100), body.clone()));
            assert_eq!((*version == "new", &body), (*bucket < 50, &*version));
        }
        met.extend(first.map(|(_, version)| version));
    }
    assert_eq!(met.len(), 2);
}

#[tokio::test]
async fn a_websocket_is_opened_at_its_clients_version_and_its_answer_sets_the_cookie() {
    let opens = |name: &'static str| {
        Instance::raw(move |mut wire, _| async move {
            wire.head().await.unwrap();
            wire.send("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n").await;
            wire.send(name).await;
            while wire.more().await {}
        })
    };
    let proxy = Proxy::start().await;
    let (old, new) = (opens("old").await, opens("new").await);
    let at = proxy.put(&canary(old.address, new.address, 50)).await.bound;
    for _ in 0..10 {
        let mut bucket = None;
        let mut version = None;
        for _ in 0..2 {
            let mut client = Wire::connect(at).await;
            let cookie = bucket.map(|b: u8| format!("Cookie: {COOKIE}={b}\r\n"));
            client
                .send(format!(
                    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
                    cookie.unwrap_or_default()
                ))
                .await;
            let head = client.head().await.unwrap();
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            let answer = Seen { head, body: vec![] };
            assert_eq!(dealt(&answer).is_some(), bucket.is_none());
            bucket = bucket.or(dealt(&answer));
            let name = client.exactly(3).await;
            assert_eq!(*version.get_or_insert(name.clone()), name);
            assert_eq!(name == b"new", bucket.unwrap() < 50);
        }
    }
}
