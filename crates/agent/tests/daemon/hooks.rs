//! Commands of the user around the life of an instance.

use std::time::Duration;

use agent::api::v1::{
    HookOutcome, HookPoint, InstanceSpec, InstanceState, LifecycleHook, OnHookFailure, Stop,
};
use agent::launch::ensure;
use sys::process::ProcessId;

use crate::bench::{Bench, ONE, example, get};

const STOP: Stop = Stop { timeout_ms: None };

fn hook(point: HookPoint, name: &str, script: &str) -> LifecycleHook {
    LifecycleHook {
        point,
        name: name.into(),
        words: ["sh", "-c", script].map(String::from).to_vec(),
        timeout_ms: 60_000,
        on_failure: OnHookFailure::Refuse,
    }
}

fn told(hooks: &[HookOutcome]) -> Vec<(HookPoint, Option<i32>)> {
    hooks.iter().map(|o| (o.point, o.exit)).collect()
}

impl Bench {
    fn hooked(&self, hooks: Vec<LifecycleHook>) -> InstanceSpec {
        let mut spec = self.spec(&self.fake("1.0.0"), 1, &[]);
        spec.hooks = hooks;
        spec
    }

    /// The lines that hooks wrote to the notes.
    fn noted_lines(&self) -> Vec<String> {
        let notes = std::fs::read_to_string(self.notes()).unwrap_or_default();
        notes.lines().map(str::to_owned).collect()
    }

