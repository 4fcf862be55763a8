//! Who may act.

use ledger::wire::v1::{Call, Refusal, Reply};
use sys::process::{ProcessId, command};

use crate::rig::{Rig, SERVICE, elsewhere, holder, me, refusal};

#[test]
fn a_second_holder_is_told_who_has_it_and_since_when() {
    let mut rig = Rig::new();
    let first = rig.acquired(&me());
    rig.now_ms += 20_000;
    let Reply::Held { lease } = rig.acquire(&elsewhere()) else {
        panic!()
    };
    assert_eq!(lease, first);
    assert_eq!(
        (lease.holder.command.as_str(), lease.since_ms),
        ("cutover deploy", 1_000_000)
    );
}

#[test]
fn tokens_only_grow_over_release_expiry_force_and_a_rebuilt_ledger() {
    let mut rig = Rig::new();
    let first = rig.acquired(&elsewhere());
    rig.call(Call::Release {
        service: SERVICE.into(),
        token: first.token,
    });
    let second = rig.acquired(&elsewhere());
    assert!(second.token > first.token);

    rig.now_ms += 30_001;
    let third = rig.acquired(&me());
    assert!(third.token > second.token);
    let call = Call::ForceRelease {
        service: SERVICE.into(),
        by: "bob@lead".into(),
    };
    assert_eq!(
        rig.call(call),
        Reply::Leases {
            leases: vec![third.clone()]
        }
    );
    let Reply::Refused {
        kind: Refusal::NotHolder,
        message,
    } = rig.call(Call::Renew {
        service: SERVICE.into(),
        token: third.token,
        ttl_ms: 1,
    })
    else {
        panic!()
    };
    assert!(message.contains("taken away by bob@lead"), "{message}");

    let call = Call::Acquire {
        service: SERVICE.into(),
        holder: me(),
        ttl_ms: 1,
        above: 70,
    };
    let Reply::Acquired { lease, .. } = rig.call(call) else {
        panic!()
    };
    assert_eq!(lease.token, 71);
}

#[test]
fn the_lease_of_a_dead_process_of_this_machine_is_free_at_once() {
    let mut rig = Rig::new();
    let mut child = command("sleep").arg("60").spawn().unwrap();
    let process = ProcessId::of(i32::try_from(child.id()).unwrap()).unwrap();
    let theirs = rig.acquired(&holder(process, "cutover deploy"));
    assert!(matches!(rig.acquire(&me()), Reply::Held { .. }));
    child.kill().unwrap();
    child.wait().unwrap();
    let Reply::Acquired { lease, taken_over } = rig.acquire(&me()) else {
        panic!()
    };
    assert!(lease.token > theirs.token);
    assert_eq!(taken_over, Some(theirs));
}

#[test]
fn a_renewed_lease_lasts_and_a_lost_answer_may_be_asked_for_again() {
    let mut rig = Rig::new();
    let lease = rig.acquired(&elsewhere());
    assert_eq!(rig.acquired(&elsewhere()).token, lease.token);
    for _ in 0..5 {
        rig.now_ms += 20_000;
        let renewed = rig.call(Call::Renew {
            service: SERVICE.into(),
            token: lease.token,
            ttl_ms: 30_000,
        });
        let requests = vec![];
        assert_eq!(renewed, Reply::Renewed { requests });
    }
    assert!(matches!(rig.acquire(&me()), Reply::Held { .. }));
}

#[test]
fn an_older_token_changes_nothing() {
    let mut rig = Rig::new();
    let old = rig.acquired(&elsewhere());
    rig.now_ms += 30_001;
    let new = rig.acquired(&me());
    assert_eq!(refusal(rig.begin(old.token)), Refusal::NotHolder);
    rig.call(Call::Release {
        service: SERVICE.into(),
        token: old.token,
    });
    let leases = rig.call(Call::Leases { service: None });
    assert_eq!(leases, Reply::Leases { leases: vec![new] });
}

#[test]
fn a_rebuilt_ledger_begins_above_every_token_that_an_agent_holds() {
    let mut lost = Rig::new();
    for _ in 0..5 {
        let token = lost.acquired(&elsewhere()).token;
        lost.call(Call::Release {
            service: SERVICE.into(),
            token,
        });
    }
    let held = lost.acquired(&elsewhere()).token;
    let mut rebuilt = Rig::new();
    let reply = rebuilt.call(Call::Acquire {
        service: SERVICE.into(),
        holder: me(),
        ttl_ms: 30_000,
        above: held,
    });
    let Reply::Acquired { lease, .. } = reply else {
        panic!()
    };
    assert!(lease.token > held);
    // The holder that the lost one knew can write nothing into the new one.
    assert_eq!(refusal(rebuilt.begin(held)), Refusal::NotHolder);
    assert!(matches!(rebuilt.begin(lease.token), Reply::Begun { .. }));
}
