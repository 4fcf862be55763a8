//! Many hosts at once.

use rollout::{HostCount, Phase, Tolerance};

use crate::rig::{Rig, deploy, rolling};

#[tokio::test(start_paused = true)]
async fn fifty_hosts_switch_behind_one_barrier() {
    let mut rig = Rig::serving(50).await;
    let outcome = rig.run(deploy('b')).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Healthy, true));
    assert_eq!(rig.serving_now(), vec![("b".to_owned(), true); 50]);
    let deeds = rig.deeds();
    let last_start = deeds
        .iter()
        .rposition(|deed| deed.starts_with("start"))
        .unwrap();
    let first_route = deeds
        .iter()
        .position(|deed| deed.starts_with("route"))
        .unwrap();
    assert!(last_start < first_route);
    let receipt = outcome.receipt.unwrap();
    assert_eq!((receipt.hosts.len(), receipt.failed), (50, 0));
    let text = receipt.to_string();
    assert!(text.contains("50 more, on which nothing failed"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_answer_is_left_out_of_the_plan_within_the_budget() {
    let mut rig = Rig::serving(4).await;
    rig.fleet.lock().unwrap().hosts[3].away = true;
    let strict = rig.run(rolling('b', 2)).await;
    assert!(strict.is_err(), "{strict:?}");
    let request = coordinator::Request {
        tolerance: Tolerance {
            failure_budget: HostCount::Hosts(1),
            ..Tolerance::USUAL
        },
        ..rolling('b', 2)
    };
    let outcome = rig.run(request).await.unwrap();
    assert!(outcome.finished, "{outcome:?}");
    assert!(matches!(outcome.phase, Phase::Degraded | Phase::Healthy));
    let receipt = outcome.receipt.unwrap();
    assert_eq!(receipt.hosts.len(), 3);
    assert!(
        receipt.left_out[0].starts_with("host3"),
        "{:?}",
        receipt.left_out
    );
    rig.fleet.lock().unwrap().hosts[3].away = false;
    let serving: Vec<String> = rig.serving_now().into_iter().map(|(it, _)| it).collect();
    assert_eq!(serving, ["b", "b", "b", "a"]);
}
