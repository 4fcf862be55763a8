//! The judgement over the looks at one run of a node.

use crate::error::{ConnectError, Error};
use crate::probe::{ChildState, Count, Probe, UnseenReason};

use super::limits::BeamLimits;
use super::mailboxes::Mailboxes;
use super::restarts::{Restarts, place};
use super::verdict::Verdict;
use super::words::{mib, named, owner};

/// Looks that follow each other more closely count as one for what goes on over several looks: a burst
/// is no growth.
const APART_MS: u64 = 800;

/// Judges the looks at one run of a node.
#[derive(Debug, Clone)]
pub struct Judge {
    limits: BeamLimits,
    /// The emulator that is followed.
    os_pid: Option<String>,
    mailboxes: Mailboxes,
    restarts: Restarts,
    /// Looks in a row with too long a run queue.
    overloaded: u32,
    crash_reports: u64,
    /// The first look's time.
    since_ms: Option<u64>,
    /// The time of the last look that counted for what goes on over several looks.
    counted_ms: Option<u64>,
}

impl Judge {
    /// Begins with the given limits.
    pub fn new(limits: BeamLimits) -> Self {
        Self {
            limits,
            os_pid: None,
            mailboxes: Mailboxes::default(),
            restarts: Restarts::default(),
            overloaded: 0,
            crash_reports: 0,
            since_ms: None,
            counted_ms: None,
        }
    }

    /// Restarts seen since the first look.
    pub fn restarts(&self) -> u64 {
        self.restarts.total()
    }

    /// Takes note of how many crash reports the log holds since the start of the run. It counts from the
    /// next look on.
    pub fn note_crash_reports(&mut self, total: u64) {
        self.crash_reports = total;
    }

    /// Judges a look that the node did not answer. The looks before keep counting.
    pub fn missed(&mut self, error: &Error) -> Verdict {
        let reason = match error {
            Error::Connect(ConnectError::NotRegistered { .. } | ConnectError::Refused { .. }) => {
                format!("the node is not there: {error}")
            }
            other => format!("the node does not answer: {other}"),
        };
        Verdict {
            healthy: false,
            summary: reason.clone(),
            reasons: vec![reason],
        }
    }

    /// Judges a look taken at `now_ms`, of any clock that does not go back.
    pub fn see(&mut self, probe: &Probe, now_ms: u64) -> Verdict {
        if self.os_pid.as_ref() != Some(&probe.os_pid) {
            // Another emulator: nothing of the one before counts.
            *self = Self {
                os_pid: Some(probe.os_pid.clone()),
                crash_reports: self.crash_reports,
                since_ms: Some(now_ms),
                ..Self::new(self.limits.clone())
            };
        }
        let apart = |last: u64| now_ms.saturating_sub(last) >= APART_MS;
        let counts = self.counted_ms.is_none_or(apart);
        if counts {
            self.counted_ms = Some(now_ms);
            self.mailboxes.see(&probe.mailboxes);
        }
        self.restarts.see(&probe.children);
        let mut reasons = Vec::new();
        self.started(probe, &mut reasons);
        tree(probe, &mut reasons);
        self.run_queue(probe, counts, &mut reasons);
        self.mailbox(probe, &mut reasons);
        self.restarted(now_ms, &mut reasons);
        self.room(probe, &mut reasons);
        Verdict {
            healthy: reasons.is_empty(),
            reasons,
            summary: self.summary(probe),
        }
    }

    fn started(&self, probe: &Probe, reasons: &mut Vec<String>) {
        if !probe.booted {
            reasons.push("the node is still starting".to_owned());
        }
        let Some(running) = &probe.applications else {
            reasons.push("the application controller does not answer".to_owned());
            return;
        };
        let missing: Vec<&str> = self
            .limits
            .applications
            .iter()
            .map(String::as_str)
            .filter(|name| !running.iter().any(|application| application.name == *name))
            .collect();
        if !missing.is_empty() {
            reasons.push(format!("not running: {}", named(&missing)));
        }
    }

