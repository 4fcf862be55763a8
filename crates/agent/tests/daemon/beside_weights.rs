//! What a route has beside its weights: readiness, testers, a preview.

use std::net::SocketAddr;

use agent::api::v1::{InstanceState, Ready, Warm};
use agent::launch::ensure;
use host::process::Ended;
use proxy::control::v1::{Commitment, Preview, Readiness, ServiceStatus, Sticky, Testers};
use rustix::process::Signal;
use sys::process::ProcessId;

use crate::bench::{Bench, ONE, SERVICE, TWO, example, get};
use crate::routing::{backend, route, version, weights};

fn readiness(status: &ServiceStatus) -> Option<bool> {
    status.config.readiness.as_ref().map(|r| r.ready)
}

fn told(ready: bool) -> Ready {
    Ready { ready, path: None }
}

#[tokio::test]
async fn a_readiness_path_that_is_newer_than_the_route_fails_when_told_to() {
    let bench = Bench::new().await;
    bench.one_routed().await;
    let client = bench.client.with_token(2);
    let at = |ready| Ready {
        ready,
        path: Some("/new-ready".into()),
    };
    let failing = client.ready(SERVICE, &at(false)).await.unwrap();
    assert_eq!(readiness(&failing), Some(false));
    assert_eq!(get(failing.bound, "/new-ready").await.unwrap().0, 503);
    assert_eq!(get(failing.bound, "/").await.unwrap().0, 200);
    let back = client.ready(SERVICE, &at(true)).await.unwrap();
    assert_eq!(get(back.bound, "/new-ready").await.unwrap().0, 200);
}

#[tokio::test]
async fn the_readiness_path_fails_when_told_to_and_stays_so_over_every_restart() {
    let bench = Bench::new().await;
    let (one, _) = bench.one_routed().await;
    let client = bench.client.with_token(2);
    let refused = client.ready(SERVICE, &told(false)).await.unwrap_err();
    assert_eq!(refused.kind(), Some("no_readiness"));
    let mut routed = route(
        vec![version(&one.artifact, 100, ONE)],
        Commitment::Committed,
    );
    routed.readiness = Some(Readiness {
        path: "/ready".into(),
        ready: true,
    });
    let status = client.route(SERVICE, &routed).await.unwrap();
    assert_eq!(get(status.bound, "/ready").await.unwrap().0, 200);
    let failing = client.ready(SERVICE, &told(false)).await.unwrap();
    assert_eq!(
        (readiness(&failing), weights(&failing)),
        (Some(false), vec![100])
    );
    assert_eq!(get(status.bound, "/ready").await.unwrap().0, 503);
    assert_eq!(get(status.bound, "/").await.unwrap().0, 200);

    let stale = bench.client.with_token(1);
    let error = stale.ready(SERVICE, &told(true)).await.unwrap_err();
    assert_eq!(error.kind(), Some("stale_token"));
    let error = bench.client.ready(SERVICE, &told(true)).await.unwrap_err();
    assert_eq!(error.kind(), Some("token_missing"));

    bench.kill_proxy().await;
    bench.new_agent().await;
    // Also where the proxy has lost all it knew.
    bench.until_routed(|s| readiness(s) == Some(false)).await;
    bench.kill_agent().await;
    let proxy: ProcessId =
        serde_json::from_slice(&std::fs::read(bench.home.join("proxy/proxy.json")).unwrap())
            .unwrap();
    let ended = Ended::of(&proxy).unwrap();
    proxy.signal(Signal::KILL);
    ended.wait().await;
    std::fs::remove_dir_all(bench.home.join("proxy")).unwrap();
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let again = bench.until_routed(|s| readiness(s) == Some(false)).await;
    assert_eq!(get(again.bound, "/ready").await.unwrap().0, 503);
    let back = client.ready(SERVICE, &told(true)).await.unwrap();
    assert_eq!(get(back.bound, "/ready").await.unwrap().0, 200);
}

#[tokio::test]
async fn testers_and_a_preview_reach_a_version_without_weight_which_is_not_stopped_for_being_warm()
{
    let bench = Bench::new().await;
    let (one, _) = bench.one_routed().await;
    let spec = bench.spec(&bench.fake("2.0.0"), 2, &[]);
    let two = bench.client.start(TWO, &spec).await.unwrap();
    bench.until(TWO, |s| s.healthy == Some(true)).await;
    bench
        .client
        .warm(TWO, &Warm { for_ms: 600_000 })
        .await
        .unwrap();
    let versions = vec![
        version(&one.artifact, 100, ONE),
        version(&two.artifact, 0, TWO),
    ];
    let mut routed = route(versions, Commitment::Committed);
    routed.sticky = Some(Sticky {
        cookie: "cutover_bucket".into(),
        max_age_s: 3_600,
    });
    routed.testers = Some(Testers {
        header: "x-candidate".into(),
        value: None,
        artifact: two.artifact.clone(),
    });
    routed.preview = Some(Preview {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        artifact: two.artifact.clone(),
    });
    let status = bench.put(&routed).await;
    assert_eq!(status.config.sticky, routed.sticky);
    let (_, body) = get(status.preview_bound.unwrap(), "/").await.unwrap();
    assert_eq!(body, format!("fake_2 {}", two.pid.unwrap()));
    let (_, body) = get(status.bound, "/").await.unwrap();
    assert_eq!(body, format!("fake_1 {}", one.pid.unwrap()));
    let warm = bench.client.instance(TWO).await.unwrap().warm_until_ms;
    assert_eq!(warm, None);
    bench.client.warm(TWO, &Warm { for_ms: 1 }).await.unwrap();
    let kept = bench.until(TWO, |s| s.warm_until_ms.is_none()).await;
    assert_eq!(kept.state, InstanceState::Running);
    // A change of health leaves all of it as it is.
    get(two.address, "/set/503").await.unwrap();
    let sick = bench.until_routed(|s| !backend(s, TWO).healthy).await;
    assert_eq!(sick.config.testers, routed.testers);
    assert_eq!(sick.preview_bound, status.preview_bound);
}
