//! Uncommitted weights are a lease (I7): they return to stable unaided, unless they were prepared.

use proxy::control::v1::{Commitment, Renew, ServiceConfig};

use crate::rig::*;

async fn leased(ttl_ms: u64) -> (Proxy, Instance, Instance, ServiceConfig) {
    let proxy = Proxy::start().await;
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    config.commitment = Commitment::Leased {
        ttl_ms,
        stable: "a1".to_owned(),
    };
    (proxy, old, new, config)
}

#[tokio::test]
async fn when_the_lease_runs_out_all_traffic_returns_to_stable() {
    let (proxy, _old, _new, config) = leased(300).await;
    let status = proxy.put(&config).await;
    assert!(status.lease_left_ms.is_some_and(|left| left <= 300));
    let mut client = Wire::connect(status.bound).await;
    assert_eq!(client.ask(&get("/")).await.body, b"new");
    soon(async {
        while client.ask(&get("/")).await.body != b"old" {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let status = &proxy.client.status().await.unwrap().services[KEY];
    assert!(status.reverted);
    assert_eq!(status.config.versions[0].weight, 100);
    assert_eq!(status.lease_left_ms, None);
    for late in [
        proxy.client.renew(KEY, &Renew { ttl_ms: 1000 }).await,
        proxy.client.prepare(KEY).await,
        proxy.client.commit(KEY).await,
    ] {
        assert_eq!(late.unwrap_err().kind(), Some("reverted"));
    }
    let status = proxy.put(&config).await;
    assert!(!status.reverted);
}

#[tokio::test]
async fn prepared_weights_stay_and_every_step_may_be_repeated() {
    let (mut proxy, _old, _new, config) = leased(60_000).await;
    let at = proxy.put(&config).await.bound;
    proxy
        .client
        .renew(KEY, &Renew { ttl_ms: 500 })
        .await
        .unwrap();
    let stable = "a1".to_owned();
    for _ in 0..2 {
        let status = proxy.client.prepare(KEY).await.unwrap();
        assert_eq!(
            status.config.commitment,
            Commitment::Prepared {
                stable: stable.clone()
            }
        );
        assert_eq!(status.lease_left_ms, None);
    }
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    let mut client = Wire::connect(at).await;
    assert_eq!(client.ask(&get("/")).await.body, b"new");
    drop(client);
    // Also a restart of the proxy does not undo it.
    proxy.stop().await;
    let again = Proxy::on(proxy.home.clone()).await;
    let status = &again.client.status().await.unwrap().services[KEY];
    assert_eq!(status.config.commitment, Commitment::Prepared { stable });
    for _ in 0..2 {
        let status = again.client.commit(KEY).await.unwrap();
        assert_eq!(status.config.commitment, Commitment::Committed);
    }
}

#[tokio::test]
async fn a_lease_runs_on_while_the_proxy_restarts() {
    let (mut proxy, _old, _new, config) = leased(60_000).await;
    proxy.put(&config).await;
    proxy.stop().await;
    let mut again = Proxy::on(proxy.home.clone()).await;
    let status = &again.client.status().await.unwrap().services[KEY];
    assert!(
        status.lease_left_ms.is_some_and(|left| left < 60_000),
        "{status:?}"
    );
    again.client.renew(KEY, &Renew { ttl_ms: 1 }).await.unwrap();
    again.stop().await;
    let third = Proxy::on(proxy.home.clone()).await;
    let status = &third.client.status().await.unwrap().services[KEY];
    assert!(status.reverted, "{status:?}");
    assert_eq!(status.config.versions[0].weight, 100);
}
