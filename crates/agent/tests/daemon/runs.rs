//! Launcher commands: at most once.

use std::collections::BTreeMap;
use std::time::Duration;

use agent::api::v1::{Run, RunStatus};
use agent::launch::ensure;
use host::process::Ended;
use rustix::process::Signal;

use crate::bench::{Bench, ONE, example};

fn eval(text: &str) -> Run {
    Run {
        instance: ONE.into(),
        args: vec!["eval".into(), text.into()],
        words: vec![],
        env: BTreeMap::new(),
        timeout_ms: 60_000,
        alone: None,
    }
}

fn sh(script: &str) -> Run {
    Run {
        args: vec![],
        words: ["sh", "-c", script].map(String::from).to_vec(),
        env: BTreeMap::from([("MORE".into(), "from the run".into())]),
        ..eval("")
    }
}

#[tokio::test]
async fn a_run_that_is_to_be_alone_waits_for_one_that_another_coordinator_began() {
    let bench = Bench::new().await;
    let gate = bench.home.join("gate");
    let script = format!("until test -e {}; do sleep 0.02; done", gate.display());
    let alone = |script: &str| Run {
        alone: Some("fake.test.1-hook-2".into()),
        ..sh(script)
    };
    let (first, second) = ("fake.test.1-hook-2-7-0", "fake.test.1-hook-2-19-0");
    let began = bench.client.run(first, &alone(&script)).await.unwrap();
    assert_eq!(began, RunStatus::Running);
    // Another hook is none of its business.
    let other = Run {
        alone: Some("fake.test.1-hook-21".into()),
        ..sh("true")
    };
    bench
        .client
        .run("fake.test.1-hook-21-8-0", &other)
        .await
        .unwrap();
    bench.run_end("fake.test.1-hook-21-8-0").await;
    let waits = bench.client.run(second, &alone("true")).await.unwrap();
    assert_eq!(waits, RunStatus::Running);
    let known = bench.client.run_status(second).await.unwrap();
    assert_eq!(known, RunStatus::Absent, "it began");
    sys::file::write_atomic(&gate, b"", sys::file::Access::Shared).unwrap();
    bench.run_end(first).await;
    while bench.client.run(second, &alone("true")).await.unwrap() == RunStatus::Running {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ended = bench.run_end(second).await;
    assert!(
        matches!(ended, RunStatus::Finished { exit: 0, .. }),
        "{ended:?}"
    );
    let error = bench
        .client
        .run("other-1", &alone("true"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Some("bad_run"));
}

impl Bench {
    async fn run_end(&self, id: &str) -> RunStatus {
        loop {
            match self.client.run_status(id).await.unwrap() {
                RunStatus::Running => tokio::time::sleep(Duration::from_millis(20)).await,
                other => return other,
            }
        }
    }

    async fn noted(&self, text: &str) -> usize {
        loop {
            let notes = std::fs::read_to_string(self.notes()).unwrap_or_default();
            let times = notes.lines().filter(|line| *line == text).count();
            if times > 0 {
                return times;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn launch_of(&self, id: &str) -> std::path::PathBuf {
        self.home.join("runs").join(id).join("launch.json")
    }

    /// Waits until what a run was given, secrets and all, is no longer on disk.
    async fn forgotten(&self, id: &str) {
        while self.launch_of(id).exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn run_process(&self, id: &str, which: &str) -> sys::process::ProcessId {
        let path = self.home.join("runs").join(id).join("run.json");
        let record: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        serde_json::from_value(record[which].clone()).unwrap()
    }
}

#[tokio::test]
async fn a_run_happens_once_however_often_it_is_asked_for() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    assert_eq!(
        bench.client.run_status("r.1").await.unwrap(),
        RunStatus::Absent
    );
    for _ in 0..3 {
        bench.client.run("r.1", &eval("migrate")).await.unwrap();
    }
    let RunStatus::Finished { exit, output } = bench.run_end("r.1").await else {
        panic!("not finished");
    };
    assert_eq!((exit, output.as_str()), (0, "evaluated migrate\n"));
    bench.new_agent().await;
    bench.client.run("r.1", &eval("migrate")).await.unwrap();
    assert_eq!(bench.noted("migrate").await, 1);
    let error = bench.client.run("r.1", &eval("other")).await.unwrap_err();
    assert_eq!(error.kind(), Some("run_differs"));
    bench.client.run("r.2", &eval("fail")).await.unwrap();
    let RunStatus::Finished { exit, .. } = bench.run_end("r.2").await else {
        panic!("not finished");
    };
    assert_eq!(exit, 4);
    bench.forgotten("r.1").await;
    bench.forgotten("r.2").await;
}

#[tokio::test]
async fn the_outcome_of_a_run_is_known_though_the_agent_died_meanwhile() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    bench.client.run("r.1", &eval("hang")).await.unwrap();
    bench.noted("hang").await;
    bench.new_agent().await;
    assert_eq!(
        bench.client.run_status("r.1").await.unwrap(),
        RunStatus::Running
    );
    bench.kill_agent().await;
    let shim = Ended::of(&bench.run_process("r.1", "shim")).unwrap();
    bench.run_process("r.1", "process").signal(Signal::TERM);
    shim.wait().await;
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let RunStatus::Finished { exit, .. } = bench.run_end("r.1").await else {
        panic!("not finished");
    };
    assert_eq!(exit, 128 + 15);
    assert_eq!(bench.noted("hang").await, 1);
}

#[tokio::test]
async fn old_runs_are_forgotten_but_for_release_commands() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    let runs = bench.home.join("runs");
    let old = |id: &str| {
        std::fs::create_dir(runs.join(id)).unwrap();
        let asked = std::fs::File::create(runs.join(id).join("run-asked.json")).unwrap();
        asked
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
    };
    old("fake.test.1-command-1");
    for round in 0..210 {
        old(&format!("fake.test.1-hook-7-{round}"));
    }
    bench.client.run("r.1", &eval("migrate")).await.unwrap();
    bench.run_end("r.1").await;
    // All that are kept, the one that just began, and the release command.
    assert!(std::fs::read_dir(&runs).unwrap().count() <= 202);
    assert!(runs.join("r.1").exists());
    assert!(runs.join("fake.test.1-command-1").exists());
}

#[tokio::test]
async fn a_run_whose_end_nobody_saw_is_unknown_and_not_repeated() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    bench.client.run("r.1", &eval("hang")).await.unwrap();
    bench.noted("hang").await;
    bench.kill_agent().await;
    for which in ["shim", "process"] {
        let process = bench.run_process("r.1", which);
        let ended = Ended::of(&process).unwrap();
        process.signal(Signal::KILL);
        ended.wait().await;
    }
    ensure(&bench.home, &example("daemon")).await.unwrap();
    let again = bench.client.run("r.1", &eval("hang")).await.unwrap();
    assert_eq!(again, RunStatus::Unknown);
    assert!(!bench.launch_of("r.1").exists());
    assert_eq!(bench.noted("hang").await, 1);
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_killed() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    let run = Run {
        timeout_ms: 200,
        ..eval("hang")
    };
    bench.client.run("r.1", &run).await.unwrap();
    let RunStatus::Finished { exit, .. } = bench.run_end("r.1").await else {
        panic!("not finished");
    };
    assert_eq!(exit, 128 + 9);
    bench.forgotten("r.1").await;
}

#[tokio::test]
async fn any_program_runs_with_all_that_belongs_to_the_instance() {
    let bench = Bench::new().await;
    let one = bench.one(&[("OWN", "from the instance")]).await;
    let script = "echo $OWN, $MORE, $CUTOVER_INSTANCE at $CUTOVER_PORT; pwd; bin/fake eval x";
    bench.client.run("r.1", &sh(script)).await.unwrap();
    let RunStatus::Finished { exit, output } = bench.run_end("r.1").await else {
        panic!("not finished");
    };
    let root = bench.home.join("instances").join(ONE).join("root");
    let expected = format!(
        "from the instance, from the run, {ONE} at {}\n{}\nevaluated x\n",
        one.address.port(),
        root.display()
    );
    assert_eq!((exit, output), (0, expected));
    let words = vec!["bin/fake".into(), "eval".into(), "y".into()];
    let below = Run { words, ..sh("") };
    bench.client.run("r.2", &below).await.unwrap();
    let RunStatus::Finished { exit: 0, output } = bench.run_end("r.2").await else {
        panic!("it failed");
    };
    assert_eq!(output, "evaluated y\n");
    let both = Run {
        args: vec!["eval".into()],
        ..sh("true")
    };
    let error = bench.client.run("r.3", &both).await.unwrap_err();
    assert_eq!(error.kind(), Some("bad_run"));
    assert_eq!(
        bench.client.run_status("r.3").await.unwrap(),
        RunStatus::Absent
    );
}

#[tokio::test]
async fn a_program_runs_also_before_there_is_an_instance_and_its_token_is_kept() {
    let bench = Bench::new().await;
    let script = "echo $MORE for $CUTOVER_SERVICE in $CUTOVER_ENVIRONMENT; pwd";
    let client = bench.client.with_token(3);
    client.run("r.1", &sh(script)).await.unwrap();
    let RunStatus::Finished { exit: 0, output } = bench.run_end("r.1").await else {
        panic!("it failed");
    };
    let home = bench.home.display();
    assert_eq!(output, format!("from the run for fake in test\n{home}\n"));
    let stale = bench.client.with_token(2);
    let error = stale.run("r.2", &sh(script)).await.unwrap_err();
    assert_eq!(error.kind(), Some("stale_token"));
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_killed_with_all_below_it() {
    let bench = Bench::new().await;
    bench.one(&[]).await;
    let run = Run {
        timeout_ms: 500,
        ..sh("sh -c 'sleep 600; true' & echo child $! >> $NOTES; wait")
    };
    bench.client.run("r.1", &run).await.unwrap();
    let child = loop {
        let notes = std::fs::read_to_string(bench.notes()).unwrap_or_default();
        if let Some(pid) = notes.trim().strip_prefix("child ") {
            break sys::process::ProcessId::of(pid.parse().unwrap());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let RunStatus::Finished { exit, .. } = bench.run_end("r.1").await else {
        panic!("not finished");
    };
    assert_eq!(exit, 128 + 9);
    if let Some(child) = child {
        Ended::of(&child).unwrap().wait().await;
    }
}
