//! Routes, health and the proxy's life.

use std::net::SocketAddr;
use std::time::Duration;

use agent::api::v1::{InstanceState, Route, RouteVersion, Warm};
use agent::launch::ensure;
use host::process::Ended;
use proxy::control::v1::{Backend, Commitment, Limits, ServiceStatus};
use rustix::process::Signal;
use sys::process::ProcessId;

use crate::bench::{Bench, ONE, SERVICE, TWO, example, get};

pub(crate) fn version(artifact: &str, weight: u8, instance: &str) -> RouteVersion {
    RouteVersion {
        artifact: artifact.into(),
        weight,
        instances: vec![instance.into()],
    }
}

pub(crate) fn route(versions: Vec<RouteVersion>, commitment: Commitment) -> Route {
    Route {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        hosts: vec![],
        path_prefix: "/".into(),
        limits: Limits::default(),
        versions,
        commitment,
        sticky: None,
        testers: None,
        preview: None,
        readiness: None,
    }
}

impl Bench {
    pub(crate) async fn put(&self, route: &Route) -> ServiceStatus {
        self.client
            .with_token(1)
            .route(SERVICE, route)
            .await
            .unwrap()
    }

    /// One instance with all traffic.
    pub(crate) async fn one_routed(&self) -> (agent::api::v1::InstanceStatus, ServiceStatus) {
        let one = self.one(&[]).await;
        let routed = route(
            vec![version(&one.artifact, 100, ONE)],
            Commitment::Committed,
        );
        let status = self.put(&routed).await;
        (one, status)
    }

