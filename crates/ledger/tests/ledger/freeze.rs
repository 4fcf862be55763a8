//! Freezes.

use ledger::wire::v1::{Call, Document, Freeze, Refusal, Reply};
use serde_json::json;

use crate::rig::{Rig, SERVICE, me, plan, refusal, under_way};

fn freeze(rig: &mut Rig, environment: &str, until_ms: u64, why: &str) -> Reply {
    rig.call(Call::Freeze {
        environment: environment.into(),
        until_ms,
        why: why.into(),
        by: "bob@lead".into(),
    })
}

fn frozen(rig: &mut Rig, environment: &str, until_ms: u64, why: &str) -> Freeze {
    match freeze(rig, environment, until_ms, why) {
        Reply::Freezes { freezes } => freezes.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn held(rig: &mut Rig) -> Vec<u64> {
    match rig.call(Call::Freezes { environment: None }) {
        Reply::Freezes { freezes } => freezes.iter().map(|it| it.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn thaw(rig: &mut Rig, id: Option<u64>) -> Vec<u64> {
    match rig.call(Call::Thaw {
        environment: "production".into(),
        id,
        by: "bob@lead".into(),
        why: None,
    }) {
        Reply::Freezes { freezes } => freezes.iter().map(|it| it.id).collect(),
        other => panic!("{other:?}"),
    }
}

fn begin(rig: &mut Rig, plan: Document, despite: Option<&str>) -> Reply {
    let token = rig.acquired(&me()).token;
    rig.call(Call::Begin {
        service: SERVICE.into(),
        token,
        plan,
        settings: json!({}),
        by: "ada@lead".into(),
        despite_freeze: despite.map(Into::into),
    })
}

#[test]
fn nothing_begins_in_a_frozen_environment_until_the_freeze_is_over() {
    let mut rig = Rig::new();
    rig.now_ms = 1_766_000_000_000;
    frozen(&mut rig, "production", 1_766_300_000_000, "the holidays");
    frozen(&mut rig, "staging", 1_766_900_000_000, "another place");
    rig.reopen();
    let Reply::Refused {
        kind: Refusal::Frozen,
        message,
    } = begin(&mut rig, plan(), None)
    else {
        panic!()
    };
    for part in ["2025-12-21 06:53 UTC", "the holidays", "bob@lead"] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    assert!(!message.contains("another place"), "{message}");
    rig.now_ms = 1_766_300_000_000;
    assert!(matches!(begin(&mut rig, plan(), None), Reply::Begun { .. }));
    assert_eq!(rig.verify().2, None);
}

#[test]
fn the_way_back_is_never_frozen() {
    let mut rig = Rig::new();
    frozen(&mut rig, "production", 9_000_000, "the holidays");
    let mut back = plan();
    back.body.insert("purpose".into(), json!("rollback"));
    assert!(matches!(begin(&mut rig, back, None), Reply::Begun { .. }));
}

#[test]
fn a_reason_not_to_wait_is_written_down() {
    let mut rig = Rig::new();
    frozen(&mut rig, "production", 9_000_000, "the holidays");
    assert_eq!(
        refusal(begin(&mut rig, plan(), Some("  "))),
        Refusal::Frozen
    );
    let reply = begin(&mut rig, plan(), Some("the shop sells nothing"));
    assert!(matches!(reply, Reply::Begun { .. }), "{reply:?}");
    let file = rusqlite::Connection::open(rig.dir.path().join("ledger.db")).unwrap();
    let written: String = file
        .query_row(
            "SELECT text FROM records WHERE rollout = 'shop.production.1'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(written.contains("the shop sells nothing"), "{written}");
    let told = rig.record("shop.production.1").summary.despite_freeze;
    assert_eq!(told.as_deref(), Some("the shop sells nothing"));
}

#[test]
fn a_reason_that_nobody_needed_overrode_nothing() {
    let mut rig = Rig::new();
    let reply = begin(&mut rig, plan(), Some("to be sure"));
    assert!(matches!(reply, Reply::Begun { .. }), "{reply:?}");
    let told = rig.record("shop.production.1").summary.despite_freeze;
    assert_eq!(told, None);
}

#[test]
fn freezes_overlap_and_each_is_thawed_by_itself_or_all_at_once() {
    let mut rig = Rig::new();
    let first = frozen(&mut rig, "production", 2_000_000, "one").id;
    let second = frozen(&mut rig, "production", 3_000_000, "two").id;
    let third = frozen(&mut rig, "production", 4_000_000, "three").id;
    let elsewhere = frozen(&mut rig, "staging", 4_000_000, "three").id;
    // Said again, it is the same one.
    assert_eq!(frozen(&mut rig, "production", 3_000_000, "two").id, second);
    assert_eq!(held(&mut rig), [first, second, third, elsewhere]);
    assert_eq!(thaw(&mut rig, Some(second)), [second]);
    assert!(thaw(&mut rig, Some(second)).is_empty());
    assert_eq!(held(&mut rig), [first, third, elsewhere]);
    rig.now_ms = 2_000_000;
    assert_eq!(held(&mut rig), [third, elsewhere]);
    assert_eq!(thaw(&mut rig, None), [third]);
    assert_eq!(held(&mut rig), [elsewhere]);
    let (token, rollout) = rig.begun();
    rig.end(token, &rollout, 1, under_way());
    assert_eq!(rig.verify().2, None);
}

#[test]
fn a_freeze_that_says_nothing_is_refused() {
    let mut rig = Rig::new();
    let now_ms = rig.now_ms;
    for (environment, until_ms, why) in [
        ("", 9_000_000, "why"),
        ("production", 9_000_000, " "),
        ("production", now_ms, "it is over"),
    ] {
        let reply = freeze(&mut rig, environment, until_ms, why);
        assert_eq!(refusal(reply), Refusal::Invalid);
    }
    for n in 0..64 {
        frozen(&mut rig, "production", 9_000_000, &format!("{n}"));
    }
    let reply = freeze(&mut rig, "production", 9_000_000, "one more");
    assert_eq!(refusal(reply), Refusal::TooMany);
}