    /// Waits for a line that a hook writes to the notes, and returns what follows its first word.
    async fn note(&self, first: &str) -> String {
        loop {
            let lines = self.noted_lines();
            let mut found = lines.iter().filter_map(|line| line.strip_prefix(first));
            if let Some(line) = found.next() {
                return line.trim().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn hooks_run_around_start_and_stop_in_their_order_and_know_the_instance() {
    let bench = Bench::new().await;
    let tell = "echo $CUTOVER_HOOK $CUTOVER_SERVICE $CUTOVER_ENVIRONMENT $CUTOVER_INSTANCE \
                $CUTOVER_SLOT $CUTOVER_VSN $CUTOVER_PORT >> $NOTES; echo said by $CUTOVER_HOOK";
    let around = &HookPoint::ALL[..6];
    let hooks = around.iter().map(|point| hook(*point, "tell", tell));
    let spec = bench.hooked(hooks.rev().collect());
    let status = bench.client.start(ONE, &spec).await.unwrap();
    assert_eq!(
        told(&status.hooks),
        around[..4]
            .iter()
            .map(|p| (*p, Some(0)))
            .collect::<Vec<_>>()
    );
    assert_eq!(status.hooks[0].output, "said by pre-configure");
    // The hook after the start comes once it answers.
    assert!(get(status.address, "/").await.is_some());
    let stopped = bench.client.stop(ONE, &STOP).await.unwrap();
    assert_eq!(
        told(&stopped.hooks),
        around.iter().map(|p| (*p, Some(0))).collect::<Vec<_>>()
    );
    let port = status.address.port();
    let expected: Vec<String> = around
        .iter()
        .map(|point| format!("{point} fake test {ONE} 1 1.0.0 {port}"))
        .collect();
    assert_eq!(bench.noted_lines(), expected);
    let log = bench.client.log_tail(ONE, 100).await.unwrap();
    let at = |text: &str| {
        log.find(text)
            .unwrap_or_else(|| panic!("no {text:?} in {log}"))
    };
    assert!(at("said by pre-start") < at("up as fake_1"));
    assert!(at("up as fake_1") < at("said by post-start"));
    assert!(at("said by pre-stop") < at("asked to stop"));
    assert!(at("asked to stop") < at("post-stop hook tell exited with code 0"));
}

#[tokio::test]
async fn a_failing_hook_before_the_start_refuses_it_with_its_words() {
    let bench = Bench::new().await;
    let fails = hook(HookPoint::PreStart, "disk", "echo no room on /srv; exit 3");
    let never = hook(HookPoint::PreStart, "never", "echo ran >> $NOTES");
    let mut spec = bench.hooked(vec![fails, never]);
    let error = bench.client.start(ONE, &spec).await.unwrap_err();
    assert_eq!(error.kind(), Some("hook_failed"));
    let said = error.to_string();
    assert!(
        said.contains("pre-start hook disk exited with code 3"),
        "{said}"
    );
    assert!(said.contains("no room on /srv"), "{said}");
    let status = bench.client.instance(ONE).await.unwrap();
    assert_eq!((status.state, status.pid), (InstanceState::Stopped, None));
    assert_eq!(told(&status.hooks), [(HookPoint::PreStart, Some(3))]);
    assert_eq!(bench.noted_lines(), Vec::<String>::new());
    // One whose failure is ignored is told as well.
    spec.hooks[0].on_failure = OnHookFailure::Ignore;
    let status = bench.client.start(ONE, &spec).await.unwrap();
    let outcomes = [
        (HookPoint::PreStart, Some(3)),
        (HookPoint::PreStart, Some(0)),
    ];
    assert_eq!(told(&status.hooks), outcomes);
    assert_eq!(status.state, InstanceState::Running);
}

#[tokio::test]
async fn a_failing_hook_after_the_start_decides_what_becomes_of_the_instance() {
    let bench = Bench::new().await;
    let mut spec = bench.hooked(vec![hook(
        HookPoint::PostStart,
        "warm",
        "echo cold; exit 9",
    )]);
    let error = bench.client.start(ONE, &spec).await.unwrap_err();
    assert_eq!(error.kind(), Some("hook_failed"));
    let status = bench.client.instance(ONE).await.unwrap();
    assert_eq!(status.state, InstanceState::Stopped);
    let last = status.last_exit.unwrap();
    assert!(
        last.contains("post-start hook warm exited with code 9"),
        "{last}"
    );

    spec.hooks[0].on_failure = OnHookFailure::Unhealthy;
    let first = bench.client.start(ONE, &spec).await.unwrap();
    assert_eq!(first.state, InstanceState::Running);
    for _ in 0..2 {
        let probe = bench.client.probe(ONE).await.unwrap();
        assert!(!probe.healthy && probe.running, "{probe:?}");
        assert!(
            probe.detail.contains("warm exited with code 9"),
            "{probe:?}"
        );
        // It answers all the same, and the next agent knows it for unhealthy too.
        assert!(get(first.address, "/").await.is_some());
        bench.until(ONE, |s| s.healthy == Some(false)).await;
        bench.new_agent().await;
    }
    assert_eq!(bench.client.instance(ONE).await.unwrap().pid, first.pid);
    bench.client.stop(ONE, &STOP).await.unwrap();

    spec.hooks[0].on_failure = OnHookFailure::Ignore;
    bench.client.start(ONE, &spec).await.unwrap();
    assert!(bench.client.probe(ONE).await.unwrap().healthy);
}

#[tokio::test]
async fn no_hook_keeps_an_instance_from_its_stop() {
    let bench = Bench::new().await;
    let mut hangs = hook(HookPoint::PreStop, "hangs", "echo begun; sleep 600");
    hangs.timeout_ms = 300;
    let missing = LifecycleHook {
        words: vec!["/no/such/program".into()],
        ..hook(HookPoint::PreStop, "missing", "")
    };
    let after = hook(HookPoint::PostStop, "after", "exit 1");
    let spec = bench.hooked(vec![hangs, missing, after]);
    bench.client.start(ONE, &spec).await.unwrap();
    bench.log_until(ONE, "up as").await;
    let stopped = bench.client.stop(ONE, &STOP).await.unwrap();
    assert_eq!(stopped.state, InstanceState::Stopped);
    assert_eq!(stopped.last_exit.as_deref(), Some("exited with code 0"));
    let expected = [
        (HookPoint::PreStop, None),
        (HookPoint::PreStop, None),
        (HookPoint::PostStop, Some(1)),
    ];
    assert_eq!(told(&stopped.hooks), expected);
    assert!(
        stopped.hooks[0]
            .output
            .contains("begun\nit did not end within 300 ms")
    );
    assert!(stopped.hooks[1].output.contains("/no/such/program"));
}

#[tokio::test]
async fn a_start_after_a_crash_has_its_hooks_and_the_crash_has_none_of_a_stop() {
    let bench = Bench::new().await;
    let note = "echo $CUTOVER_HOOK >> $NOTES";
    let points = [
        HookPoint::PreStart,
        HookPoint::PostStart,
        HookPoint::PreStop,
        HookPoint::PostStop,
    ];
    let spec = bench.hooked(points.map(|point| hook(point, "note", note)).to_vec());
    let first = bench.client.start(ONE, &spec).await.unwrap();
    assert_eq!(get(first.address, "/crash").await, None);
    bench
        .until(ONE, |s| s.restarts == 1 && s.healthy == Some(true))
        .await;
    let expected = ["pre-start", "post-start", "pre-start", "post-start"];
    assert_eq!(bench.noted_lines(), expected);
}

#[tokio::test]
async fn an_instance_is_unhealthy_until_its_hooks_have_ended_and_a_stop_does_not_wait_for_them() {
    let bench = Bench::new().await;
    let hangs = "echo begun $$ >> $NOTES; sleep 600";
    let spec = bench.hooked(vec![hook(HookPoint::PostStart, "hangs", hangs)]);
    let client = bench.client.clone();
    let starting = tokio::spawn(async move { client.start(ONE, &spec).await });
    let leader: i32 = bench.note("begun").await.parse().unwrap();
    let leader = ProcessId::of(leader).unwrap();
    let probe = bench.client.probe(ONE).await.unwrap();
    assert!(!probe.healthy && probe.running, "{probe:?}");
    assert!(probe.detail.contains("post-start"), "{probe:?}");
    let stopped = bench.client.stop(ONE, &STOP).await.unwrap();
    assert_eq!(stopped.state, InstanceState::Stopped);
    let error = starting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Some("stopped"));
    host::process::Ended::of(&leader).unwrap().wait().await;
}

#[tokio::test]
async fn hooks_that_a_killed_agent_left_are_ended_and_run_again_by_the_next() {
    let bench = Bench::new().await;
    // The first time it hangs.
    let once = "echo begun $$ >> $NOTES; test $(grep -c begun $NOTES) -gt 1 || sleep 600";
    for point in [HookPoint::PreStart, HookPoint::PostStart] {
        let spec = bench.hooked(vec![hook(point, "once", once)]);
        let client = bench.client.clone();
        let starting = tokio::spawn(async move { client.start(ONE, &spec).await });
        let left: i32 = bench.note("begun").await.parse().unwrap();
        let left = ProcessId::of(left).unwrap();
        bench.kill_agent().await;
        assert!(starting.await.unwrap().is_err());
        assert!(left.is_alive());
        ensure(&bench.home, &example("daemon")).await.unwrap();
        host::process::Ended::of(&left).unwrap().wait().await;
        let up = bench.until(ONE, |s| s.healthy == Some(true)).await;
        assert_eq!((told(&up.hooks), up.restarts), (vec![(point, Some(0))], 0));
        bench.client.stop(ONE, &STOP).await.unwrap();
        std::fs::remove_file(bench.notes()).unwrap();
    }
}
