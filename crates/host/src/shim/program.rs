//! The program of a shim: started, or found still running.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use sys::file::FileError;
use sys::process::ProcessId;

use super::directory::Directory;
use super::output;
use super::wire::{Launch, Record};

/// Finds the program that an earlier, killed shim left running.
pub(super) fn left_running(dir: &Directory, record: &Record) -> Option<ProcessId> {
    match &record.process {
        Some(process) => process.is_alive().then(|| process.clone()),
        // The shim died between the start and the record of it.
        None => leader_with_output(&dir.output()),
    }
}

/// Starts the program in a process group of its own.
pub(super) fn spawn(dir: &Directory, launch: &Launch) -> Result<ProcessId, FileError> {
    let out = output::writer(&dir.output())?;
    let err = out
        .try_clone()
        .map_err(FileError::at("open", dir.output()))?;
    let started = FileError::at("start", &launch.program);
    let child = sys::process::command(&launch.program)
        .args(&launch.args)
        .current_dir(&launch.cwd)
        .env_clear()
        .envs(&launch.env)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0)
        .spawn()
        .map_err(started)?;
    let pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
    // A child that ended at once is a zombie until it is reaped, and has an identity no more: its pid
    // alone will do, as it cannot be given away before that.
    Ok(ProcessId::of(pid).unwrap_or(ProcessId {
        pid,
        started_ticks: 0,
        boot: String::new(),
    }))
}

/// Finds the leader of a process group whose standard output is `fifo`.
fn leader_with_output(fifo: &Path) -> Option<ProcessId> {
    let fifo = fs::canonicalize(fifo).ok()?;
    crate::process::all()
        .filter(|pid| crate::process::has_open(*pid, 1, &fifo) && group(*pid) == Some(*pid))
        .find_map(ProcessId::of)
}

fn group(pid: i32) -> Option<i32> {
    let pid = rustix::process::Pid::from_raw(pid)?;
    let group = rustix::process::getpgid(Some(pid)).ok()?;
    Some(group.as_raw_nonzero().get())
}
