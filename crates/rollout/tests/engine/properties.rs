//! What holds for the plan of every strategy with every setting.

use std::collections::BTreeMap;

use rollout::{
    Analysis, BlueGreen, CanaryStep, HookPoint, HostCount, HotWork, Pause, Plan, Purpose,
    ReleaseCommand, Strategy, Work, compute,
};

use crate::hooks::webhook;
use crate::request::{blue_green, canary, deploy, empty, fleet, hot, instead, jobs, rolling};

fn analysis() -> Analysis {
    Analysis {
        for_ms: 60_000,
        interval_ms: 10_000,
        comparison: Some(analysis::ComparisonSettings::USUAL),
        latency: None,
        metrics: Vec::new(),
    }
}

fn strategies() -> Vec<Strategy> {
    let rich = Strategy::BlueGreen(BlueGreen {
        pre_promotion: Some(analysis()),
        pause: Some(Pause { for_ms: Some(1) }),
        post_promotion: Some(analysis()),
    });
    let steps = vec![
        CanaryStep::SetWeight(20),
        CanaryStep::Analysis(analysis()),
        CanaryStep::SetWeight(5),
        CanaryStep::SetWeight(20),
        CanaryStep::Pause { for_ms: None },
    ];
    let mut all = vec![blue_green(), rich, canary(Vec::new()), canary(steps)];
    all.extend([1, 2, 7].map(rolling));
    all.extend([1, 3].map(instead));
    all.extend([1, 2, 7].map(hot));
    all
}

fn plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    for strategy in strategies() {
        for purpose in [Purpose::Deploy, Purpose::Rollback] {
            for rich in [false, true] {
                for (hosts, new) in [(1, 0), (2, 0), (5, 0), (6, 3), (0, 2)] {
                    let mut request = deploy(strategy.clone());
                    request.purpose = purpose;
                    request.instances_per_host = 2;
                    request.tolerance.min_available = HostCount::Hosts(0);
                    if rich {
                        request.preview = true;
                        request.background = jobs();
                        request.release_command = Some(ReleaseCommand {
                            args: vec!["eval".into()],
                            timeout_ms: 1,
                        });
                        let points = [
                            HookPoint::ConfirmRollout,
                            HookPoint::ConfirmTrafficIncrease,
                            HookPoint::ConfirmPromotion,
                            HookPoint::PostRollout,
                        ];
                        request.hooks = points.map(|point| webhook(point, "it")).to_vec();
                    }
                    let mut facts = fleet(hosts);
                    facts.extend((0..new).map(|i| empty(&format!("new{i}"))));
                    plans.extend(compute(&request, &facts, &[], None));
                }
            }
        }
    }
    assert!(plans.len() > 150, "{}", plans.len());
    plans
}

#[test]
fn there_is_one_point_of_no_return_and_it_is_the_last_commit() {
    for plan in plans() {
        let decisions: Vec<_> = (0..plan.steps.len())
            .filter(|i| plan.steps[*i].work == Work::Commit { decides: true })
            .collect();
        let decision = plan.decision().unwrap();
        let hot = matches!(plan.strategy, Strategy::Hot(_));
        assert_eq!(decisions, if hot { vec![] } else { vec![decision] });
        let later = &plan.steps[decision + 1..];
        for step in later {
            let early = matches!(
                step.work,
                Work::Commit { .. }
                    | Work::Weight(_)
                    | Work::Start
                    | Work::Hot(_)
                    | Work::Watch { .. }
                    | Work::Quiesce
                    | Work::Activate
                    | Work::Vacate
            );
            assert!(
                !early,
                "{} after the decision of {:?}",
                step.name, plan.strategy
            );
        }
    }
}

#[test]
fn on_each_host_the_steps_come_in_their_order_and_each_once() {
    for plan in plans() {
        for place in 0..plan.hosts.len() as u32 {
            let of_host = plan.steps.iter().filter(|step| step.hosts.contains(&place));
            let works: Vec<Work> = of_host.map(|step| step.work).collect();
            let at = |wanted: Work| works.iter().position(|work| *work == wanted);
            let count = |wanted: Work| works.iter().filter(|work| **work == wanted).count();
            if let Strategy::Hot(_) = plan.strategy {
                let parts = [
                    HotWork::Probe,
                    HotWork::Unpack,
                    HotWork::Install,
                    HotWork::Verify,
                    HotWork::Commit,
                ];
                let order = parts.map(|part| at(Work::Hot(part)).unwrap());
                assert!(order.is_sorted(), "{works:?}");
                assert!(parts.iter().all(|part| count(Work::Hot(*part)) == 1));
                continue;
            }
            let start = at(Work::Start).unwrap();
            let switch = at(Work::Weight(100)).unwrap();
            let is_commit = |work: &Work| matches!(work, Work::Commit { .. });
            let commit = works.iter().position(is_commit).unwrap();
            assert_eq!(works.iter().filter(|work| is_commit(work)).count(), 1);
            assert_eq!(
                (count(Work::Start), count(Work::Weight(100))),
                (1, 1),
                "{works:?}"
            );
            let first = works.iter().position(|work| {
                matches!(work, Work::Weight(_) | Work::Preview | Work::Analysis(_))
            });
            assert!(start < first.unwrap() && first.unwrap() <= switch && switch < commit);
            let stays = !plan.hosts[place as usize].stable.is_empty();
            let vacated = at(Work::Vacate);
            assert!(vacated.is_none_or(|vacated| vacated < start));
            match (stays, vacated) {
                (true, None) => {
                    let drain = at(Work::Drain).unwrap();
                    let keep = at(Work::Keep).unwrap();
                    assert!(commit < drain && drain < keep, "{works:?}");
                }
                (true, Some(_)) => assert!(at(Work::Drain) < vacated && at(Work::Keep).is_none()),
                (false, _) => assert!(at(Work::Drain).is_none() && at(Work::Keep).is_none()),
            }
        }
    }
}

#[test]
fn names_are_unique_and_all_refers_to_what_is_there() {
    for plan in plans() {
        let mut names = BTreeMap::new();
        for step in &plan.steps {
            assert_eq!(names.insert(step.name.clone(), ()), None, "{}", step.name);
            assert!(step.hosts.is_sorted());
            assert!(
                step.hosts
                    .iter()
                    .all(|place| (*place as usize) < plan.hosts.len())
            );
            assert!(step.expected_ms <= step.longest_ms, "{}", step.name);
            assert!(
                !plan.does(step).is_empty() && !plan.gate(step).is_empty(),
                "{}",
                step.name
            );
            match step.work {
                Work::Hook(hook) => assert!((hook as usize) < plan.hooks.len()),
                Work::Analysis(analysis) => assert!((analysis as usize) < plan.analyses.len()),
                _ => {}
            }
        }
        let bounds = plan.bounds();
        assert!(bounds.abort_until_ms <= bounds.expected_ms);
        assert!(bounds.expected_ms <= bounds.longest_ms);
    }
}

#[test]
fn a_rollback_never_waits_for_a_person() {
    for plan in plans()
        .iter()
        .filter(|plan| plan.purpose == Purpose::Rollback)
    {
        for step in &plan.steps {
            let waits = matches!(
                step.work,
                Work::Pause { .. } | Work::Analysis(_) | Work::Command | Work::Preview
            );
            assert!(!waits, "{}", step.name);
        }
    }
}
