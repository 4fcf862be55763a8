//! A hook's command beside the coordinator: no shell, a time limit, and the end of what it printed.

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use rollout::RunOutcome;
use rustix::process::Signal;
use sys::process::ProcessId;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of the end of its output is kept, in bytes.
const OUTPUT_BYTES_MAX: usize = 4096;
/// The exit code of a command that was killed when its time was over, as `timeout` has it.
const OUT_OF_TIME: i32 = 124;
/// The exit code of a command that could not be started, as shells have it.
const NOT_FOUND: i32 = 127;

/// Runs a command without a shell to its end, or for as long as it may; then it is killed with all that it
/// started. What it printed is kept up to 4 KiB from the end.
///
/// It runs in the directory `dir`, below which a program with a relative path is looked for; without one, in
/// that of this process.
pub async fn run(
    words: &[String],
    env: &BTreeMap<String, String>,
    dir: Option<&Path>,
    time: Duration,
) -> RunOutcome {
    let Some((program, args)) = words.split_first() else {
        return failed(NOT_FOUND, "the command is empty".into());
    };
    let dir = match dir.map(std::path::absolute).transpose() {
        Ok(dir) => dir,
        Err(error) => return failed(NOT_FOUND, format!("cannot tell its directory: {error}")),
    };
    let mut command = match &dir {
        Some(dir) if program.contains('/') => sys::process::command(dir.join(program)),
        _ => sys::process::command(program),
    };
    if let Some(dir) = &dir {
        command.current_dir(dir);
    }
    command
        .args(args)
        .envs(env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut command = tokio::process::Command::from(command);
    let mut child = match command.kill_on_drop(true).spawn() {
        Ok(child) => child,
        Err(error) => return failed(NOT_FOUND, format!("cannot start `{program}`: {error}")),
    };
    let _group = Group::of(child.id());
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let printed = Mutex::new(VecDeque::new());
    let ended = async {
        let (status, (), ()) = tokio::join!(
            child.wait(),
            keep_end(out.as_mut(), &printed),
            keep_end(err.as_mut(), &printed)
        );
        status
    };
    let exit = match tokio::time::timeout(time, ended).await {
        Ok(Ok(status)) => exit_code(status),
        Ok(Err(error)) => {
            return failed(NOT_FOUND, format!("cannot wait for `{program}`: {error}"));
        }
        Err(_) => OUT_OF_TIME,
    };
    let mut output = printed
        .lock()
        .map_or_else(|_| String::new(), |end| text(&end));
    if exit == OUT_OF_TIME {
        output.push_str(&format!(
            "\nit was killed after {} s, its time limit",
            time.as_secs_f64()
        ));
    }
    RunOutcome::Finished { exit, output }
}

fn failed(exit: i32, output: String) -> RunOutcome {
    RunOutcome::Finished { exit, output }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(-1)
}

async fn keep_end(pipe: Option<&mut (impl AsyncRead + Unpin)>, printed: &Mutex<VecDeque<u8>>) {
    let Some(pipe) = pipe else { return };
    let mut piece = [0; 2048];
    while let Ok(count @ 1..) = pipe.read(&mut piece).await {
        if let Ok(mut printed) = printed.lock() {
            printed.extend(&piece[..count]);
            let over = printed.len().saturating_sub(OUTPUT_BYTES_MAX);
            printed.drain(..over);
        }
    }
}

fn text(printed: &VecDeque<u8>) -> String {
    let (front, back) = printed.as_slices();
    String::from_utf8_lossy(&[front, back].concat()).into_owned()
}

/// The processes that a command started; killed when the wait for it ends, however it does.
struct Group(Option<ProcessId>);

impl Group {
    fn of(pid: Option<u32>) -> Self {
        Self(
            pid.and_then(|pid| i32::try_from(pid).ok())
                .and_then(ProcessId::of),
        )
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(process) = &self.0 {
            process.signal_group(Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str, time: Duration) -> (i32, String) {
        let words = ["sh", "-c", script].map(str::to_owned);
        let env = [("CUTOVER_STEP".to_owned(), "weight-20".to_owned())].into();
        match run(&words, &env, None, time).await {
            RunOutcome::Finished { exit, output } => (exit, output),
            RunOutcome::Unknown => panic!("its end was seen"),
        }
    }

    #[tokio::test]
    async fn a_command_gets_its_environment_and_its_end_is_kept() {
        let minute = Duration::from_secs(60);
        let told = sh("echo $CUTOVER_STEP; exit 3", minute).await;
        assert_eq!(told, (3, "weight-20\n".into()));
        let (_, long) = sh("seq 1 20000; echo the end >&2", minute).await;
        assert!(long.len() <= OUTPUT_BYTES_MAX && long.contains("the end"));
        let (exit, why) = match run(&["/nonexistent".into()], &BTreeMap::new(), None, minute).await
        {
            RunOutcome::Finished { exit, output } => (exit, output),
            RunOutcome::Unknown => unreachable!(),
        };
        assert_eq!(exit, NOT_FOUND);
        assert!(why.starts_with("cannot start `/nonexistent`"), "{why}");
    }

    #[tokio::test]
    async fn a_command_runs_in_its_directory_and_is_found_below_it() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("script");
        std::fs::create_dir(&script).unwrap();
        std::os::unix::fs::symlink("/bin/pwd", script.join("where")).unwrap();
        let words = ["script/where", "-P"].map(str::to_owned);
        let minute = Duration::from_secs(60);
        let ran = run(&words, &BTreeMap::new(), Some(dir.path()), minute).await;
        let there = dir.path().canonicalize().unwrap();
        let output = format!("{}\n", there.display());
        assert_eq!(ran, RunOutcome::Finished { exit: 0, output });
    }

    #[tokio::test]
    async fn a_command_past_its_time_is_killed_with_what_it_started() {
        let (exit, output) = sh("echo $$; sleep 600 & wait", Duration::from_millis(500)).await;
        assert_eq!(exit, OUT_OF_TIME);
        assert!(
            output.contains("killed after 0.5 s, its time limit"),
            "{output}"
        );
        let pid: i32 = output.lines().next().unwrap().parse().unwrap();
        // The kill is asynchronous; the process is reaped by the runtime.
        while ProcessId::of(pid).is_some() {
            tokio::task::yield_now().await;
        }
    }
}
