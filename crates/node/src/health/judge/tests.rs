//! A sound node, changed in one way at a time.

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
