//! Start, health, crash, stop.

use agent::api::v1::{InstanceState, Stop, Warm};

use crate::bench::{Bench, ONE, TWO, get};

#[tokio::test]
async fn an_instance_starts_is_healthy_and_stops_when_asked() {
    let bench = Bench::new().await;
    let status = bench.one(&[]).await;
    assert_eq!(status.state, InstanceState::Running);
    assert!(status.node.starts_with("fake_1@"), "{}", status.node);
    assert_eq!((status.vsn.as_str(), status.restarts), ("1.0.0", 0));
    let status = bench.until(ONE, |s| s.healthy == Some(true)).await;
    let (_, body) = get(status.address, "/").await.unwrap();
    assert_eq!(body, format!("fake_1 {}", status.pid.unwrap()));
    let probe = bench.client.probe(ONE).await.unwrap();
    assert!(probe.healthy && probe.running, "{probe:?}");
    let again = bench
        .client
        .start(ONE, &bench.spec(&status.artifact, 1, &[]))
        .await;
    assert_eq!(again.unwrap().pid, status.pid);
    let stopped = bench
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
    assert_eq!(stopped.state, InstanceState::Stopped);
    assert_eq!(stopped.last_exit.as_deref(), Some("exited with code 0"));
    assert_eq!(stopped.pid, None);
    assert!(get(status.address, "/").await.is_none());
    assert!(
        bench
            .client
            .log_tail(ONE, 1)
            .await
            .unwrap()
            .contains("asked to stop")
    );
}

#[tokio::test]
async fn one_that_does_not_stop_is_killed_once_its_time_is_over() {
    let bench = Bench::new().await;
    bench.one(&[("FAKE_STUBBORN", "1")]).await;
    let timeout_ms = Some(100);
    let stopped = bench.client.stop(ONE, &Stop { timeout_ms }).await.unwrap();
    assert_eq!(stopped.state, InstanceState::Stopped);
    let exit = stopped.last_exit.unwrap();
    assert!(exit.contains("signal 9"), "{exit}");
}

#[tokio::test]
async fn one_that_lost_the_first_request_to_stop_is_asked_again() {
    let bench = Bench::new().await;
    bench.one(&[("FAKE_DEAF", "1")]).await;
    let timeout_ms = Some(600_000);
    let stopped = bench.client.stop(ONE, &Stop { timeout_ms }).await.unwrap();
    assert_eq!(stopped.last_exit.as_deref(), Some("exited with code 0"));
}

#[tokio::test]
async fn a_crash_is_followed_by_a_start_on_the_same_ports() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    bench.crash(&first).await;
    let waiting = bench.until(ONE, |s| s.restarts == 1).await;
    assert_eq!(waiting.healthy, Some(false));
    assert_eq!(waiting.last_exit.as_deref(), Some("exited with code 3"));
    bench.open_gate();
    let second = bench
        .until(ONE, |s| {
            s.state == InstanceState::Running && s.pid != first.pid
        })
        .await;
    assert_eq!(second.ports, first.ports);
    assert_eq!(second.restarts, 1);
    bench.until(ONE, |s| s.healthy == Some(true)).await;
}

#[tokio::test]
async fn a_crash_is_followed_by_a_start_although_its_state_cannot_be_written() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    // Nothing can be renamed over a directory.
    let state = bench.home.join("instances").join(ONE).join("state.json");
    std::fs::remove_file(&state).unwrap();
    std::fs::create_dir(&state).unwrap();
    assert_eq!(get(first.address, "/crash").await, None);
    let again = |s: &agent::api::v1::InstanceStatus| s.restarts == 1 && s.healthy == Some(true);
    let second = bench.until(ONE, again).await;
    assert_ne!(second.pid, first.pid);
}

#[tokio::test]
async fn one_that_crashes_at_boot_says_why_and_how_often() {
    let bench = Bench::new().await;
    let artifact = bench.fake("1.0.0");
    let raise = "environment variable DATABASE_URL is missing";
    let spec = bench.spec(&artifact, 1, &[("FAKE_RAISE", raise)]);
    bench.client.start(ONE, &spec).await.unwrap();
    bench.until(ONE, |s| s.restarts >= 2).await;
    let probe = bench.client.probe(ONE).await.unwrap();
    assert!(!probe.healthy && probe.restarts >= 2, "{probe:?}");
    assert!(
        probe.running || probe.detail.contains("exited with code 1"),
        "{probe:?}"
    );
    assert!(bench.client.log_tail(ONE, 5).await.unwrap().contains(raise));
    // A stop in the pause is a stop.
    let stopped = bench
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
    assert_eq!(stopped.state, InstanceState::Stopped);
    // A start on purpose begins a new log, so that its end tells of this start alone.
    let spec = bench.spec(&artifact, 1, &[]);
    bench.client.start(ONE, &spec).await.unwrap();
    let log = bench.log_until(ONE, "up as").await;
    assert!(!log.contains(raise), "{log}");
}

#[tokio::test]
async fn a_probe_says_what_it_met() {
    let bench = Bench::new().await;
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let port = elsewhere.port().to_string();
    bench.one(&[("FAKE_PORT", &port)]).await;
    let refused = bench.client.probe(ONE).await.unwrap();
    assert!(!refused.healthy && refused.running);
    let listens = format!("the instance listens on 127.0.0.1:{port}");
    assert!(refused.detail.contains(&listens), "{}", refused.detail);

    let spec = bench.spec(&bench.fake("2.0.0"), 2, &[]);
    bench.client.start(TWO, &spec).await.unwrap();
    bench.log_until(TWO, "up as").await;
    let two = bench.until(TWO, |s| s.healthy == Some(true)).await;
    get(two.address, "/set/503").await.unwrap();
    let failing = bench.client.probe(TWO).await.unwrap();
    assert!(!failing.healthy);
    assert!(
        failing.detail.contains("503") && failing.detail.contains("fake_2"),
        "{failing:?}"
    );
    bench.until(TWO, |s| s.healthy == Some(false)).await;
    get(two.address, "/set/200").await.unwrap();
    bench.until(TWO, |s| s.healthy == Some(true)).await;
}

#[tokio::test]
async fn an_instance_is_kept_warm_for_its_time_and_then_stopped() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    let warm = bench
        .client
        .warm(ONE, &Warm { for_ms: 600_000 })
        .await
        .unwrap();
    assert!(warm.warm_until_ms.is_some());
    assert_eq!(warm.state, InstanceState::Running);
    bench.client.warm(ONE, &Warm { for_ms: 1 }).await.unwrap();
    let stopped = bench.until_state(ONE, InstanceState::Stopped).await;
    assert_eq!(stopped.warm_until_ms, None);
}

#[tokio::test]
async fn a_restart_is_a_new_process_on_the_same_ports() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    let second = bench.client.restart(ONE).await.unwrap();
    assert_eq!(second.state, InstanceState::Running);
    assert_ne!(second.pid, first.pid);
    assert_eq!((second.ports, second.restarts), (first.ports, 0));
}

#[tokio::test]
async fn a_stopped_instance_is_removed_with_its_root() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    let error = bench.client.remove(ONE).await.unwrap_err();
    assert_eq!(error.kind(), Some("instance_runs"));
    bench
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
    bench.client.remove(ONE).await.unwrap();
    assert!(!bench.home.join("instances").join(ONE).exists());
    let error = bench.client.instance(ONE).await.unwrap_err();
    assert_eq!(error.kind(), Some("unknown_instance"));
    bench.client.remove(ONE).await.unwrap();
}
