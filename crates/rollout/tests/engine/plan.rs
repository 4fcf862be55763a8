//! Plans: from what is asked and what the hosts are to what will be done.

use std::collections::BTreeMap;

use rollout::{
    Event, HookPoint, HostFacts, HostId, InstanceFact, InstanceId, Mark, Phase, Plan, PlanError,
    Purpose, Readiness, ReleaseCommand, Request, RouteFact, Timing, Version, Warning, Work,
    compute,
};

use crate::request::{artifact, blue_green, fleet, jobs, service};
use crate::rig::Rig;

fn deploy(letter: char) -> Request {
    Request {
        candidate: Version {
            artifact: artifact(letter),
            vsn: "0.1.0".into(),
        },
        ..crate::request::deploy(blue_green())
    }
}

/// A host described by its slots, such as `"a+ b"`: `a` runs in slot 1, `b` is stopped in slot 2; and by
/// what its proxy serves from which slots.
fn host(name: &str, slots: &str, serving: Option<(char, &[u32])>) -> HostFacts {
    let instances = (1..)
        .zip(slots.split(' '))
        .filter(|(_, text)| !text.starts_with('.') && !text.is_empty())
        .map(|(slot, text)| InstanceFact {
            instance: InstanceId::in_slot(&service(), slot),
            slot,
            artifact: artifact(text.chars().next().unwrap()),
            vsn: "0.1.0".into(),
            running: text.ends_with('+'),
        })
        .collect();
    let route = serving.map(|(letter, slots)| RouteFact {
        versions: [(
            artifact(letter),
            (
                100,
                slots
                    .iter()
                    .map(|slot| InstanceId::in_slot(&service(), *slot))
                    .collect(),
            ),
        )]
        .into(),
    });
    HostFacts {
        host: HostId::parse(name).unwrap(),
        instances,
        route,
        sockets_open: 0,
    }
}

fn plan(request: &Request, hosts: &[HostFacts]) -> Result<Plan, PlanError> {
    compute(request, hosts, &[], None)
}

/// Checks where the candidate is placed, such as `"2 fresh"`, and what gives way.
fn check(slots: &str, serving: Option<(char, &[u32])>, per_host: u32, placed: &str, cleared: &str) {
    check_for(Purpose::Deploy, slots, serving, per_host, placed, cleared);
}

fn check_for(
    purpose: Purpose,
    slots: &str,
    serving: Option<(char, &[u32])>,
    per_host: u32,
    placed: &str,
    cleared: &str,
) {
    let request = Request {
        purpose,
        instances_per_host: per_host,
        ..deploy('c')
    };
    let plan = plan(&request, &[host("lead", slots, serving)]).unwrap();
    let word = |readiness| match readiness {
        Readiness::Fresh => "fresh",
        Readiness::Stored => "stored",
        Readiness::Warm => "warm",
    };
    let places: Vec<_> = plan.hosts[0]
        .candidate
        .iter()
        .map(|place| format!("{} {}", place.slot, word(place.readiness)))
        .collect();
    assert_eq!(places.join(", "), placed, "placed over {slots:?}");
    let gone: Vec<_> = plan.hosts[0]
        .clear
        .iter()
        .map(|id| id.as_str().rsplit_once('-').unwrap().1)
        .collect();
    assert_eq!(gone.join(", "), cleared, "cleared of {slots:?}");
}

#[test]
fn the_candidate_takes_the_lowest_slots_that_stable_is_not_in() {
    check("", None, 1, "1 fresh", "");
    check("a+", Some(('a', &[1])), 1, "2 fresh", "");
    check("b a+", Some(('a', &[2])), 1, "1 fresh", "1");
    check("b+ a+", Some(('a', &[2])), 1, "1 fresh", "1");
    check("a+ a+", Some(('a', &[1, 2])), 2, "3 fresh, 4 fresh", "");
    check(". . a+ a+", Some(('a', &[3, 4])), 2, "1 fresh, 2 fresh", "");
}

