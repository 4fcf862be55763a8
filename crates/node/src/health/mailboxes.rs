//! Mailboxes over several looks.

use std::collections::BTreeMap;

use beam::etf::Pid;

use crate::probe::Mailbox;

/// Follows the largest mailboxes from look to look.
#[derive(Debug, Clone, Default)]
pub(super) struct Mailboxes {
    /// The length at the last look, and over how many looks it has grown.
    seen: BTreeMap<Pid, (u64, u32)>,
}

impl Mailboxes {
    /// Takes note of the mailboxes of a look.
    pub(super) fn see(&mut self, mailboxes: &[Mailbox]) {
        let next = mailboxes.iter().map(|mailbox| {
            let grown = match self.seen.get(&mailbox.pid) {
                Some((before, grown)) if mailbox.length > *before => grown.saturating_add(1),
                _ => 0,
            };
            (mailbox.pid.clone(), (mailbox.length, grown))
        });
        self.seen = next.collect();
    }

    /// Over how many looks the mailbox has grown without a pause.
    pub(super) fn grown(&self, pid: &Pid) -> u32 {
        self.seen.get(pid).map_or(0, |(_, grown)| *grown)
    }
}
