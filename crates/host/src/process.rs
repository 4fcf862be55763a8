//! Processes as /proc shows them: families, names, and the moment of the end.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};
use sys::process::ProcessId;
use tokio::io::unix::AsyncFd;

/// The pids of all processes.
pub fn all() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The name of a process, cut to 15 bytes by the kernel.
pub fn name(pid: i32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// Whether a process has `path`, a canonical one, open as its file descriptor `fd`.
pub fn has_open(pid: i32, fd: u32, path: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/fd/{fd}")).is_ok_and(|target| target == path)
}

/// Every living process below `pid`, itself not counted.
pub fn descendants(pid: i32) -> Vec<ProcessId> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for other in all() {
        if let Some(parent) = parent(other) {
            children.entry(parent).or_default().push(other);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![pid];
    while let Some(next) = open.pop() {
        for child in children.remove(&next).unwrap_or_default() {
            open.push(child);
            found.extend(ProcessId::of(child));
        }
    }
    found
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.get(stat.rfind(')')? + 2..)?;
    after_name.split(' ').nth(1)?.parse().ok()
}

/// The end of a process, as an event.
#[derive(Debug)]
pub struct Ended {
    pidfd: Option<AsyncFd<OwnedFd>>,
}

impl Ended {
    /// Begins to watch a process; for one that is gone the event has come already.
    ///
    /// # Errors
    /// Where the kernel gives no pidfd.
    pub fn of(process: &ProcessId) -> io::Result<Self> {
        let gone = Self { pidfd: None };
        let Some(pid) = Pid::from_raw(process.pid) else {
            return Ok(gone);
        };
        let pidfd = match rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK) {
            Ok(pidfd) => pidfd,
            Err(Errno::SRCH) => return Ok(gone),
            Err(e) => return Err(e.into()),
        };
        // Asked after the pidfd was opened: it is that very process, or it is gone.
        if !process.is_alive() {
            return Ok(gone);
        }
        #[expect(
            deprecated,
            reason = "its successor is unsafe; an owned descriptor that nobody else sees is sound"
        )]
        let pidfd = AsyncFd::new(pidfd)?;
        Ok(Self { pidfd: Some(pidfd) })
    }

    /// Waits for the end.
    pub async fn wait(&self) {
        if let Some(pidfd) = &self.pidfd
            && let Err(error) = pidfd.readable().await
        {
            tracing::warn!(%error, "the end of a process cannot be watched");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(child: &std::process::Child) -> ProcessId {
        ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_an_event() {
        let mut child = sys::process::command("sleep").arg("60").spawn().unwrap();
        let process = identity(&child);
        let ended = Ended::of(&process).unwrap();
        child.kill().unwrap();
        ended.wait().await;
        child.wait().unwrap();
        Ended::of(&process).unwrap().wait().await;
    }

    #[test]
    fn descendants_are_found_below_children() {
        let mut child = sys::process::command("sh")
            .args(["-c", "sh -c 'echo ready; exec sleep 60' & wait"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 6];
        io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        let below = descendants(identity(&child).pid);
        for process in &below {
            process.signal(rustix::process::Signal::KILL);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(below.len(), 1, "{below:?}");
    }
}
