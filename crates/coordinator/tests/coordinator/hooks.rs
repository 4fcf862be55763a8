//! Hooks beside the coordinator and on hosts, and background work.

use agent::api::v1::RunStatus;
use rollout::{Background, Hook, HookPoint, HookRun, HookSite, Job, JobRun, OnFailure, Phase};

use crate::rig::{Rig, dead, deploy, patient};

fn hook(point: HookPoint, words: &[&str], site: HookSite) -> Hook {
    Hook {
        point,
        name: "check".into(),
        run: HookRun::Command {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            site,
        },
        timeout_ms: 60_000,
        on_failure: OnFailure::Abort,
    }
}

fn with(hooks: Vec<Hook>) -> coordinator::Request {
    coordinator::Request {
        hooks,
        ..deploy('b')
    }
}

#[tokio::test]
async fn a_hook_beside_the_coordinator_knows_what_it_is_about() {
    let dir = tempfile::tempdir().unwrap();
    let script = "env | grep ^CUTOVER_ | sort > told";
    let rig = Rig::serving_in_real_time(1).await;
    let hooks = vec![hook(
        HookPoint::PostDeploy,
        &["sh", "-c", script],
        HookSite::Operator,
    )];
    // Wherever this process is, the hook is in the project's directory.
    let coordinator = rig.coordinator(dead()).in_dir(dir.path());
    let planned = coordinator.plan(patient(with(hooks))).await.unwrap();
    let mut ignore = |_: &coordinator::Progress| {};
    let attendance = coordinator::Attendance::new(&mut ignore);
    let outcome = coordinator.run(planned, attendance).await.unwrap();
    assert_eq!(outcome.phase, Phase::Healthy, "{outcome:?}");
    let told = std::fs::read_to_string(dir.path().join("told")).unwrap();
    for line in [
        "CUTOVER_SERVICE=shop",
        "CUTOVER_ENVIRONMENT=production",
        "CUTOVER_ROLLOUT=shop.production.2",
        "CUTOVER_HOOK=post-deploy",
        "CUTOVER_CANDIDATE_VSN=b",
        "CUTOVER_STABLE_VSN=a",
        "CUTOVER_WEIGHT=100",
        "CUTOVER_BY=ada@lead",
    ] {
        assert!(told.lines().any(|it| it == line), "{line} in {told}");
    }
}

#[tokio::test]
async fn a_hook_that_fails_before_traffic_gives_the_candidate_up() {
    let mut rig = Rig::serving_in_real_time(1).await;
    let words = ["sh", "-c", "echo no room in the house; exit 7"];
    let dir = tempfile::tempdir().unwrap();
    let told = dir.path().join("told");
    let script = format!("echo \"$CUTOVER_REASON\" > {}", told.display());
    let hooks = vec![
        hook(HookPoint::PreRollout, &words, HookSite::Operator),
        hook(
            HookPoint::OnAbort,
            &["sh", "-c", &script],
            HookSite::Operator,
        ),
    ];
    let outcome = rig.run(patient(with(hooks))).await.unwrap();
    assert_eq!((outcome.phase, outcome.finished), (Phase::Aborted, true));
    let cause = outcome.cause.unwrap();
    assert!(
        cause.contains("exit code 7") && cause.contains("no room in the house"),
        "{cause}"
    );
    let told = std::fs::read_to_string(told).unwrap();
    assert_eq!(told.trim_end(), cause.trim_end());
    assert_eq!(rig.serving_now(), [("a".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_hook_on_hosts_that_has_to_agree_is_run_until_it_does() {
    let mut rig = Rig::serving(2).await;
    let no = RunStatus::Finished {
        exit: 1,
        output: "not yet".into(),
    };
    rig.fleet.lock().unwrap().jobs = vec![RunStatus::Running, no.clone(), no];
    let hooks = vec![hook(
        HookPoint::ConfirmPromotion,
        &["bin/ask"],
        HookSite::FirstHost,
    )];
    let outcome = rig.run(with(hooks)).await.unwrap();
    assert_eq!(outcome.phase, Phase::Healthy, "{outcome:?}");
    let ran: Vec<String> = rig
        .fleet
        .lock()
        .unwrap()
        .ran
        .iter()
        .map(|(id, ..)| id.clone())
        .collect();
    let mut runs = ran.clone();
    runs.dedup();
    assert_eq!(runs.len(), 3, "{ran:?}");
    assert!(rig.shown.iter().any(|progress| matches!(
        progress,
        coordinator::Progress::Paused { why } if why.contains("not yet")
    )));
}

#[tokio::test(start_paused = true)]
async fn background_work_is_moved_before_the_switch() {
    let mut rig = Rig::serving(1).await;
    let job = |words: &str| {
        Some(Job {
            run: JobRun::Rpc {
                expression: words.into(),
            },
            timeout_ms: 5_000,
        })
    };
    let request = coordinator::Request {
        background: Background {
            activate: job("Shop.Jobs.start()"),
            quiesce: job("Shop.Jobs.stop()"),
        },
        ..deploy('b')
    };
    let outcome = rig.run(request).await.unwrap();
    assert_eq!(outcome.phase, Phase::Healthy, "{outcome:?}");
    let ran: Vec<Vec<String>> = rig
        .fleet
        .lock()
        .unwrap()
        .ran
        .iter()
        .map(|(_, what, _)| what.clone())
        .collect();
    assert_eq!(
        ran,
        [["rpc", "Shop.Jobs.stop()"], ["rpc", "Shop.Jobs.start()"]]
    );
    let deeds = rig.deeds();
    let last_run = deeds
        .iter()
        .rposition(|deed| deed.starts_with("run"))
        .unwrap();
    let switch = deeds
        .iter()
        .position(|deed| deed == "route b=100 a=0")
        .unwrap();
    assert!(last_run < switch, "{deeds:?}");
}
