//! What a program leaves behind: the shim is its subreaper, so every orphan of it comes to the shim.
//!
//! Port programs (`inet_gethost`, `heart`, an app's own) end when the VM does; those that do not are
//! killed. `epmd` is spared: it serves every VM of the host, whoever started it.

use std::collections::BTreeSet;

use rustix::process::Signal;
use sys::process::ProcessId;

/// The processes below this one that should have ended.
pub(super) fn list() -> Vec<ProcessId> {
    let Some(me) = ProcessId::current() else {
        return Vec::new();
    };
    let mut below = crate::process::descendants(me.pid);
    let spared: BTreeSet<i32> = below
        .iter()
        .filter(|process| crate::process::name(process.pid).as_deref() == Some("epmd"))
        .map(|process| process.pid)
        .collect();
    below.retain(|process| !spared.contains(&process.pid));
    below
}

/// Kills what is left; says how many there were.
pub(super) fn kill() -> usize {
    let left = list();
    for process in &left {
        process.signal(Signal::KILL);
    }
    left.len()
}
