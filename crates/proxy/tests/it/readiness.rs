//! What a balancer in front is told.

use http_body_util::Empty;
use proxy::control::v1::{Readiness, ServiceConfig};

use crate::rig::*;

fn with_readiness(mut config: ServiceConfig, ready: bool) -> ServiceConfig {
    config.readiness = Some(Readiness {
        path: "/ready".to_owned(),
        ready,
    });
    config
}

#[tokio::test]
async fn the_proxy_itself_answers_and_serves_all_other_requests_as_usual() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("here").await;
    let config = service(&[instance.address]);
    let at = proxy.put(&with_readiness(config.clone(), true)).await.bound;
    let mut balancer = Wire::connect(at).await;
    let mut client = Wire::connect(at).await;
    for (ready, status) in [
        (true, "200 OK"),
        (false, "503 Service Unavailable"),
        (true, "200 OK"),
    ] {
        proxy.put(&with_readiness(config.clone(), ready)).await;
        for method in ["GET", "HEAD"] {
            balancer
                .send(format!(
                    "{method} /ready?from=lb HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n"
                ))
                .await;
            let head = balancer.head().await.unwrap();
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{head}"
            );
            assert!(!head.contains("connection: close"), "{head}");
            if method == "GET" {
                let length = Seen { head, body: vec![] };
                let length = length.field("content-length").unwrap().parse().unwrap();
                balancer.exactly(length).await;
            }
        }
        assert_eq!(client.ask(&get("/")).await.body, b"here");
        assert_eq!(client.ask(&get("/ready/not")).await.body, b"here");
    }
    let mut sender = connect::<Empty<bytes::Bytes>>(at).await;
    let probe = http::Request::get("http://shop.test/ready");
    let answer = sender.send_request(probe.body(Empty::new()).unwrap());
    assert_eq!(soon(answer).await.unwrap().status(), 200);
    assert!(
        instance
            .seen
            .lock()
            .unwrap()
            .iter()
            .all(|seen| !seen.head.contains("/ready?"))
    );
    assert_eq!(
        proxy.traffic("a1").await.requests,
        6,
        "probes are not counted"
    );
    // Without it the path is the application's.
    proxy.put(&config).await;
    assert_eq!(client.ask(&get("/ready")).await.body, b"here");
}

#[tokio::test]
async fn without_a_healthy_instance_it_is_not_ready_unless_requests_are_held() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("here").await;
    let mut config = with_readiness(service(&[instance.address]), true);
    config.versions[0].backends[0].healthy = false;
    config.limits.hold_ms = 600_000;
    let at = proxy.put(&config).await.bound;
    let mut balancer = Wire::connect(at).await;
    let mut told = async || balancer.ask(&get("/ready")).await.head[9..12].to_owned();
    assert_eq!(told().await, "503");
    let mut client = Wire::connect(at).await;
    client.send(get("/")).await;
    while proxy.client.traffic(KEY).await.unwrap().held_now == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told().await, "200", "what is held will be served");
    config.readiness.as_mut().unwrap().ready = false;
    proxy.put(&config).await;
    assert_eq!(told().await, "503");
    config.readiness.as_mut().unwrap().ready = true;
    config.versions[0].backends[0].healthy = true;
    proxy.put(&config).await;
    assert_eq!(soon(client.message()).await.unwrap().body, b"here");
    assert_eq!(told().await, "200");
}

#[tokio::test]
async fn a_probe_by_address_asks_for_every_service_with_that_path() {
    let proxy = Proxy::start().await;
    let instance = Instance::named("here").await;
    let mut at = None;
    for (key, ready) in [("a", true), ("b", true), ("c", false)] {
        let mut config = with_readiness(service(&[instance.address]), ready);
        config.hosts = vec![format!("{key}.test")];
        at = Some(proxy.client.put(key, &config).await.unwrap().bound);
    }
    let mut balancer = Wire::connect(at.unwrap()).await;
    for (host, status) in [("a.test", "200"), ("c.test", "503"), ("10.0.0.1", "503")] {
        let probe = format!("GET /ready HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(&balancer.ask(&probe).await.head[9..12], status, "{host}");
    }
    proxy.client.delete("c").await.unwrap();
    let probe = "GET /ready HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n";
    assert_eq!(&balancer.ask(probe).await.head[9..12], "200");
    let other = "GET /else HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n";
    assert_eq!(&balancer.ask(other).await.head[9..12], "404");
}
