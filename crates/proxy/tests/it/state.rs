//! What the proxy knows again after a restart, also from damaged files.

use std::os::unix::fs::PermissionsExt;

use crate::rig::*;

#[expect(
    clippy::disallowed_methods,
    reason = "a test damages the file on purpose"
)]
fn damage(path: &std::path::Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn services_and_ports_are_the_same_after_a_restart() {
    let mut proxy = Proxy::start().await;
    let instance = Instance::named("x").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    proxy.stop().await;
    let again = Proxy::on(proxy.home.clone()).await;
    let mut client = Wire::connect(at).await;
    assert_eq!(client.ask(&get("/")).await.body, b"x");
    let status = again.client.status().await.unwrap();
    assert_eq!(status.services[KEY].bound, at);
    assert_eq!(status.listeners[0].listen.port(), 0);
}

#[tokio::test]
async fn one_state_file_cut_short_loses_nothing() {
    let mut proxy = Proxy::start().await;
    let instance = Instance::named("x").await;
    let at = proxy.put(&service(&[instance.address])).await.bound;
    proxy.stop().await;
    let path = proxy.home.join("state.json");
    let whole = std::fs::read(&path).unwrap();
    damage(&path, &whole[..whole.len() - 1]);
    let _again = Proxy::on(proxy.home.clone()).await;
    let mut client = Wire::connect(at).await;
    assert_eq!(client.ask(&get("/")).await.body, b"x");
    assert!(proxy.home.join("state.json.bad").exists());
}

#[tokio::test]
async fn with_nothing_whole_left_the_proxy_starts_empty() {
    let mut proxy = Proxy::start().await;
    let instance = Instance::named("x").await;
    proxy.put(&service(&[instance.address])).await;
    proxy.stop().await;
    for name in ["state.json", "state.copy.json"] {
        damage(&proxy.home.join(name), b"{\"services\":");
    }
    let again = Proxy::on(proxy.home.clone()).await;
    assert!(again.client.status().await.unwrap().services.is_empty());
    proxy.home.join("state.json.bad").metadata().unwrap();
    again.put(&service(&[instance.address])).await;
}

#[tokio::test]
async fn the_home_and_its_socket_are_closed_to_others_and_hold_one_proxy() {
    let proxy = Proxy::start().await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&proxy.home), 0o700);
    assert_eq!(mode(&proxy.home.join("control.sock")), 0o600);
    let options = proxy::Options {
        home: proxy.home.clone(),
    };
    let second = proxy::serve_until(options, async {}).unwrap_err();
    assert!(
        matches!(second, proxy::ServeError::AlreadyRuns(_)),
        "{second}"
    );
}

#[tokio::test]
async fn a_drain_ends_with_the_proxy_and_its_version_still_gets_nothing() {
    let (old, new) = (Instance::named("old").await, Instance::named("new").await);
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("proxy");
    let mut proxy = Proxy::on(home.clone()).await;
    let mut config = service(&[old.address]);
    config.versions[0].weight = 0;
    config.versions.push(version("a2", 100, &[new.address]));
    let at = proxy.put(&config).await.bound;
    let drain = proxy::control::v1::Drain {
        artifact: "a1".to_owned(),
        deadline_ms: 60_000,
        sockets_per_second: 1,
        close_code: 1012,
    };
    proxy.client.drain(KEY, &drain).await.unwrap();
    proxy.stop().await;
    let proxy = Proxy::on(home).await;
    let status = proxy.client.status().await.unwrap();
    assert!(status.services[KEY].draining.is_empty());
    assert_eq!(status.services[KEY].bound, at);
    for _ in 0..10 {
        let mut client = Wire::connect(at).await;
        assert_eq!(client.ask(&get("/")).await.body, b"new");
    }
}
