//! Several agents of one machine, which stand for hosts.

use agent::api::v1::{BeamHealth, HealthCheck, InstanceState, Stop, StopAgent};
use agent::launch::{Started, ensure};
use host::process::Ended;
use rustix::process::Signal;

use crate::bench::{Bench, ONE, example, get};
use crate::real_release::{ID, mix_release, packed, spec};

#[tokio::test]
async fn a_name_given_once_is_the_hosts_from_then_on() {
    let bench = Bench::named(Some("web-1")).await;
    assert_eq!(bench.client.info().await.unwrap().host, "web-1");
    bench.new_agent().await;
    assert_eq!(bench.client.info().await.unwrap().host, "web-1");
    let unnamed = Bench::new().await;
    let machine = unnamed.client.info().await.unwrap().host;
    let node = unnamed.one(&[]).await.node;
    assert_eq!(node, format!("fake_1@{machine}"));
    // Nodes are named after the machine on either.
    assert_eq!(bench.one(&[]).await.node, node);
    let temp = tempfile::tempdir().unwrap();
    let home = temp.path().join("agent");
    let error = agent::launch::ensure_named(&home, Some("a b"), &example("daemon")).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("\"a b\" is no name of a host"), "{error}");
}

#[tokio::test]
async fn agents_that_start_the_same_at_once_share_no_port() {
    let hosts = [Bench::named(Some("a")).await, Bench::named(Some("b")).await];
    let starts = hosts.iter().map(|bench| {
        let (client, spec) = (
            bench.client.clone(),
            bench.spec(&bench.fake("1.0.0"), 1, &[]),
        );
        tokio::spawn(async move { client.start(ONE, &spec).await.unwrap() })
    });
    let mut ports = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        ports.push(start.await.unwrap().address.port());
    }
    assert_ne!(ports[0], ports[1]);
    for bench in &hosts {
        let up = bench.until(ONE, |s| s.healthy == Some(true)).await;
        assert_eq!(up.restarts, 0);
    }
    // A port that is fixed, and given to an instance that does not listen yet, is refused elsewhere.
    let mut spec = hosts[1].spec(&hosts[1].fake("2.0.0"), 2, &[]);
    hosts[0]
        .client
        .stop(ONE, &Stop { timeout_ms: None })
        .await
        .unwrap();
    spec.ports.insert("PORT".into(), Some(ports[0]));
    let error = hosts[1]
        .client
        .start("fake.test-2", &spec)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Some("port_claimed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_run_the_same_slot_of_a_release_and_the_end_of_one_is_not_seen_on_the_other() {
    let hosts = [
        Bench::named(Some("web-1")).await,
        Bench::named(Some("web-2")).await,
    ];
    let release = mix_release(&hosts[0].temp.path().join("tiny"));
    let mut up = Vec::new();
    for bench in &hosts {
        let imported = bench.client.import(&packed(bench, &release)).await.unwrap();
        let mut spec = spec(&imported.artifact, None, Some("s3cret"));
        // What hangs is to be told by the node alone.
        spec.health = HealthCheck::Command {
            words: vec!["true".into()],
            timeout_ms: 60_000,
        };
        spec.beam = Some(BeamHealth::usual(5_000));
        bench.client.start(ID, &spec).await.unwrap();
        bench.log_until(ID, "serving as").await;
        up.push(bench.until(ID, |s| s.healthy == Some(true)).await);
    }
    assert_eq!(up[0].node, up[1].node);
    assert_ne!(up[0].ports, up[1].ports);
    for (bench, status) in hosts.iter().zip(&up) {
        // Each finds its own by the launcher, and by the distribution protocol.
        let launch = bench.client.launch(ID).await.unwrap();
        let rpc = sys::process::command(&launch.program)
            .args(["rpc", "IO.puts(System.pid())"])
            .env_clear()
            .envs(&launch.env)
            .output()
            .unwrap();
        let pid = String::from_utf8_lossy(&rpc.stdout).trim().parse().ok();
        assert_eq!(pid, status.pid, "{rpc:?}");
        let probe = bench.client.probe(ID).await.unwrap();
        assert!(probe.healthy, "{probe:?}");
        let beam = probe.beam.unwrap();
        assert!(
            beam.booted && beam.processes > 10 && beam.memory_bytes > 1_000_000,
            "{beam:?}"
        );
    }

    let process = hosts[0].recorded(ID, "process");
    process.signal(Signal::STOP);
    let probe = hosts[0].client.probe(ID).await.unwrap();
    assert!(
        !probe.healthy && probe.running && probe.beam.is_none(),
        "{probe:?}"
    );
    assert!(
        probe.detail.contains("the node does not answer"),
        "{probe:?}"
    );
    process.signal(Signal::CONT);
    assert!(hosts[0].client.probe(ID).await.unwrap().healthy);

    // The whole of one host goes, its name server too; the other does not notice.
    let epmd = |bench: &Bench| {
        let kept = std::fs::read(bench.home.join("host.json")).unwrap();
        let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
        u16::try_from(kept["epmd_port"].as_u64().unwrap()).unwrap()
    };
    let ended = Ended::of(&hosts[0].agent()).unwrap();
    let everything = StopAgent { everything: true };
    hosts[0].client.stop_agent(&everything).await.unwrap();
    ended.wait().await;
    assert!(host::epmd::names(epmd(&hosts[0])).is_err());
    let names = host::epmd::names(epmd(&hosts[1])).unwrap();
    assert_eq!(names.keys().collect::<Vec<_>>(), ["tiny_1"]);
    let (_, body) = get(up[1].address, "/").await.unwrap();
    assert_eq!(body, format!("{} {}", up[1].node, up[1].pid.unwrap()));
    assert!(hosts[1].client.probe(ID).await.unwrap().healthy);

    // It comes back with the same name, and its instance as it was.
    let (client, started) = ensure(&hosts[0].home, &example("daemon")).await.unwrap();
    assert_eq!(started, Started::New);
    assert_eq!(client.info().await.unwrap().host, "web-1");
    client.restart(ID).await.unwrap();
    let back = hosts[0].until(ID, |s| s.healthy == Some(true)).await;
    assert_eq!(
        (back.state, &back.node),
        (InstanceState::Running, &up[1].node)
    );

    // A client that goes away without a word is too much for this release; its log tells.
    hosts[0].log_until(ID, "serving as").await;
    drop(tokio::net::TcpStream::connect(back.address).await.unwrap());
    hosts[0].log_until(ID, "terminating").await;
    let beam = client.probe(ID).await.unwrap().beam.unwrap();
    assert_eq!(beam.crash_reports, 1, "{beam:?}");
    for bench in &hosts {
        let everything = StopAgent { everything: true };
        let ended = Ended::of(&bench.agent()).unwrap();
        bench.client.stop_agent(&everything).await.unwrap();
        ended.wait().await;
        assert!(host::epmd::names(epmd(bench)).is_err());
    }
}
