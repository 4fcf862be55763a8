//! Hosts that were set aside.

use ledger::wire::v1::{Behind, Call, CurrentVersion, LeftBehind, Outcome, Reply};

use crate::rig::{Rig, SERVICE, entry, plan_for, under_way};

fn behind(hosts: &[&str]) -> Vec<Behind> {
    let each = hosts.iter().map(|host| Behind {
        host: (*host).into(),
        why: "it does not answer".into(),
    });
    each.collect()
}

fn decided(hosts: &[&str]) -> Outcome {
    Outcome {
        current: Some(CurrentVersion {
            artifact: "b".repeat(64),
            vsn: "2".into(),
        }),
        behind: behind(hosts),
        ..under_way()
    }
}

fn told(rig: &mut Rig) -> Vec<LeftBehind> {
    let call = Call::Service {
        service: SERVICE.into(),
    };
    match rig.call(call) {
        Reply::Service { behind, .. } => behind,
        other => panic!("{other:?}"),
    }
}

fn names(rig: &mut Rig) -> Vec<String> {
    told(rig).into_iter().map(|it| it.host).collect()
}

#[test]
fn a_host_set_aside_is_told_until_it_caught_up() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun_of(SERVICE, plan_for(&["a", "b", "c"]));
    let with = |hosts: &[&str]| Outcome {
        behind: behind(hosts),
        ..under_way()
    };
    rig.append(token, &rollout, vec![entry(1)], with(&["c"]));
    let since_ms = rig.now_ms;
    rig.now_ms += 5;
    rig.append(token, &rollout, vec![entry(2)], with(&["b", "c"]));
    let found = told(&mut rig);
    assert_eq!(names(&mut rig), ["b", "c"]);
    assert_eq!((found[0].at_ms, found[1].at_ms), (since_ms + 5, since_ms));
    assert_eq!(found[1].why, "it does not answer");
    assert_eq!(found[1].rollout, rollout);
    rig.append(token, &rollout, vec![entry(3)], with(&["c"]));
    rig.append(token, &rollout, vec![entry(4)], decided(&["c"]));
    rig.end(token, &rollout, 5, with(&["c"]));
    rig.reopen();
    assert_eq!(names(&mut rig), ["c"]);
    assert_eq!(rig.verify().2, None);
}

#[test]
fn a_later_decision_brings_in_the_hosts_of_its_plan() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun_of(SERVICE, plan_for(&["a", "b", "c", "d"]));
    rig.end(token, &rollout, 1, decided(&["b", "c", "d"]));

    // Not asked to, and not of the plan.
    let (token, rollout) = rig.begun_of(SERVICE, plan_for(&["a", "b", "c"]));
    rig.append(token, &rollout, vec![entry(1)], under_way());
    assert_eq!(names(&mut rig), ["b", "c", "d"]);
    rig.end(token, &rollout, 2, decided(&["c"]));
    let found = told(&mut rig);
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.host.as_str(), it.rollout.as_str()))
        .collect();
    assert_eq!(
        found,
        [("c", "shop.production.2"), ("d", "shop.production.1")]
    );
    assert_eq!(rig.verify().2, None);
}

#[test]
fn an_attempt_that_is_given_up_takes_nothing_off_the_list() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun_of(SERVICE, plan_for(&["a", "b"]));
    rig.end(token, &rollout, 1, decided(&["b"]));
    let (token, rollout) = rig.begun_of(SERVICE, plan_for(&["a", "b"]));
    rig.end(token, &rollout, 1, under_way());
    assert_eq!(names(&mut rig), ["b"]);
}
