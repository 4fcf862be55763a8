//! What the agent does not do, and what it says.

use agent::api::v1::{
    BeamHealth, HealthCheck, HookPoint, ImportArtifact, LifecycleHook, OnHookFailure, Stop,
};
use agent::client::Retry;
use agent::launch::{Started, ensure};
use std::os::unix::fs::PermissionsExt;

use crate::bench::{Bench, ONE, SERVICE, TWO, example};

#[tokio::test]
async fn a_home_has_one_agent_and_its_socket_one_owner() {
    let bench = Bench::new().await;
    let (_, started) = ensure(&bench.home, &example("daemon")).await.unwrap();
    assert_eq!(started, Started::Already);
    let second = sys::process::command(example("daemon"))
        .args(["agent", "run", "--home"])
        .arg(&bench.home)
        .output()
        .unwrap();
    let said = String::from_utf8(second.stdout).unwrap();
    assert!(said.starts_with("error: an agent already runs"), "{said}");
    let mode = std::fs::metadata(bench.home.join("agent.sock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn two_who_want_the_agent_at_once_share_one() {
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().join("agent");
    let binary = example("daemon");
    let (a, b) = tokio::join!(ensure(&home, &binary), ensure(&home, &binary));
    let (a, b) = (a.unwrap().0, b.unwrap().0);
    assert_eq!(a.info().await.unwrap().pid, b.info().await.unwrap().pid);
    drop(Bench::around(temp, a));
}

#[tokio::test]
async fn an_older_token_is_refused_also_by_the_next_agent() {
    let bench = Bench::new().await;
    let spec = bench.spec(&bench.fake("1.0.0"), 1, &[]);
    bench.client.with_token(5).start(ONE, &spec).await.unwrap();
    bench.new_agent().await;
    let stale = bench.client.with_token(4);
    let error = stale
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (Some("stale_token"), Retry::Never)
    );
    assert_eq!(bench.client.info().await.unwrap().tokens[SERVICE], 5);
    assert!(bench.client.instance(ONE).await.unwrap().pid.is_some());
    let error = bench.client.prepare(SERVICE).await.unwrap_err();
    assert_eq!(error.kind(), Some("token_missing"));
}

#[tokio::test]
async fn a_port_in_use_is_named_before_anything_starts() {
    let bench = Bench::new().await;
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let mut spec = bench.spec(&bench.fake("1.0.0"), 1, &[]);
    spec.ports.insert("PORT".into(), Some(port));
    let error = bench.client.start(ONE, &spec).await.unwrap_err();
    assert_eq!(error.kind(), Some("port_in_use"));
    assert!(
        error.to_string().contains(&format!("port {port} for PORT")),
        "{error}"
    );
    assert_eq!(bench.client.instances().await.unwrap(), []);
    drop(held);
    bench.client.start(ONE, &spec).await.unwrap();
    // The port of a running instance is in use as well.
    bench.log_until(ONE, "up as").await;
    spec.slot = 2;
    let error = bench.client.start(TWO, &spec).await.unwrap_err();
    assert_eq!(error.kind(), Some("port_in_use"));
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_with_the_reason() {
    let bench = Bench::new().await;
    let artifact = bench.fake("1.0.0");
    let refused = async |id: &str, change: &dyn Fn(&mut agent::api::v1::InstanceSpec)| {
        let mut spec = bench.spec(&artifact, 1, &[]);
        change(&mut spec);
        let error = bench.client.start(id, &spec).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Never, "{error}");
        error.kind().unwrap().to_owned()
    };
    assert_eq!(refused("fake.test-2", &|_| {}).await, "bad_name");
    assert_eq!(refused("..", &|_| {}).await, "bad_name");
    let nowhere = "0".repeat(64);
    let kind = refused(ONE, &|spec| spec.artifact = nowhere.clone()).await;
    assert_eq!(kind, "unknown_artifact");
    let kind = refused(ONE, &|spec| {
        spec.env.insert("RELEASE_NODE".into(), "mine".into());
    })
    .await;
    assert_eq!(kind, "environment");
    let kind = refused(ONE, &|spec| spec.http_port = "HTTP".into()).await;
    assert_eq!(kind, "no_http_port");
    // Its distribution is off, so its node cannot be asked.
    let kind = refused(ONE, &|spec| spec.beam = Some(BeamHealth::usual(1_000))).await;
    assert_eq!(kind, "not_distributed");
    let no_words = HealthCheck::Command {
        words: vec![],
        timeout_ms: 1,
    };
    let kind = refused(ONE, &|spec| spec.health = no_words.clone()).await;
    assert_eq!(kind, "bad_command");
    let hook = LifecycleHook {
        point: HookPoint::PreStart,
        name: "two\nlines".into(),
        words: vec!["true".into()],
        timeout_ms: 1,
        on_failure: OnHookFailure::Refuse,
    };
    let kind = refused(ONE, &|spec| spec.hooks = vec![hook.clone()]).await;
    assert_eq!(kind, "hook_name");
    let env_sh = bench
        .home
        .join("store")
        .join(&artifact)
        .join("release/releases/1.0.0/env.sh");
    let text = b"#!/bin/sh\nexport PORT=4000\n";
    sys::file::write_atomic(&env_sh, text, sys::file::Access::Shared).unwrap();
    let spec = bench.spec(&artifact, 1, &[]);
    let error = bench.client.start(ONE, &spec).await.unwrap_err();
    assert_eq!(error.kind(), Some("env_override"));
    assert!(error.to_string().contains("line 2"), "{error}");
    assert_eq!(bench.client.instances().await.unwrap(), []);
}

#[tokio::test]
async fn another_spec_for_a_running_instance_is_refused() {
    let bench = Bench::new().await;
    let status = bench.one(&[]).await;
    let spec = bench.spec(&bench.fake("2.0.0"), 1, &[]);
    let error = bench.client.start(ONE, &spec).await.unwrap_err();
    assert_eq!(error.kind(), Some("instance_runs"));
    bench
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
    let now = bench.client.start(ONE, &spec).await.unwrap();
    assert_eq!(now.vsn, "2.0.0");
    assert_ne!(now.artifact, status.artifact);
}

#[tokio::test]
async fn a_file_that_is_no_artifact_is_not_imported() {
    let bench = Bench::new().await;
    let path = bench.temp.path().join("x.cutover");
    sys::file::write_atomic(&path, b"nothing", sys::file::Access::Shared).unwrap();
    let artifact = "0".repeat(64);
    let import = ImportArtifact { path, artifact };
    let error = bench.client.import(&import).await.unwrap_err();
    assert_eq!(error.kind(), Some("verification_failed"));
    assert_eq!(bench.client.artifacts().await.unwrap(), []);
}

#[tokio::test]
async fn an_agent_that_cannot_start_says_why_to_the_one_who_waits() {
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().join("x".repeat(120));
    let error = ensure(&home, &example("daemon")).await.unwrap_err();
    assert!(error.to_string().contains("CUTOVER_HOME"), "{error}");
    let error = ensure(temp.path(), "/bin/ls".as_ref()).await.unwrap_err();
    assert!(error.to_string().contains("ls: "), "{error}");
}

#[tokio::test]
async fn nobody_at_the_socket_is_safe_to_try_again() {
    let temp = tempfile::tempdir().unwrap();
    let client = agent::client::Client::at_home(temp.path());
    let error = client.info().await.unwrap_err();
    assert_eq!(error.retry(), Retry::Safe);
    assert!(error.to_string().contains("agent.sock"), "{error}");
}
