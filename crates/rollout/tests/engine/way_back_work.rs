//! Background work on the way back: never on both versions at once, and never nowhere in the end.

use rollout::Phase;

use crate::request::{artifact, blue_green, deploy, instead, jobs, plan};
use crate::rig::Rig;
use crate::way_back::abort;

fn rig() -> Rig {
    let mut request = deploy(blue_green());
    request.background = jobs();
    let mut rig = Rig::begun(plan(&request, 1));
    rig.until("watch");
    rig
}

#[test]
fn where_nobody_ended_the_candidates_stables_begins_when_the_candidate_has_stopped() {
    let mut rig = rig();
    rig.host(0).away = true;
    let from = rig.log.len();
    rig.tell(abort());
    rig.until("route-back");
    rig.host(0).away = false;
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(
        rig.asked_since(from),
        [
            "h0: quiesce shop.production-2",
            "h0: route 0 to cccccccccccc, 100 to aaaaaaaaaaaa (final)",
            "h0: drain cccccccccccc",
            "h0: stop shop.production-2",
            "h0: activate shop.production-1",
            "halt",
        ]
    );
}

#[test]
fn stables_begins_in_the_end_where_it_was_passed_over() {
    let mut rig = rig();
    let from = rig.log.len();
    rig.tell(abort());
    rig.until("activate-back");
    rig.host(0).away = true;
    rig.until("route-back");
    rig.host(0).away = false;
    assert_eq!(rig.run(), Phase::Aborted);
    let asked = rig.asked_since(from);
    let last = [
        "h0: stop shop.production-2",
        "h0: activate shop.production-1",
        "halt",
    ];
    assert_eq!(asked[asked.len() - 3..], last, "{asked:?}");
}

#[test]
fn a_host_that_was_silent_before_has_its_time_from_when_it_was_asked() {
    let mut rig = rig();
    rig.host(0).away = true;
    rig.second();
    // Nobody looks, say while the ledger is not reached.
    rig.now += 60_000;
    rig.tell(abort());
    rig.wake_and_look();
    assert_eq!(rig.at(), "quiesce-back");
    rig.host(0).away = false;
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(rig.host(0).weights, [(artifact('a'), 100)].into());
    assert!(
        !rig.log.iter().any(|line| line.contains("did not answer")),
        "{:#?}",
        rig.log
    );
}

#[test]
fn stables_begins_in_the_end_where_the_host_had_only_left_its_balancer() {
    let mut request = deploy(instead(1));
    request.background = jobs();
    let mut rig = Rig::begun(plan(&request, 2));
    rig.until("quiesce-1");
    rig.host(0).away = true;
    let from = rig.log.len();
    rig.tell(abort());
    rig.until("route-back-1");
    rig.host(0).away = false;
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(
        rig.asked_since(from),
        [
            "h0: activate shop.production-1",
            "h0: route 100 to aaaaaaaaaaaa (final)",
            "h0: pass the readiness path",
            "h0: activate shop.production-1",
            "halt",
        ]
    );
}