#[test]
fn a_rollback_takes_what_is_there_and_a_deploy_starts_anew_for_settings_may_have_changed() {
    let back = |slots, per_host, placed, cleared| {
        check_for(
            Purpose::Rollback,
            slots,
            Some(('a', &[1])),
            per_host,
            placed,
            cleared,
        );
    };
    back("a+ c+", 1, "2 warm", "");
    back("a+ c", 1, "2 stored", "");
    back("a+ . c+", 2, "2 fresh, 3 warm", "");
    check("a+ c+", Some(('a', &[1])), 1, "2 fresh", "2");
    check("a+ c", Some(('a', &[1])), 1, "2 fresh", "2");
}

#[test]
fn a_request_that_cannot_be_carried_out_is_refused_with_the_reason() {
    let lead = || host("lead", "a+", Some(('a', &[1])));
    let refused =
        |request: &Request, hosts: &[HostFacts]| plan(request, hosts).unwrap_err().to_string();
    assert!(refused(&deploy('a'), &[lead()]).contains("serves shop.production already"));
    assert!(refused(&deploy('c'), &[]).contains("has no hosts"));
    assert!(refused(&deploy('c'), &[lead(), lead()]).contains("named twice"));
    let mixed = [lead(), host("two", "b+", Some(('b', &[1])))];
    assert!(refused(&deploy('c'), &mixed).contains("aaaaaaaaaaaa on lead, bbbbbbbbbbbb on two"));
    let rollback = Request {
        purpose: Purpose::Rollback,
        ..deploy('c')
    };
    assert!(refused(&rollback, &[host("lead", "", None)]).contains("nothing to roll back"));
    let timing = Timing {
        healthy_deadline_ms: 1,
        ..Timing::USUAL
    };
    assert!(
        refused(
            &Request {
                timing,
                ..deploy('c')
            },
            &[lead()]
        )
        .contains("healthy_deadline")
    );
    assert!(
        refused(
            &Request {
                instances_per_host: 0,
                ..deploy('c')
            },
            &[lead()]
        )
        .contains("1 to 64")
    );
}

#[test]
fn an_artifact_marked_bad_is_taken_only_by_its_name() {
    let hosts = [host("lead", "a+", Some(('a', &[1])))];
    let marks = [Mark {
        artifact: artifact('c'),
        why: "it crashed".into(),
    }];
    let refused = compute(&deploy('c'), &hosts, &marks, None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cccccccccccc is marked bad: it crashed"
    );
    let by_name = Request {
        chosen: rollout::Chosen::ByName,
        ..deploy('c')
    };
    let plan = compute(&by_name, &hosts, &marks, None).unwrap();
    assert!(plan.warnings.contains(&Warning::MarkedBad {
        why: "it crashed".into()
    }));
}

#[test]
fn a_first_version_that_was_given_up_does_not_count_as_stable() {
    let plan = plan(&deploy('c'), &[host("lead", "a", Some(('a', &[1])))]).unwrap();
    assert_eq!(plan.stable, None);
    assert_eq!(plan.warnings, [Warning::NoStable]);
}

#[test]
fn a_plan_warns_of_what_it_cannot_prevent() {
    let request = Request {
        applications: vec!["libcluster".into(), "mnesia".into()],
        release_command: Some(ReleaseCommand {
            args: vec!["eval".into()],
            timeout_ms: 1,
        }),
        ..deploy('c')
    };
    let busy = HostFacts {
        sockets_open: 50_000,
        ..host("lead", "a+ b+", Some(('a', &[1])))
    };
    let texts: Vec<String> = compute(&request, &[busy], &[], Some(&artifact('b')))
        .unwrap()
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    for expected in [
        "background jobs at once",
        "the ledger names bbbbbbbbbbbb as current, but aaaaaaaaaaaa serves",
        "libcluster: a static list must name every slot (shop_1, shop_2)",
        "Mnesia",
        "rollback does not undo the schema",
        "shop.production-2 gives way",
        "50000 sockets and streams are open, but only 12000 can be moved",
    ] {
        assert!(
            texts.iter().any(|text| text.contains(expected)),
            "{expected} in {texts:?}"
        );
    }
}

#[test]
fn what_gives_way_on_several_hosts_is_named_with_its_host() {
    let hosts = ["h1", "h2"].map(|name| host(name, "a+ b+", Some(('a', &[1]))));
    let plan = plan(&deploy('c'), &hosts).unwrap();
    let texts: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let named = "shop.production-2 on h1, shop.production-2 on h2 gives way";
    assert!(
        texts.iter().any(|text| text.starts_with(named)),
        "{texts:?}"
    );
    let clear = plan.steps.iter().find(|step| step.work == Work::Clear);
    assert_eq!(
        plan.does(clear.unwrap()),
        "stop and remove shop.production-2 on h1, shop.production-2 on h2"
    );
}

