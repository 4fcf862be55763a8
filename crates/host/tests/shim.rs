//! A real shim around real programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use host::process::Ended;
use host::shim::{Directory, Exit, Launch, LogLimits, Record, StartError};
use rustix::process::Signal;

/// The example `shim`, which cargo builds before the tests.
fn binary() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/shim")
}

struct Bench {
    _temp: tempfile::TempDir,
    dir: Directory,
}

impl Bench {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = Directory::new(temp.path().join("program"));
        std::fs::create_dir(dir.path()).unwrap();
        Self { _temp: temp, dir }
    }

    async fn start(&self, run: u64, program: &str, args: &[&str]) -> Result<Record, StartError> {
        let launch = Launch {
            run,
            program: program.into(),
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            cwd: "/".into(),
            env: BTreeMap::from([("GREETING".into(), "hello".into())]),
            log: LogLimits {
                bytes_max: 100_000,
                files: 2,
            },
        };
        self.dir.write_launch(&launch).unwrap();
        host::shim::start(&binary(), &self.dir).await
    }

    async fn sh(&self, run: u64, script: &str) -> Record {
        self.start(run, "/bin/sh", &["-c", script]).await.unwrap()
    }

    async fn exit(&self, record: &Record) -> Option<Exit> {
        Ended::of(&record.shim).unwrap().wait().await;
        self.dir.exit_of(record.run).unwrap()
    }

    fn log(&self) -> String {
        let (bytes, _) = host::log::tail(&self.dir.logs(), 1000).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    async fn log_until(&self, text: &str) {
        let mut follower = host::log::Follower::new(&self.dir.logs(), 0).unwrap();
        let mut seen = String::new();
        while !seen.contains(text) {
            seen.push_str(&String::from_utf8(follower.next().await.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn the_output_and_the_exit_code_of_a_program_are_kept() {
    let bench = Bench::new();
    let record = bench.sh(1, "echo $GREETING; echo $HOME >&2; exit 3").await;
    let exit = bench.exit(&record).await.unwrap();
    assert_eq!((exit.code, exit.signal), (Some(3), None));
    assert_eq!(bench.log(), "hello\n\n");
}

#[tokio::test]
async fn the_signal_that_ended_a_program_is_kept() {
    let bench = Bench::new();
    let record = bench.sh(1, "kill -SEGV $$").await;
    let exit = bench.exit(&record).await.unwrap();
    assert_eq!((exit.code, exit.signal), (None, Some(11)));
}

#[tokio::test]
async fn the_program_leads_its_own_group_and_a_signal_to_the_shim_reaches_it_alone() {
    let bench = Bench::new();
    let record = bench
        .sh(
            1,
            "trap 'echo stopping; exit 0' TERM; echo up; while :; do sleep 0.05; done",
        )
        .await;
    bench.log_until("up").await;
    for signal in [Signal::HUP, Signal::INT, Signal::QUIT] {
        assert!(record.shim.signal(signal));
    }
    assert!(record.shim.signal(Signal::TERM));
    let exit = bench.exit(&record).await.unwrap();
    assert_eq!(exit.code, Some(0));
    assert!(bench.log().contains("stopping"));
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_an_error_with_its_name() {
    let bench = Bench::new();
    let error = bench.start(1, "/nowhere/bin/shop", &[]).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/bin/shop"), "{error}");
    assert_eq!(bench.dir.exit_of(1).unwrap().unwrap().code, Some(127));
}

#[tokio::test]
async fn a_second_shim_on_the_directory_is_refused() {
    let bench = Bench::new();
    let record = bench.sh(1, "sleep 60").await;
    let error = bench.start(2, "/bin/true", &[]).await.unwrap_err();
    assert!(error.to_string().contains("another shim"), "{error}");
    record.process.as_ref().unwrap().signal_group(Signal::KILL);
    assert_eq!(bench.exit(&record).await.unwrap().signal, Some(9));
}

#[tokio::test]
async fn a_killed_shim_breaks_nothing_and_the_next_one_adopts_the_program() {
    let bench = Bench::new();
    let record = bench
        .sh(
            1,
            "trap 'echo asked; exit 0' TERM; n=0; \
             while :; do n=$((n+1)); echo line $n || exit 9; sleep 0.02; done",
        )
        .await;
    bench.log_until("line 3\n").await;
    record.shim.signal(Signal::KILL);
    Ended::of(&record.shim).unwrap().wait().await;
    assert_eq!(bench.exit(&record).await, None);
    // What is launched now is not started: the program of the directory still runs.
    let adopted = bench.start(2, "/bin/true", &[]).await.unwrap();
    assert_eq!(adopted.process, record.process);
    assert_eq!(adopted.run, 1);
    assert_ne!(adopted.shim, record.shim);
    let (_, seen) = host::log::tail(&bench.dir.logs(), 0).unwrap();
    let mut follower = host::log::Follower::new(&bench.dir.logs(), seen).unwrap();
    follower.next().await.unwrap();
    adopted.process.as_ref().unwrap().signal(Signal::TERM);
    let exit = bench.exit(&adopted).await.unwrap();
    assert_eq!((exit.code, exit.signal), (None, None));
    let log = bench.log();
    let numbers: Vec<u32> = log
        .lines()
        .filter_map(|line| line.strip_prefix("line ")?.parse().ok())
        .collect();
    let unbroken: Vec<u32> = (1..=u32::try_from(numbers.len()).unwrap()).collect();
    assert_eq!(numbers, unbroken);
    assert!(log.ends_with("asked\n"), "{log}");
}

#[tokio::test]
async fn a_program_started_by_a_shim_that_died_before_the_record_is_found_by_its_output() {
    let bench = Bench::new();
    let record = bench.sh(1, "sleep 60").await;
    record.shim.signal(Signal::KILL);
    Ended::of(&record.shim).unwrap().wait().await;
    let path = bench.dir.path().join("run.json");
    let mut cut: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    cut["process"] = serde_json::Value::Null;
    sys::file::write_atomic(
        &path,
        cut.to_string().as_bytes(),
        sys::file::Access::Private,
    )
    .unwrap();
    let adopted = bench.start(2, "/bin/true", &[]).await.unwrap();
    assert_eq!(adopted.process, record.process);
    adopted.process.as_ref().unwrap().signal_group(Signal::KILL);
    bench.exit(&adopted).await.unwrap();
}

#[tokio::test]
async fn what_outlives_its_program_is_killed_and_epmd_is_spared() {
    let bench = Bench::new();
    let epmd = bench.dir.path().join("epmd");
    std::fs::copy("/bin/sleep", &epmd).unwrap();
    let script = format!(
        "setsid sleep 61 & echo other $!; setsid {} 62 & echo epmd $!; exit 0",
        epmd.display()
    );
    let record = bench.sh(1, &script).await;
    bench.exit(&record).await.unwrap();
    let log = bench.log();
    let pid = |name: &str| {
        let line = log
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.trim().parse::<i32>().unwrap()
    };
    assert_eq!(sys::process::ProcessId::of(pid("other ")), None);
    let epmd = sys::process::ProcessId::of(pid("epmd ")).unwrap();
    assert!(epmd.signal(Signal::KILL));
}

#[tokio::test]
async fn a_flood_of_output_is_bounded_and_stops_nobody() {
    let bench = Bench::new();
    let record = bench
        .sh(
            1,
            "yes 0123456789012345678901234567890123456789 | head -c 3000000; echo done",
        )
        .await;
    assert_eq!(bench.exit(&record).await.unwrap().code, Some(0));
    assert!(bench.log().ends_with("done\n"));
    let kept: u64 = std::fs::read_dir(bench.dir.logs())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(kept <= 3 * 100_000, "{kept}");
}
