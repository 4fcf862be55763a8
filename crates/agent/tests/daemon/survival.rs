//! The agent, and shims, killed at any time.

use agent::api::v1::{InstanceState, Stop, StopAgent, Warm};
use agent::launch::{Started, ensure};
use host::process::Ended;
use rustix::process::Signal;

use crate::bench::{Bench, ONE, SERVICE, example, get};

#[tokio::test]
async fn a_killed_agent_leaves_its_instances_and_the_next_adopts_them() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    bench.kill_agent().await;
    let (status, _) = get(first.address, "/set/201").await.unwrap();
    assert_eq!(status, 201);
    let (_, started) = ensure(&bench.home, &example("daemon")).await.unwrap();
    assert_eq!(started, Started::New);
    let second = bench.client.instance(ONE).await.unwrap();
    assert_eq!((second.pid, second.restarts), (first.pid, 0));
    assert_eq!(second.state, InstanceState::Running);
    // What it printed meanwhile is there, and what it prints now comes.
    get(first.address, "/set/202").await.unwrap();
    let log = bench.log_until(ONE, "answers 202").await;
    assert!(log.contains("answers 201"), "{log}");
    let stopped = bench
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
    assert_eq!(stopped.last_exit.as_deref(), Some("exited with code 0"));
}

#[tokio::test]
async fn an_instance_that_ended_while_no_agent_was_there_is_started_again() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    bench.kill_agent().await;
    let shim = Ended::of(&bench.recorded(ONE, "shim")).unwrap();
    assert_eq!(get(first.address, "/crash").await, None);
    shim.wait().await;
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let second = bench
        .until(ONE, |s| {
            s.state == InstanceState::Running && s.healthy == Some(true)
        })
        .await;
    assert_ne!(second.pid, first.pid);
    assert_eq!((second.restarts, second.ports), (1, first.ports));
    assert_eq!(second.last_exit.as_deref(), Some("exited with code 3"));
}

#[tokio::test]
async fn a_killed_shim_costs_neither_the_instance_nor_its_logs() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    let shim = bench.recorded(ONE, "shim");
    assert!(shim.signal(Signal::KILL));
    let adopted = async {
        while bench.recorded(ONE, "shim") == shim {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    adopted.await;
    get(first.address, "/set/203").await.unwrap();
    bench.log_until(ONE, "answers 203").await;
    let now = bench.client.instance(ONE).await.unwrap();
    assert_eq!((now.pid, now.restarts), (first.pid, 0));
    bench
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
}

#[tokio::test]
async fn agent_and_shim_killed_together_lose_nothing_either() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    let shim = bench.recorded(ONE, "shim");
    bench.kill_agent().await;
    shim.signal(Signal::KILL);
    Ended::of(&shim).unwrap().wait().await;
    get(first.address, "/set/204").await.unwrap();
    ensure(&bench.home, &example("daemon")).await.unwrap();
    assert_eq!(bench.client.instance(ONE).await.unwrap().pid, first.pid);
    bench.log_until(ONE, "answers 204").await;
}

#[tokio::test]
async fn a_stop_outlives_the_agent_that_was_told_to() {
    let bench = Bench::new().await;
    bench.one(&[("FAKE_STUBBORN", "1")]).await;
    let client = bench.client.clone();
    let stop = tokio::spawn(async move {
        client
            .stop(
                ONE,
                &Stop {
                    timeout_ms: Some(600_000),
                },
            )
            .await
    });
    bench.log_until(ONE, "asked to stop").await;
    bench.kill_agent().await;
    assert!(stop.await.unwrap().is_err());
    // It ends at last, with no agent there: it was meant to, and is not started again.
    let process = bench.recorded(ONE, "process");
    let shim = Ended::of(&bench.recorded(ONE, "shim")).unwrap();
    process.signal(Signal::KILL);
    shim.wait().await;
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let now = bench.client.instance(ONE).await.unwrap();
    assert_eq!((now.state, now.pid), (InstanceState::Stopped, None));
}

#[tokio::test]
async fn an_agent_is_there_before_the_stops_that_another_began_are_done() {
    let bench = Bench::new().await;
    let mut spec = bench.spec(&bench.fake("1.0.0"), 1, &[("FAKE_STUBBORN", "1")]);
    spec.stop_timeout_ms = 600_000;
    bench.client.start(ONE, &spec).await.unwrap();
    bench.log_until(ONE, "up as").await;
    let client = bench.client.clone();
    let stop = tokio::spawn(async move { client.stop(ONE, &Stop { timeout_ms: None }).await });
    bench.log_until(ONE, "asked to stop").await;
    bench.new_agent().await;
    assert!(stop.await.unwrap().is_err());
    bench.until_state(ONE, InstanceState::Stopping).await;
    bench.recorded(ONE, "process").signal(Signal::KILL);
    bench.until_state(ONE, InstanceState::Stopped).await;
}

#[tokio::test]
async fn the_time_to_be_warm_runs_on_without_the_agent() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    bench
        .client
        .warm(ONE, &Warm { for_ms: 1_500 })
        .await
        .unwrap();
    bench.new_agent().await;
    bench.until_state(ONE, InstanceState::Stopped).await;
}

#[tokio::test]
async fn damaged_files_of_coordinators_do_not_keep_an_agent_from_its_instances() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    bench.kill_agent().await;
    // With its log at hand SQLite would mend it.
    for name in ["ledger.db-wal", "ledger.db-shm"] {
        std::fs::remove_file(bench.home.join(name)).unwrap();
    }
    for (name, bytes) in [("tokens.json", vec![b'{']), ("ledger.db", vec![7; 8192])] {
        let path = bench.home.join(name);
        sys::file::write_atomic(&path, &bytes, sys::file::Access::Private).unwrap();
    }
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let now = bench.until(ONE, |s| s.healthy == Some(true)).await;
    assert_eq!(now.pid, first.pid);
    let call = ledger::wire::v1::Call::Leases { service: None };
    let reply = bench.client.ledger(&call).await.unwrap();
    let kind = ledger::wire::v1::Refusal::Storage;
    assert!(
        matches!(&reply, ledger::wire::v1::Reply::Refused { kind: found, .. } if *found == kind),
        "{reply:?}"
    );
    let token = bench.client.with_token(5);
    let error = token.prepare(SERVICE).await.unwrap_err();
    assert_eq!(error.kind(), Some("tokens_unreadable"));
    assert_eq!(get(first.address, "/crash").await, None);
    bench
        .until(ONE, |s| s.restarts == 1 && s.healthy == Some(true))
        .await;
}

#[tokio::test]
async fn what_a_killed_import_left_is_gone_with_the_next_agent() {
    let bench = Bench::new().await;
    bench.kill_agent().await;
    let left = bench.home.join("store/.unpack-abc");
    std::fs::create_dir(&left).unwrap();
    ensure(&bench.home, &example("daemon")).await.unwrap();
    assert!(!left.exists());
}

#[tokio::test]
async fn an_agent_told_to_stop_leaves_its_instances() {
    let bench = Bench::new().await;
    let first = bench.one(&[]).await;
    let ended = Ended::of(&bench.agent()).unwrap();
    bench
        .client
        .stop_agent(&StopAgent { everything: false })
        .await
        .unwrap();
    ended.wait().await;
    assert!(get(first.address, "/").await.is_some());
    ensure(&bench.home, &example("daemon")).await.unwrap();
    assert_eq!(bench.client.instance(ONE).await.unwrap().pid, first.pid);
}