    pub(crate) async fn until_routed(
        &self,
        holds: impl Fn(&ServiceStatus) -> bool,
    ) -> ServiceStatus {
        let mut seen = None;
        for _ in 0..3_000 {
            match self.client.routed(SERVICE).await {
                Ok(status) if holds(&status) => return status,
                other => seen = Some(other),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it stays as it is: {seen:?}");
    }

    async fn proxy(&self) -> ProcessId {
        let pid = self.client.info().await.unwrap().proxy.unwrap().pid;
        ProcessId::of(i32::try_from(pid).unwrap()).unwrap()
    }

    pub(crate) async fn kill_proxy(&self) {
        let proxy = self.proxy().await;
        let ended = Ended::of(&proxy).unwrap();
        proxy.signal(Signal::KILL);
        ended.wait().await;
    }
}

pub(crate) fn backend(status: &ServiceStatus, instance: &str) -> Backend {
    let mut backends = status.config.versions.iter().flat_map(|v| &v.backends);
    backends.find(|b| b.instance == instance).unwrap().clone()
}

pub(crate) fn weights(status: &ServiceStatus) -> Vec<u8> {
    status.config.versions.iter().map(|v| v.weight).collect()
}

#[tokio::test]
async fn traffic_reaches_the_instance_and_stops_at_once_when_it_crashes() {
    let bench = Bench::new().await;
    let (one, status) = bench.one_routed().await;
    assert!(backend(&status, ONE).healthy);
    let (code, body) = get(status.bound, "/").await.unwrap();
    assert_eq!((code, body), (200, format!("fake_1 {}", one.pid.unwrap())));
    bench.crash(&one).await;
    bench.until_routed(|s| !backend(s, ONE).healthy).await;
    // A request that comes now is held until the instance is there again.
    let held = tokio::spawn(async move { get(status.bound, "/").await });
    bench.open_gate();
    let (code, body) = held.await.unwrap().unwrap();
    assert_eq!(code, 200);
    assert_ne!(body, format!("fake_1 {}", one.pid.unwrap()));
    let healed = bench.until_routed(|s| backend(s, ONE).healthy).await;
    assert_eq!(backend(&healed, ONE).address, one.address);
}

#[tokio::test]
async fn an_instance_that_fails_its_check_gets_nothing_new_until_it_passes() {
    let bench = Bench::new().await;
    let (one, _) = bench.one_routed().await;
    get(one.address, "/set/503").await.unwrap();
    bench.until_routed(|s| !backend(s, ONE).healthy).await;
    get(one.address, "/set/200").await.unwrap();
    bench.until_routed(|s| backend(s, ONE).healthy).await;
}

#[tokio::test]
async fn the_proxy_knows_of_a_stop_before_the_instance_does() {
    let bench = Bench::new().await;
    let one = bench.one(&[("FAKE_STUBBORN", "1")]).await;
    let routed = route(
        vec![version(&one.artifact, 100, ONE)],
        Commitment::Committed,
    );
    bench.put(&routed).await;
    let client = bench.client.clone();
    let stop = agent::api::v1::Stop {
        timeout_ms: Some(600_000),
    };
    let stopping = tokio::spawn(async move { client.stop(ONE, &stop).await });
    bench.log_until(ONE, "asked to stop").await;
    let status = bench.client.routed(SERVICE).await.unwrap();
    assert!(!backend(&status, ONE).healthy);
    bench.recorded(ONE, "process").signal(Signal::KILL);
    stopping.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_proxy_serves_while_the_agent_is_dead_and_is_found_again() {
    let bench = Bench::new().await;
    let (_, status) = bench.one_routed().await;
    let proxy = bench.proxy().await;
    bench.kill_agent().await;
    assert_eq!(get(status.bound, "/").await.unwrap().0, 200);
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let again = bench.until_routed(|s| backend(s, ONE).healthy).await;
    assert_eq!(again.bound, status.bound);
    assert_eq!(bench.proxy().await, proxy);
}

#[tokio::test]
async fn a_new_agent_takes_no_traffic_away_before_it_has_looked() {
    let bench = Bench::new().await;
    let artifact = bench.fake("1.0.0");
    let mut spec = bench.spec(&artifact, 1, &[]);
    spec.health = agent::api::v1::HealthCheck::Http {
        path: "/health".into(),
        timeout_ms: 600_000,
        host: None,
        statuses: vec![],
    };
    bench.client.start(ONE, &spec).await.unwrap();
    bench.until(ONE, |s| s.healthy == Some(true)).await;
    let routed = route(vec![version(&artifact, 100, ONE)], Commitment::Committed);
    bench.put(&routed).await;
    bench.kill_agent().await;
    // It listens, and answers nothing for now: the first check is under way as long as that lasts.
    let process = bench.recorded(ONE, "process");
    process.signal(Signal::STOP);
    ensure(&bench.home, &example("daemon")).await.unwrap();
    for _ in 0..20 {
        let status = bench.client.routed(SERVICE).await.unwrap();
        assert!(backend(&status, ONE).healthy);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    process.signal(Signal::CONT);
    bench.until(ONE, |s| s.healthy == Some(true)).await;
}

#[tokio::test]
async fn an_instance_keeps_its_traffic_although_its_state_is_damaged() {
    let bench = Bench::new().await;
    let (one, status) = bench.one_routed().await;
    bench.kill_agent().await;
    let state = bench.home.join("instances").join(ONE).join("state.json");
    sys::file::write_atomic(&state, b"{", sys::file::Access::Private).unwrap();
    ensure(&bench.home, &example("daemon")).await.unwrap();
    for _ in 0..20 {
        let status = bench.client.routed(SERVICE).await.unwrap();
        assert!(backend(&status, ONE).healthy);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (_, body) = get(status.bound, "/").await.unwrap();
    assert_eq!(body, format!("fake_1 {}", one.pid.unwrap()));
}

#[tokio::test]
async fn a_killed_proxy_is_started_again_on_the_same_address() {
    let bench = Bench::new().await;
    let (_, status) = bench.one_routed().await;
    bench.kill_proxy().await;
    let again = bench.until_routed(|s| backend(s, ONE).healthy).await;
    assert_eq!(again.bound, status.bound);
    assert_eq!(get(status.bound, "/").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_proxy_that_lost_its_state_is_told_again() {
    let bench = Bench::new().await;
    let (one, _) = bench.one_routed().await;
    bench.kill_agent().await;
    let proxy: ProcessId =
        serde_json::from_slice(&std::fs::read(bench.home.join("proxy/proxy.json")).unwrap())
            .unwrap();
    let ended = Ended::of(&proxy).unwrap();
    proxy.signal(Signal::KILL);
    ended.wait().await;
    std::fs::remove_dir_all(bench.home.join("proxy")).unwrap();
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let again = bench.until_routed(|s| backend(s, ONE).healthy).await;
    assert_eq!(weights(&again), [100]);
    let (_, body) = get(again.bound, "/").await.unwrap();
    assert_eq!(body, format!("fake_1 {}", one.pid.unwrap()));
}

#[tokio::test]
async fn routes_damaged_on_disk_are_learnt_from_the_proxy() {
    let bench = Bench::new().await;
    let (one, _) = bench.one_routed().await;
    bench.kill_agent().await;
    let path = bench.home.join("services.json");
    let whole = std::fs::read(&path).unwrap();
    let cut = &whole[..whole.len() / 2];
    sys::file::write_atomic(&path, cut, sys::file::Access::Private).unwrap();
    ensure(&bench.home, &example("daemon")).await.unwrap();
    bench.until_routed(|s| backend(s, ONE).healthy).await;
    bench.crash(&one).await;
    bench.until_routed(|s| !backend(s, ONE).healthy).await;
}

#[tokio::test]
async fn a_change_of_health_moves_no_weight_and_prolongs_no_lease() {
    let bench = Bench::new().await;
    let one = bench.one(&[]).await;
    let spec = bench.spec(&bench.fake("2.0.0"), 2, &[]);
    bench.client.start(TWO, &spec).await.unwrap();
    bench.log_until(TWO, "up as").await;
    let two = bench.client.instance(TWO).await.unwrap();
    let leased = Commitment::Leased {
        ttl_ms: 120_000,
        stable: one.artifact.clone(),
    };
    let versions = vec![
        version(&one.artifact, 0, ONE),
        version(&two.artifact, 100, TWO),
    ];
    bench.put(&route(versions.clone(), leased)).await;
    let given = sys::clock::monotonic();
    bench
        .until_routed(|s| backend(s, ONE).healthy && backend(s, TWO).healthy)
        .await;
    // It takes checks in a row to lose its health, a second apart: time that the lease must not regain.
    get(one.address, "/set/503").await.unwrap();
    bench.until_routed(|s| !backend(s, ONE).healthy).await;
    let gone = u64::try_from(sys::clock::since(given).as_millis()).unwrap();
    let now = bench.client.routed(SERVICE).await.unwrap();
    assert_eq!(weights(&now), [0, 100]);
    let left = now.lease_left_ms.unwrap();
    assert!(gone > 1_000 && left + gone < 120_500, "{left} {gone}");
    get(one.address, "/set/200").await.unwrap();
    // A lease that ran out stays known, whatever is told of health since.
    let short = Commitment::Leased {
        ttl_ms: 50,
        stable: one.artifact.clone(),
    };
    bench.until(ONE, |s| s.healthy == Some(true)).await;
    bench.put(&route(versions, short)).await;
    bench.until_routed(|s| s.reverted).await;
    get(two.address, "/set/503").await.unwrap();
    let back = bench.until_routed(|s| !backend(s, TWO).healthy).await;
    assert_eq!((weights(&back), back.reverted), (vec![100, 0], true));
    let refused = bench
        .client
        .with_token(1)
        .prepare(SERVICE)
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), Some("reverted"));
}

#[tokio::test]
async fn an_instance_with_traffic_is_not_stopped_for_having_been_warm() {
    let bench = Bench::new().await;
    let (one, _) = bench.one_routed().await;
    bench.client.warm(ONE, &Warm { for_ms: 1 }).await.unwrap();
    let kept = bench.until(ONE, |s| s.warm_until_ms.is_none()).await;
    assert_eq!((kept.state, kept.pid), (InstanceState::Running, one.pid));
    // Being routed to ends being warm.
    bench
        .client
        .warm(ONE, &Warm { for_ms: 600_000 })
        .await
        .unwrap();
    bench
        .put(&route(
            vec![version(&one.artifact, 100, ONE)],
            Commitment::Committed,
        ))
        .await;
    assert_eq!(
        bench.client.instance(ONE).await.unwrap().warm_until_ms,
        None
    );
}

#[tokio::test]
async fn a_lease_gives_no_traffic_to_what_has_just_stopped_and_may_to_what_heals() {
    let bench = Bench::new().await;
    let (one, status) = bench.one_routed().await;
    let spec = bench.spec(&bench.fake("2.0.0"), 2, &[]);
    bench.client.start(TWO, &spec).await.unwrap();
    bench.log_until(TWO, "up as").await;
    let stop = agent::api::v1::Stop { timeout_ms: None };
    bench.client.stop(TWO, &stop).await.unwrap();
    let leased = route(
        vec![
            version(&one.artifact, 0, ONE),
            version(&spec.artifact, 100, TWO),
        ],
        Commitment::Leased {
            ttl_ms: 120_000,
            stable: one.artifact.clone(),
        },
    );
    let client = bench.client.with_token(1);
    let refused = client.route(SERVICE, &leased).await.unwrap_err();
    assert_eq!(refused.kind(), Some("no_healthy_instance"));
    let (_, body) = get(status.bound, "/").await.unwrap();
    assert_eq!(body, format!("fake_1 {}", one.pid.unwrap()));
    // Now the stable version is the sick one, and keeps a part for now.
    bench.client.start(TWO, &spec).await.unwrap();
    bench.until(TWO, |s| s.healthy == Some(true)).await;
    bench.client.stop(ONE, &stop).await.unwrap();
    let mut parted = leased;
    parted.versions[0].weight = 90;
    parted.versions[1].weight = 10;
    let status = bench.put(&parted).await;
    assert_eq!(weights(&status), [90, 10]);
}

#[tokio::test]
async fn a_route_to_what_is_not_there_is_refused() {
    let bench = Bench::new().await;
    let one = bench.one(&[]).await;
    let client = bench.client.with_token(1);
    let refused = async |artifact: &str, instance: &str| {
        let asked = route(
            vec![version(artifact, 100, instance)],
            Commitment::Committed,
        );
        let error = client.route(SERVICE, &asked).await.unwrap_err();
        error.kind().unwrap().to_owned()
    };
    assert_eq!(refused(&one.artifact, TWO).await, "unknown_instance");
    assert_eq!(refused(&"0".repeat(64), ONE).await, "wrong_artifact");
    let error = client.traffic(SERVICE).await.unwrap_err();
    assert_eq!(error.kind(), Some("unknown_service"));
    let metrics = client.metrics().await.unwrap();
    assert!(
        metrics.contains("cutover_instance_running{service=\"fake.test\""),
        "{metrics}"
    );
}
