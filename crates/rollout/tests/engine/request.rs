//! What a person asks for, and fleets to ask it of.

use rollout::{
    ArtifactId, Background, BlueGreen, Canary, CanaryStep, Chosen, HostCount, HostFacts, HostId,
    Hot, HotVerdict, InstanceFact, InstanceId, Job, JobRun, Moving, Plan, Purpose, Request,
    Rolling, RouteFact, ServiceKey, Stickiness, Strategy, Surge, Timing, Tolerance, Version,
    compute,
};

pub(crate) fn artifact(letter: char) -> ArtifactId {
    ArtifactId::parse(&letter.to_string().repeat(64)).unwrap()
}

pub(crate) fn service() -> ServiceKey {
    ServiceKey::parse("shop.production").unwrap()
}

/// Brings `c` in where `a` serves.
pub(crate) fn deploy(strategy: Strategy) -> Request {
    Request {
        service: service(),
        purpose: Purpose::Deploy,
        strategy,
        candidate: Version {
            artifact: artifact('c'),
            vsn: "2".into(),
        },
        chosen: Chosen::ByRule,
        instances_per_host: 1,
        node: "shop".into(),
        applications: Vec::new(),
        timing: Timing::USUAL,
        tolerance: Tolerance::USUAL,
        moving: Moving::USUAL,
        release_command: None,
        background: Background::default(),
        hooks: Vec::new(),
        preview: false,
        verdict: Some(HotVerdict {
            safe: true,
            reasons: vec!["3 modules changed, all covered".into()],
        }),
        unreachable: Vec::new(),
        behind: Vec::new(),
    }
}

pub(crate) fn blue_green() -> Strategy {
    Strategy::BlueGreen(BlueGreen::PLAIN)
}

pub(crate) fn canary(steps: Vec<CanaryStep>) -> Strategy {
    Strategy::Canary(Canary {
        steps,
        stickiness: Stickiness::Cookie,
    })
}

pub(crate) fn rolling(max_parallel: u32) -> Strategy {
    Strategy::Rolling(Rolling {
        max_parallel: HostCount::Hosts(max_parallel),
        surge: Surge::Beside,
    })
}

pub(crate) fn instead(max_parallel: u32) -> Strategy {
    Strategy::Rolling(Rolling {
        max_parallel: HostCount::Hosts(max_parallel),
        surge: Surge::Instead {
            lb_notice_ms: 3_000,
        },
    })
}

pub(crate) fn hot(max_parallel: u32) -> Strategy {
    Strategy::Hot(Hot {
        max_parallel: HostCount::Hosts(max_parallel),
        watch_ms: 10_000,
    })
}

pub(crate) fn jobs() -> Background {
    let job = |expression: &str| Job {
        run: JobRun::Rpc {
            expression: expression.into(),
        },
        timeout_ms: 5_000,
    };
    Background {
        activate: Some(job("Shop.Jobs.start()")),
        quiesce: Some(job("Shop.Jobs.stop()")),
    }
}

/// A host on which `a` serves from slot 1.
pub(crate) fn serving(name: &str) -> HostFacts {
    let instance = InstanceId::in_slot(&service(), 1);
    HostFacts {
        host: HostId::parse(name).unwrap(),
        instances: vec![InstanceFact {
            instance: instance.clone(),
            slot: 1,
            artifact: artifact('a'),
            vsn: "1".into(),
            running: true,
        }],
        route: Some(RouteFact {
            versions: [(artifact('a'), (100, vec![instance]))].into(),
        }),
        sockets_open: 0,
    }
}

/// A host on which nothing is.
pub(crate) fn empty(name: &str) -> HostFacts {
    HostFacts {
        host: HostId::parse(name).unwrap(),
        instances: Vec::new(),
        route: None,
        sockets_open: 0,
    }
}

/// `h0`, `h1` and so on, with `a` in service.
pub(crate) fn fleet(hosts: usize) -> Vec<HostFacts> {
    (0..hosts).map(|i| serving(&format!("h{i}"))).collect()
}

pub(crate) fn plan(request: &Request, hosts: usize) -> Plan {
    compute(request, &fleet(hosts), &[], None).unwrap()
}

/// Lists a plan's steps with their places, such as `start-1 [0]`.
pub(crate) fn listed(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|step| format!("{} {:?}", step.name, step.hosts))
        .collect()
}
