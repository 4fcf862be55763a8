//! What people ask of a rollout that another process drives.

use ledger::REQUEST_LASTS_MS;
use ledger::wire::v1::{Call, Extent, Refusal, Reply, Requested, Verb};

use crate::rig::{Rig, SERVICE, elsewhere, entry, me, refusal, under_way};

fn ask(rig: &mut Rig, verb: Verb, why: Option<&str>) -> Reply {
    rig.call(Call::Request {
        service: SERVICE.into(),
        verb,
        by: "bob@lead".into(),
        why: why.map(Into::into),
    })
}

fn asked(rig: &mut Rig, verb: Verb) -> Requested {
    match ask(rig, verb, Some("it is slow")) {
        Reply::Asked { request, .. } => request,
        other => panic!("{other:?}"),
    }
}

fn told(rig: &mut Rig, token: u64) -> Vec<Requested> {
    match rig.call(Call::Renew {
        service: SERVICE.into(),
        token,
        ttl_ms: 30_000,
    }) {
        Reply::Renewed { requests } => requests,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_holder_is_told_until_it_says_that_it_acted() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let promote = Verb::Promote {
        extent: Extent::Full,
        at: Some("s3".into()),
    };
    let pause = asked(&mut rig, Verb::Pause);
    let promote = asked(&mut rig, promote);
    assert!(promote.id > pause.id);
    assert_eq!(
        (pause.by.as_str(), pause.why.as_deref()),
        ("bob@lead", Some("it is slow"))
    );
    for _ in 0..2 {
        assert_eq!(told(&mut rig, token), [pause.clone(), promote.clone()]);
    }
    let taken = Call::Taken {
        service: SERVICE.into(),
        token,
        ids: vec![pause.id],
    };
    for _ in 0..2 {
        assert_eq!(rig.call(taken.clone()), Reply::Done);
    }
    assert_eq!(told(&mut rig, token), std::slice::from_ref(&promote));
    // With the entry that it led to, in one go.
    let reply = rig.call(Call::Append {
        service: SERVICE.into(),
        token,
        rollout,
        entries: vec![entry(1)],
        effect: under_way(),
        taken: vec![promote.id, 999],
    });
    assert_eq!(reply, Reply::Done);
    assert_eq!(told(&mut rig, token), []);
    assert_eq!(rig.verify().2, None);
}

#[test]
fn a_refused_append_leaves_its_requests_waiting() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let abort = asked(&mut rig, Verb::Abort);
    let reply = rig.call(Call::Append {
        service: SERVICE.into(),
        token,
        rollout,
        entries: vec![entry(2)],
        effect: under_way(),
        taken: vec![abort.id],
    });
    assert_eq!(refusal(reply), Refusal::OutOfSequence);
    assert_eq!(told(&mut rig, token), [abort]);
}

#[test]
fn the_next_holder_is_told_what_the_dead_one_did_not_take_unless_it_is_old() {
    let mut rig = Rig::new();
    let (..) = rig.begun();
    let retry = asked(&mut rig, Verb::Retry);
    rig.now_ms += 30_001;
    let next = rig.acquired(&elsewhere()).token;
    rig.reopen();
    assert_eq!(told(&mut rig, next), [retry]);
    rig.now_ms += REQUEST_LASTS_MS;
    assert_eq!(told(&mut rig, next), []);
    // It may be asked again then.
    let again = asked(&mut rig, Verb::Retry);
    assert_eq!(told(&mut rig, next), [again]);
    assert_eq!(rig.verify().2, None);
}

#[test]
fn the_end_of_the_rollout_ends_its_requests() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    asked(&mut rig, Verb::Continue);
    rig.end(token, &rollout, 1, under_way());
    let next = rig.acquired(&elsewhere()).token;
    assert_eq!(told(&mut rig, next), []);
    assert_eq!(
        refusal(ask(&mut rig, Verb::Pause, None)),
        Refusal::NoRollout
    );
}

#[test]
fn the_same_request_is_one_and_the_number_that_waits_is_bounded() {
    let mut rig = Rig::new();
    let (token, _) = rig.begun();
    let first = asked(&mut rig, Verb::Pause);
    assert_eq!(asked(&mut rig, Verb::Pause).id, first.id);
    let mut refused = 0;
    for n in 0..100 {
        let why = format!("reason {n}");
        refused += match ask(&mut rig, Verb::Pause, Some(&why)) {
            Reply::Asked { .. } => 0,
            reply => {
                assert_eq!(refusal(reply), Refusal::TooMany);
                1
            }
        };
    }
    assert_eq!((told(&mut rig, token).len(), refused), (32, 69));
    let long = "x".repeat(5000);
    assert_eq!(
        refusal(ask(&mut rig, Verb::Retry, Some(&long))),
        Refusal::Invalid
    );
}

#[test]
fn whoever_asks_learns_who_will_be_told() {
    let mut rig = Rig::new();
    let (token, rollout) = rig.begun();
    let Reply::Asked {
        rollout: told,
        holder: Some(lease),
        ..
    } = ask(&mut rig, Verb::Abort, None)
    else {
        panic!()
    };
    assert_eq!((told, lease.holder), (rollout, me()));
    rig.call(Call::Release {
        service: SERVICE.into(),
        token,
    });
    assert!(matches!(
        ask(&mut rig, Verb::Abort, None),
        Reply::Asked { holder: None, .. }
    ));
}

#[test]
fn an_abort_asked_for_in_the_older_form_is_a_request() {
    let mut rig = Rig::new();
    let ask = Call::RequestAbort {
        service: SERVICE.into(),
        by: "bob@lead".into(),
    };
    assert_eq!(refusal(rig.call(ask.clone())), Refusal::NotHolder);
    let token = rig.acquired(&me()).token;
    // Nothing is under way yet.
    assert_eq!(rig.call(ask.clone()), Reply::Done);
    assert_eq!(told(&mut rig, token), []);
    rig.begin(token);
    assert_eq!(rig.call(ask), Reply::Done);
    assert_eq!(told(&mut rig, token)[0].verb, Verb::Abort);
}