    fn run_queue(&mut self, probe: &Probe, counts: bool, reasons: &mut Vec<String>) {
        let Some(each) = self.limits.run_queue_max_per_scheduler else {
            return;
        };
        if probe.run_queue <= each.saturating_mul(probe.schedulers_online) {
            self.overloaded = 0;
            return;
        }
        self.overloaded = self.overloaded.saturating_add(u32::from(counts));
        if self.overloaded >= self.limits.looks {
            reasons.push(format!(
                "the run queue is {} for {} schedulers, more than {each} each, for {} looks",
                probe.run_queue, probe.schedulers_online, self.overloaded
            ));
        }
    }

    fn mailbox(&self, probe: &Probe, reasons: &mut Vec<String>) {
        let full: Vec<_> = probe
            .mailboxes
            .iter()
            .filter(|m| self.limits.mailbox_max.is_some_and(|max| m.length > max))
            .map(|m| format!("{} has {} messages", owner(probe, m), m.length))
            .collect();
        if !full.is_empty() {
            reasons.push(format!("a mailbox is full: {}", named(&full)));
            return;
        }
        let Some(floor) = self.limits.mailbox_growth_floor else {
            return;
        };
        let growing: Vec<_> = probe
            .mailboxes
            .iter()
            .filter(|m| m.length > floor && self.mailboxes.grown(&m.pid) + 1 >= self.limits.looks)
            .map(|m| {
                let looks = self.mailboxes.grown(&m.pid) + 1;
                format!("{} to {} in {looks} looks", owner(probe, m), m.length)
            })
            .collect();
        if !growing.is_empty() {
            reasons.push(format!("a mailbox grows: {}", named(&growing)));
        }
    }

    fn restarted(&self, now_ms: u64, reasons: &mut Vec<String>) {
        let total = self.restarts.total();
        if self.limits.restarts_max.is_some_and(|max| total > max) {
            let seconds = now_ms.saturating_sub(self.since_ms.unwrap_or(now_ms)) / 1000;
            let last = self.restarts.last().unwrap_or_default();
            reasons.push(format!(
                "restarts within {seconds} s: at least {total}, the last of {last}"
            ));
        }
        let crashed = self.crash_reports;
        if self
            .limits
            .crash_reports_max
            .is_some_and(|max| crashed > max)
        {
            reasons.push(format!("crash reports since the start: {crashed}"));
        }
    }

    fn room(&self, probe: &Probe, reasons: &mut Vec<String>) {
        let total = probe.memory.total;
        if let Some(max) = self.limits.memory_max_bytes.filter(|max| total > *max) {
            reasons.push(format!("{} of memory, more than {}", mib(total), mib(max)));
        }
        let Some(percent) = self.limits.limit_max_percent else {
            return;
        };
        for (count, what) in [
            (probe.processes, "processes"),
            (probe.ports, "ports"),
            (probe.atoms, "atoms"),
        ] {
            let Count { now, limit } = count;
            if u128::from(now) * 100 > u128::from(limit) * u128::from(percent) {
                reasons.push(format!(
                    "{now} {what} of {limit} allowed, more than {percent} %"
                ));
            }
        }
    }

    fn summary(&self, probe: &Probe) -> String {
        let longest = probe.mailboxes.first().map_or(0, |m| m.length);
        format!(
            "OTP {} up {} s, {} processes, {} of memory, run queue {}, longest mailbox {longest}, \
             restarts seen: {}",
            probe.otp,
            probe.uptime_ms / 1000,
            probe.processes.now,
            mib(probe.memory.total),
            probe.run_queue,
            self.restarts.total(),
        )
    }
}

/// Whether the supervision trees stand.
fn tree(probe: &Probe, reasons: &mut Vec<String>) {
    let restarting: Vec<_> = probe
        .children
        .iter()
        .filter(|child| child.state == ChildState::Restarting)
        .map(|child| place(&child.application, &child.path))
        .collect();
    if !restarting.is_empty() {
        reasons.push(format!("cannot be restarted: {}", named(&restarting)));
    }
    let silent: Vec<_> = probe
        .unseen
        .iter()
        .filter(|unseen| unseen.reason == UnseenReason::Silent)
        .map(|unseen| place(&unseen.application, &unseen.path))
        .collect();
    if !silent.is_empty() {
        reasons.push(format!("a supervisor does not answer: {}", named(&silent)));
    }
}

#[cfg(test)]
mod tests;