#[test]
fn nothing_goes_back_for_a_hook_after_the_decision() {
    let request = Request {
        hooks: vec![
            crate::hooks::webhook(HookPoint::PreRollout, "before"),
            crate::hooks::webhook(HookPoint::PostDeploy, "after"),
        ],
        ..deploy('c')
    };
    let plan = plan(&request, &[host("lead", "a+", Some(('a', &[1])))]).unwrap();
    let hooks = plan.steps.iter();
    let hooks = hooks.filter(|step| matches!(step.work, Work::Hook(_)));
    let gates: Vec<String> = hooks.map(|step| plan.gate(step)).collect();
    assert!(
        gates[0].ends_with("else all goes back to stable"),
        "{gates:?}"
    );
    assert!(gates[1].ends_with("or told"), "{gates:?}");
}

#[test]
fn where_background_work_is_moved_beside_the_traffic_nobody_is_warned_of_it() {
    let request = Request {
        background: jobs(),
        ..deploy('c')
    };
    let plan = plan(&request, &[host("lead", "a+", Some(('a', &[1])))]).unwrap();
    assert_eq!(plan.warnings, []);
}

#[test]
fn a_plan_states_its_steps_and_how_long_it_may_take() {
    let hosts = [HostFacts {
        sockets_open: 1_000,
        ..host("lead", "a+", Some(('a', &[1])))
    }];
    let plan = plan(&deploy('c'), &hosts).unwrap();
    let steps: BTreeMap<_, _> = plan
        .steps
        .iter()
        .map(|step| (step.name.as_str(), step))
        .collect();
    assert_eq!(
        plan.gate(steps["start"]),
        "healthy for 5 s without a break within 5 min, else all goes back to stable"
    );
    assert_eq!(
        plan.does(steps["drain"]),
        "let aaaaaaaaaaaa finish; move sockets, 200 a second, close code 1012 on lead"
    );
    assert_eq!(steps["drain"].expected_ms, 5_000);
    let bounds = plan.bounds();
    assert_eq!(bounds.abort_until_ms, 15_000);
    assert_eq!(bounds.expected_ms, 25_000);
    assert_eq!(bounds.rollback_until_ms, 20_000 + 600_000);
    assert!(bounds.longest_ms > bounds.expected_ms);
}

#[test]
fn hosts_that_the_ledger_names_as_behind_go_back_to_what_they_serve() {
    let mut facts = fleet(3);
    facts[1].instances[0].artifact = artifact('b');
    facts[1].instances[0].vsn = "0".into();
    let instances = vec![facts[1].instances[0].instance.clone()];
    facts[1].route = Some(RouteFact {
        versions: [(artifact('b'), (100, instances))].into(),
    });
    let mut request = deploy('c');
    let mixed = compute(&request, &facts, &[], None).unwrap_err();
    assert!(matches!(mixed, PlanError::Mixed { .. }), "{mixed}");
    request.behind = vec![facts[1].host.clone()];
    let plan = compute(&request, &facts, &[], None).unwrap();
    assert_eq!(plan.hosts.len(), 3);
    assert_eq!(plan.stable.as_ref().unwrap().artifact, artifact('a'));
    assert_eq!(plan.hosts[0].stable_version, None);
    assert_eq!(plan.stable_of(1).unwrap().artifact, artifact('b'));
    assert!(plan.warnings.contains(&Warning::HostsBehind {
        hosts: vec!["h1 (bbbbbbbbbbbb)".into()]
    }));
    let mut rig = Rig::begun(plan.clone());
    assert_eq!(rig.run(), Phase::Healthy);
    assert!(rig.log.contains(&"h1: drain bbbbbbbbbbbb".to_owned()));
    let mut rig = Rig::begun(plan);
    rig.until("watch");
    rig.tell(Event::Abort {
        by: "ada".into(),
        why: None,
    });
    assert_eq!(rig.run(), Phase::Aborted);
    assert_eq!(rig.host(1).weights, [(artifact('b'), 100)].into());
    assert_eq!(rig.host(0).weights, [(artifact('a'), 100)].into());
}
