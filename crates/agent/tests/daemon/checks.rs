//! Health told by a command.

use agent::api::v1::{HealthCheck, InstanceSpec};

use crate::bench::{Bench, ONE, get};

impl Bench {
    fn checked(&self, script: &str, timeout_ms: u64) -> InstanceSpec {
        let mut spec = self.spec(&self.fake("1.0.0"), 1, &[]);
        spec.health = HealthCheck::Command {
            words: ["sh", "-c", script].map(String::from).to_vec(),
            timeout_ms,
        };
        spec
    }
}

#[tokio::test]
async fn a_command_tells_whether_an_instance_is_healthy() {
    let bench = Bench::new().await;
    let script =
        "echo asked at $PORT of $CUTOVER_SERVICE in $(pwd); test -e tmp/broken && exit 2; exit 0";
    let spec = bench.checked(script, 60_000);
    let status = bench.client.start(ONE, &spec).await.unwrap();
    bench.until(ONE, |s| s.healthy == Some(true)).await;
    assert!(bench.client.probe(ONE).await.unwrap().healthy);
    let broken = bench
        .home
        .join("instances")
        .join(ONE)
        .join("root/tmp/broken");
    sys::file::write_atomic(&broken, b"", sys::file::Access::Shared).unwrap();
    bench.until(ONE, |s| s.healthy == Some(false)).await;
    let probe = bench.client.probe(ONE).await.unwrap();
    assert!(!probe.healthy && probe.running);
    let port = status.address.port();
    let said = format!("exited with code 2, having printed: asked at {port} of fake in ");
    assert!(probe.detail.contains(&said), "{probe:?}");
}

#[tokio::test]
async fn a_check_that_hangs_fails_in_time_and_never_runs_twice_at_once() {
    let bench = Bench::new().await;
    // Whoever finds another at work says so.
    let script = "mkdir $NOTES.d || echo twice >> $NOTES; sleep 0.05; rmdir $NOTES.d; \
                  test -e $NOTES.hang && sleep 600; exit 0";
    let spec = bench.checked(script, 400);
    let status = bench.client.start(ONE, &spec).await.unwrap();
    let probes: Vec<_> = (0..8)
        .map(|_| {
            let client = bench.client.clone();
            tokio::spawn(async move { client.probe(ONE).await.unwrap().healthy })
        })
        .collect();
    for probe in probes {
        assert!(probe.await.unwrap());
    }
    let hang = bench.notes().with_extension("hang");
    sys::file::write_atomic(&hang, b"", sys::file::Access::Shared).unwrap();
    let probe = bench.client.probe(ONE).await.unwrap();
    assert!(!probe.healthy, "{probe:?}");
    assert!(
        probe.detail.contains("did not end within 400 ms"),
        "{probe:?}"
    );
    assert!(!bench.notes().exists());
    assert!(get(status.address, "/").await.is_some());
}
