//! What is carried out is what was shown.

use coordinator::{Attendance, Error, Progress};
use rollout::{AutoChoice, HostCount, Hot, HotVerdict, Strategy};

use crate::rig::{Rig, canary, deploy, rolling};

#[tokio::test(start_paused = true)]
async fn a_digest_tells_a_plan_from_another_and_not_from_itself_under_load() {
    let mut rig = Rig::serving(3).await;
    let coordinator = rig.coordinator(crate::rig::dead());
    let shown = coordinator.plan(deploy('b')).await.unwrap();
    let digest = shown.digest().unwrap();
    assert_eq!(digest.len(), 16);
    // More sockets are open by now, which changes nothing that is done.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let again = coordinator.plan(deploy('b')).await.unwrap();
    again.is_as_shown(&digest).unwrap();
    for other in [rolling('b', 1), canary('b'), deploy('c')] {
        let other = coordinator.plan(other).await.unwrap();
        let refused = other.is_as_shown(&digest);
        assert!(matches!(refused, Err(Error::PlanDiffers { .. })));
    }
    rig.run(deploy('c')).await.unwrap();
    let later = coordinator.plan(deploy('b')).await.unwrap();
    let refused = later.is_as_shown(&digest);
    assert!(matches!(refused, Err(Error::PlanDiffers { .. })));
    let stale = coordinator
        .run(shown, Attendance::new(&mut |_: &Progress| {}))
        .await;
    assert!(matches!(stale, Err(Error::PlanIsStale { .. })), "{stale:?}");
}

#[tokio::test(start_paused = true)]
async fn hot_is_refused_and_auto_falls_back_and_says_why() {
    let rig = Rig::serving(1).await;
    let coordinator = rig.coordinator(crate::rig::dead());
    let hot = Hot {
        max_parallel: HostCount::Hosts(1),
        watch_ms: 1_000,
    };
    let request = |strategy, safe| coordinator::Request {
        strategy,
        verdict: Some(HotVerdict {
            safe,
            reasons: vec!["every changed module has its instructions".into()],
        }),
        ..deploy('b')
    };
    let refused = coordinator.plan(request(Strategy::Hot(hot), true)).await;
    assert!(
        matches!(refused, Err(Error::NoHotUpgrade { .. })),
        "{refused:?}"
    );
    let auto = Strategy::Auto {
        hot,
        fallback: Box::new(deploy('b').strategy),
    };
    let planned = coordinator.plan(request(auto, true)).await.unwrap();
    assert!(matches!(planned.plan().strategy, Strategy::BlueGreen(_)));
    let Some(AutoChoice {
        hot: false,
        reasons,
    }) = &planned.plan().auto
    else {
        panic!("{:?}", planned.plan().auto)
    };
    assert!(
        reasons.iter().any(|why| why.contains("upgrade package")),
        "{reasons:?}"
    );
}
