//! Services told apart by host and path; versions by weight.

use std::collections::BTreeMap;

use crate::rig::*;

#[tokio::test]
async fn services_share_a_listener_and_overlapping_claims_are_refused() {
    let proxy = Proxy::start().await;
    let (shop, api, other) = (
        Instance::named("shop").await,
        Instance::named("api").await,
        Instance::named("other").await,
    );
    let mut config = service(&[shop.address]);
    config.hosts = vec!["shop.test".to_owned()];
    let at = proxy.client.put("shop.a", &config).await.unwrap().bound;
    let mut config = service(&[api.address]);
    config.hosts = vec!["shop.test".to_owned()];
    config.path_prefix = "/api/".to_owned();
    assert_eq!(proxy.client.put("api.a", &config).await.unwrap().bound, at);
    proxy
        .client
        .put("other.a", &service(&[other.address]))
        .await
        .unwrap();
    let mut client = Wire::connect(at).await;
    for (host, path, expected) in [
        ("shop.test", "/", "shop"),
        ("SHOP.test:1", "/api", "api"),
        ("shop.test", "/api/x?y", "api"),
        ("shop.test", "/apix", "shop"),
        ("else.test", "/api", "other"),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(
            client.ask(&request).await.body,
            expected.as_bytes(),
            "{host} {path}"
        );
    }
    let refused = proxy.client.put("thief.a", &config).await.unwrap_err();
    assert_eq!(refused.kind(), Some("overlapping_claim"));
    assert!(refused.to_string().contains("api.a"), "{refused}");
    proxy.client.delete("other.a").await.unwrap();
    proxy.client.delete("other.a").await.unwrap();
    let nobody = client
        .ask("GET / HTTP/1.1\r\nHost: else.test\r\n\r\n")
        .await;
    assert!(nobody.head.starts_with("HTTP/1.1 404"), "{}", nobody.head);
}

#[tokio::test]
async fn weights_are_kept_and_instances_of_a_version_share() {
    let proxy = Proxy::start().await;
    let (one, two, three) = (
        Instance::named("one").await,
        Instance::named("two").await,
        Instance::named("three").await,
    );
    let mut config = service(&[one.address]);
    config.versions[0].weight = 70;
    config
        .versions
        .push(version("a2", 30, &[two.address, three.address]));
    let at = proxy.put(&config).await.bound;
    let mut client = Wire::connect(at).await;
    let mut got = BTreeMap::<Vec<u8>, u32>::new();
    for _ in 0..100 {
        *got.entry(client.ask(&get("/")).await.body).or_default() += 1;
    }
    assert_eq!(got[&b"one"[..]], 70, "{got:?}");
    assert_eq!(got[&b"two"[..]] + got[&b"three"[..]], 30, "{got:?}");
    assert!(got[&b"two"[..]] > 5 && got[&b"three"[..]] > 5, "{got:?}");
}

#[tokio::test]
async fn a_busy_instance_gets_no_more_while_another_is_free() {
    let proxy = Proxy::start().await;
    let (sender, mut busy) = tokio::sync::mpsc::channel(1);
    let slow = Instance::raw(move |mut wire, _| {
        let sender = sender.clone();
        async move {
            wire.message().await.unwrap();
            sender.send(wire).await.unwrap();
        }
    })
    .await;
    let at = proxy.put(&service(&[slow.address])).await.bound;
    // One worker serves one connection, and load is balanced by each worker.
    let mut client = Wire::connect(at).await;
    client.send(get("/")).await;
    let mut wire = busy.recv().await.unwrap();
    let quick = Instance::named("quick").await;
    proxy.put(&service(&[slow.address, quick.address])).await;
    wire.send(ok("slow")).await;
    assert_eq!(soon(client.message()).await.unwrap().body, b"slow");
    // Its connection is not served any more, and must not be taken for the next request.
    drop(wire);
    let mut served = 0;
    let traffic = proxy.until("a1", |t| t.in_flight == 0).await;
    assert_eq!(traffic.requests, 1);
    for _ in 0..4 {
        let mut other = Wire::connect(at).await;
        other.send(get("/")).await;
        tokio::select! {
            answer = other.message() => {
                assert_eq!(answer.unwrap().body, b"quick");
                served += 1;
            }
            wire = busy.recv() => wire.unwrap().send(ok("slow")).await,
        }
    }
    assert!(served >= 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_configuration_is_said() {
    let proxy = Proxy::start().await;
    let mut config = service(&[]);
    config.versions[0].weight = 99;
    let refused = proxy.client.put(KEY, &config).await.unwrap_err();
    assert!(refused.to_string().contains("sum to 99"), "{refused}");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = service(&[]);
    config.listen = taken.local_addr().unwrap();
    let refused = proxy.client.put(KEY, &config).await.unwrap_err();
    assert_eq!(refused.kind(), Some("address_in_use"));
    assert!(proxy.client.status().await.unwrap().services.is_empty());
    let unknown = proxy.client.traffic("nobody.a").await.unwrap_err();
    assert_eq!(unknown.kind(), Some("unknown_service"));
}

#[tokio::test]
async fn counters_are_there_as_prometheus_text() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("x").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    let mut client = Wire::connect(at).await;
    client.ask(&get("/")).await;
    let text = proxy.client.metrics().await.unwrap();
    let labels = format!("service=\"{KEY}\",artifact=\"a1\"");
    for line in [
        format!("cutover_proxy_requests_total{{{labels}}} 1"),
        format!("cutover_proxy_answers_total{{{labels},class=\"2xx\"}} 1"),
        format!("cutover_proxy_latency_seconds_bucket{{{labels},le=\"+Inf\"}} 1"),
        "# TYPE cutover_proxy_latency_seconds histogram".to_owned(),
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
}
