//! Processes: starting a program, and knowing one again.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Starts to describe a child process. The one door to [`Command::new`] for every adapter.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the process adapter")]
    Command::new(program)
}

/// The identity of a process that a reused pid cannot imitate: pid, start time and boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// The process id.
    pub pid: i32,
    /// Start time in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub started_ticks: u64,
    /// The boot that the start time counts from (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

impl ProcessId {
    /// Reads the identity of the live process `pid`, or `None` where there is none (a zombie is none).
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the name in parentheses and may itself hold both spaces and parentheses.
        let after_name = stat.get(stat.rfind(')')? + 2..)?;
        let mut fields = after_name.split(' ');
        let state = fields.next()?;
        if matches!(state, "Z" | "X" | "x") {
            return None;
        }
        let started_ticks = fields.nth(18)?.parse().ok()?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self {
            pid,
            started_ticks,
            boot: boot.trim().to_owned(),
        })
    }

    /// Returns the identity of this very process.
    pub fn current() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Says whether that very process still lives.
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Sends a signal to the process, if it is still that very one; says whether it was sent.
    pub fn signal(&self, signal: rustix::process::Signal) -> bool {
        self.is_alive()
            && rustix::process::Pid::from_raw(self.pid)
                .is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
    }

    /// Sends a signal to the whole process group that the process leads, if it is still that very one.
    pub fn signal_group(&self, signal: rustix::process::Signal) -> bool {
        self.is_alive()
            && rustix::process::Pid::from_raw(self.pid)
                .is_some_and(|pid| rustix::process::kill_process_group(pid, signal).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_itself_until_it_ends() {
        let mut child = command("sleep").arg("60").spawn().unwrap();
        let id = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(id.is_alive());
        let impostor = ProcessId {
            started_ticks: id.started_ticks + 1,
            ..id.clone()
        };
        assert!(!impostor.is_alive());
        assert!(!impostor.signal(rustix::process::Signal::KILL));
        assert!(id.signal(rustix::process::Signal::KILL));
        child.wait().unwrap();
        assert!(!id.is_alive());
    }
}
