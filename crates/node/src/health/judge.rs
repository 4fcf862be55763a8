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
mod tests {
    use beam::etf::{Pid, Term};

    use super::*;
    use crate::probe::{Application, Child, Mailbox, Memory, Unseen};

    fn pid(id: u32) -> Pid {
        Pid {
            node: "shop_1@host".into(),
            id,
            serial: 0,
            creation: 1,
        }
    }

    /// A sound node with one supervised process.
    fn sound() -> Probe {
        let count = Count { now: 1, limit: 10 };
        Probe {
            otp: "25".into(),
            os_pid: "77".into(),
            booted: true,
            uptime_ms: 5000,
            schedulers_online: 2,
            run_queue: 0,
            memory: Memory {
                total: 50 << 20,
                processes: 1,
                binary: 1,
                ets: 1,
            },
            processes: count,
            ports: count,
            atoms: count,
            applications: Some(vec![Application {
                name: "shop".into(),
                version: "1.0.0".into(),
            }]),
            mailboxes: vec![],
            mailboxes_seen: 1,
            children: vec![child("cart", ChildState::Running(pid(1)))],
            unseen: vec![],
        }
    }

    fn child(id: &str, state: ChildState) -> Child {
        Child {
            application: "shop".into(),
            path: vec![Term::atom("Elixir.Shop"), Term::atom(id)],
            supervisor: pid(9),
            state,
        }
    }

    fn limits() -> BeamLimits {
        BeamLimits {
            applications: vec!["shop".into()],
            run_queue_max_per_scheduler: Some(10),
            mailbox_max: Some(1000),
            mailbox_growth_floor: Some(10),
            looks: 3,
            memory_max_bytes: Some(100 << 20),
            restarts_max: Some(1),
            crash_reports_max: Some(2),
            limit_max_percent: Some(90),
        }
    }

    /// Looks a second apart, each a sound node changed in one way; returns what the last came to.
    fn last(looks: &[&dyn Fn(&mut Probe)]) -> String {
        let mut judge = Judge::new(limits());
        let mut detail = String::new();
        for (second, change) in looks.iter().enumerate() {
            let mut probe = sound();
            change(&mut probe);
            let verdict = judge.see(&probe, second as u64 * 1000);
            assert_eq!(verdict.healthy, verdict.reasons.is_empty());
            detail = verdict.reasons.join("; ");
        }
        detail
    }

    #[test]
    fn each_reason_is_told_in_words() {
        let check = |change: &dyn Fn(&mut Probe), expected: &str| {
            assert_eq!(last(&[&|_| {}, change]), expected);
        };
        check(&|_| {}, "");
        check(&|p| p.booted = false, "the node is still starting");
        check(
            &|p| p.applications = None,
            "the application controller does not answer",
        );
        check(&|p| p.applications = Some(vec![]), "not running: shop");
        check(
            &|p| p.memory.total = 101 << 20,
            "101 MiB of memory, more than 100 MiB",
        );
        check(&|p| p.atoms.now = 9, "");
        check(
            &|p| p.atoms.now = 10,
            "10 atoms of 10 allowed, more than 90 %",
        );
        check(
            &|p| p.children = vec![child("cart", ChildState::Restarting)],
            "cannot be restarted: shop/Shop/cart",
        );
        check(
            &|p| p.children = vec![child("cart", ChildState::Stopped)],
            "",
        );
        let unseen = |reason| Unseen {
            application: "shop".into(),
            path: vec![],
            reason,
        };
        check(&|p| p.unseen = vec![unseen(UnseenReason::Large)], "");
        check(
            &|p| p.unseen = vec![unseen(UnseenReason::Silent)],
            "a supervisor does not answer: shop",
        );
    }

    #[test]
    fn a_run_queue_counts_only_if_it_stays_long() {
        let long = |p: &mut Probe| p.run_queue = 21;
        let short = |p: &mut Probe| p.run_queue = 20;
        assert_eq!(last(&[&long, &long]), "");
        assert_eq!(last(&[&long, &long, &short, &long, &long]), "");
        assert_eq!(
            last(&[&long, &long, &long]),
            "the run queue is 21 for 2 schedulers, more than 10 each, for 3 looks"
        );
        let mut judge = Judge::new(limits());
        let mut probe = sound();
        long(&mut probe);
        // A burst of looks is no time that passes.
        assert!((0..10).all(|n| judge.see(&probe, n * 100).healthy));
    }

    #[test]
    fn a_mailbox_counts_if_it_is_full_or_keeps_growing_above_the_floor() {
        fn holds(length: u64) -> impl Fn(&mut Probe) {
            move |probe| {
                probe.mailboxes = vec![Mailbox {
                    pid: pid(1),
                    length,
                    name: None,
                    current: None,
                }];
            }
        }
        let check = |lengths: &[u64], expected: &str| {
            let looks: Vec<_> = lengths.iter().map(|&n| holds(n)).collect();
            let looks: Vec<&dyn Fn(&mut Probe)> = looks.iter().map(|l| l as _).collect();
            assert_eq!(last(&looks), expected, "{lengths:?}");
        };
        check(
            &[1001],
            "a mailbox is full: shop/Shop/cart has 1001 messages",
        );
        check(&[1000], "");
        check(
            &[1, 5, 11],
            "a mailbox grows: shop/Shop/cart to 11 in 3 looks",
        );
        check(&[1, 5, 10], "");
        check(&[5, 11], "");
        check(&[20, 30, 30], "");
        check(&[20, 30, 25, 40], "");
    }

    #[test]
    fn restarts_count_from_the_first_look_on_and_not_across_runs() {
        fn runs(as_pid: u32, os_pid: &'static str) -> impl Fn(&mut Probe) {
            move |probe| {
                probe.children = vec![child("cart", ChildState::Running(pid(as_pid)))];
                probe.os_pid = os_pid.into();
            }
        }
        let restarting = |p: &mut Probe| p.children = vec![child("cart", ChildState::Stopped)];
        assert_eq!(last(&[&runs(1, "a"), &runs(2, "a")]), "");
        let told = "restarts within 2 s: at least 2, the last of shop/Shop/cart";
        assert_eq!(last(&[&runs(1, "a"), &runs(2, "a"), &runs(3, "a")]), told);
        let gone = |p: &mut Probe| {
            restarting(p);
            p.os_pid = "a".into();
        };
        assert_eq!(last(&[&runs(1, "a"), &gone, &runs(2, "a")]), "");
        assert_eq!(last(&[&runs(1, "a"), &runs(2, "a"), &runs(3, "b")]), "");
    }

    #[test]
    fn crash_reports_count_with_the_next_look() {
        let mut judge = Judge::new(limits());
        assert!(judge.see(&sound(), 0).healthy);
        judge.note_crash_reports(2);
        assert!(judge.see(&sound(), 1000).healthy);
        judge.note_crash_reports(3);
        let verdict = judge.see(&sound(), 2000);
        assert_eq!(verdict.detail(), "crash reports since the start: 3");
    }
}
