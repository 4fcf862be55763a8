//! One rollout of an environment at a time.

use ledger::wire::v1::{Call, Outcome, Refusal, Reply};
use rollout::journal::v2::Phase;

use crate::rig::{Rig, entry, me, plan, refusal, under_way};

#[test]
fn another_service_waits_and_another_environment_does_not() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let blog = rig.acquired_of("blog.production", &me()).token;
    let Reply::Refused {
        kind: Refusal::EnvironmentBusy,
        message,
    } = rig.begin_of("blog.production", blog, plan())
    else {
        panic!()
    };
    assert!(message.contains(&rollout), "{message}");
    rig.begun_of("blog.staging", plan());
    rig.end(token, &rollout, 1, under_way());
    let reply = rig.begin_of("blog.production", blog, plan());
    assert!(matches!(reply, Reply::Begun { .. }), "{reply:?}");
}

#[test]
fn a_rollout_blocks_by_its_end_and_not_by_its_phase() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let degraded = Outcome {
        phase: Phase::Degraded,
        ..under_way()
    };
    rig.append(token, &rollout, vec![entry(1)], degraded.clone());
    let blog = rig.acquired_of("blog.production", &me()).token;
    let reply = rig.begin_of("blog.production", blog, plan());
    assert_eq!(refusal(reply), Refusal::EnvironmentBusy);
    let ended = Outcome {
        finished: true,
        ..degraded
    };
    rig.append(token, &rollout, vec![entry(2)], ended);
    let reply = rig.begin_of("blog.production", blog, plan());
    assert!(matches!(reply, Reply::Begun { .. }), "{reply:?}");
}

#[test]
fn what_is_no_service_key_has_no_environment() {
    let mut rig = Rig::new();
    let token = rig.acquired_of("shop", &me()).token;
    assert_eq!(
        refusal(rig.begin_of("shop", token, plan())),
        Refusal::Invalid
    );
    let call = Call::Service {
        service: "shop".into(),
    };
    assert!(matches!(
        rig.call(call),
        Reply::Service {
            unfinished: None,
            ..
        }
    ));
}
