use super::*;

struct Bench {
    dir: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Bench {
    fn new() -> Self {
        let path = std::env::var("PATH").unwrap();
        Self {
            dir: tempfile::tempdir().unwrap(),
            env: BTreeMap::from([("PATH".into(), path), ("A".into(), "b c".into())]),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn run(&self, words: &[&str], time: Duration) -> Result<Ran, Error> {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        run(Command {
            words: &words,
            cwd: self.dir.path(),
            env: &self.env,
            hold: &self.path("hold"),
            time,
        })
        .await
    }

    async fn sh(&self, script: &str) -> Ran {
        self.run(&["sh", "-c", script], LONG).await.unwrap()
    }

    /// Waits until a script has written down the pids of its processes.
    async fn pids(&self, count: usize) -> Vec<ProcessId> {
        loop {
            let text = std::fs::read_to_string(self.path("pids")).unwrap_or_default();
            if text.lines().count() == count && text.ends_with('\n') {
                let pids = text.lines().map(|pid| pid.parse().unwrap());
                return pids.filter_map(ProcessId::of).collect();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

const LONG: Duration = Duration::from_secs(60);
/// One in the group, one that left it, and the leader.
const FAMILY: &str = "sleep 600 & echo $! >> pids; setsid sleep 600 & echo $! >> pids; \
                      echo $$ >> pids; wait";

async fn all_gone(processes: Vec<ProcessId>) {
    for process in processes {
        let ended = crate::process::Ended::of(&process).unwrap();
        ended.wait().await;
    }
}

#[tokio::test]
async fn a_command_is_told_by_its_exit_and_the_end_of_its_output() {
    let bench = Bench::new();
    let ran = bench
        .sh("echo out; echo err >&2; echo \"$A\"; pwd; cat; exit 3")
        .await;
    let here = bench.dir.path().canonicalize().unwrap();
    assert_eq!(
        String::from_utf8(ran.output).unwrap(),
        format!("out\nerr\nb c\n{}\n", here.display())
    );
    assert_eq!(ran.exit, Some(3));
    assert_eq!(bench.sh("kill -TERM $$").await.exit, Some(128 + 15));
    let ran = bench.sh("seq 1 100000; exec >&- 2>&-; exit 0").await;
    assert_eq!(ran.exit, Some(0));
    assert_eq!(ran.output.len(), OUTPUT_BYTES_MAX);
    assert!(ran.output.ends_with(b"99999\n100000\n"));
}

#[tokio::test]
async fn a_program_is_found_below_the_working_directory_and_named_where_it_is_not() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("bin")).unwrap();
    let script = b"#!/bin/sh\necho found $1\n";
    let access = sys::file::Access::Executable;
    sys::file::write_atomic(&bench.path("bin/tool"), script, access).unwrap();
    let ran = bench.run(&["bin/tool", "x"], LONG).await.unwrap();
    assert_eq!(ran.output, b"found x\n");
    let error = bench.run(&["no-such-tool"], LONG).await.unwrap_err();
    assert!(error.to_string().contains("no-such-tool"), "{error}");
    assert!(matches!(bench.run(&[], LONG).await, Err(Error::Empty)));
}

#[tokio::test]
async fn one_that_takes_too_long_is_killed_with_all_below_it() {
    let bench = Bench::new();
    let script = format!("echo begun; {FAMILY}");
    let words = ["sh", "-c", &script];
    let (ran, family) = tokio::join!(bench.run(&words, Duration::from_secs(1)), bench.pids(3));
    let ran = ran.unwrap();
    assert_eq!((ran.exit, ran.output.as_slice()), (None, &b"begun\n"[..]));
    all_gone(family).await;
}

#[tokio::test]
async fn one_that_nobody_waits_for_any_more_is_killed_with_all_below_it() {
    let bench = Bench::new();
    let words = ["sh", "-c", FAMILY];
    let family = tokio::select! {
        _ = bench.run(&words, LONG) => panic!("it does not end"),
        family = bench.pids(3) => family,
    };
    assert_eq!(family.len(), 3);
    all_gone(family).await;
}

#[tokio::test]
async fn what_a_killed_agent_left_is_ended_before_the_next_one_starts() {
    let bench = Bench::new();
    let hold = Hold::take(&bench.path("hold")).await.unwrap();
    let mut left = sys::process::command("sleep")
        .arg("600")
        .stdin(hold.input().unwrap())
        .spawn()
        .unwrap();
    hold.forget();
    let ran = bench.sh("echo next").await;
    assert_eq!(ran.output, b"next\n");
    assert_eq!(left.wait().unwrap().signal(), Some(9));
}

#[tokio::test]
async fn what_a_command_leaves_behind_on_purpose_goes_on() {
    let bench = Bench::new();
    let ran = bench.sh("sleep 600 & echo $! >> pids").await;
    assert_eq!(ran.exit, Some(0));
    let left = bench.pids(1).await;
    assert_eq!(bench.sh("true").await.exit, Some(0));
    assert!(left[0].signal(Signal::KILL));
}
