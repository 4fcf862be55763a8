//! What is asked for in the examples.

use rollout::{
    Analysis, ArtifactId, Background, Chosen, Hook, HookPoint, HookRun, HookSite, HostCount,
    HostFacts, HostId, InstanceFact, InstanceId, Job, JobRun, Metric, Moving, OnFailure, Plan,
    Purpose, ReleaseCommand, Request, RouteFact, ServiceKey, Source, Strategy, Timing, Tolerance,
    Version, compute,
};

/// A request to bring 0.2.0 to hosts that serve 0.1.0.
pub(crate) fn deploy(strategy: Strategy) -> Request {
    Request {
        service: ServiceKey::parse("shop.production").unwrap(),
        purpose: Purpose::Deploy,
        strategy,
        candidate: Version {
            artifact: artifact('b'),
            vsn: "0.2.0".into(),
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
        verdict: None,
        unreachable: Vec::new(),
        behind: Vec::new(),
    }
}

/// The same with everything around it that can be configured.
pub(crate) fn rich(strategy: Strategy) -> Request {
    Request {
        release_command: Some(ReleaseCommand {
            args: vec!["eval".into(), "Shop.Release.migrate()".into()],
            timeout_ms: 600_000,
        }),
        background: Background {
            activate: Some(job("Shop.Jobs.resume()")),
            quiesce: Some(job("Shop.Jobs.pause()")),
        },
        hooks: vec![
            hook(
                HookPoint::PreDeploy,
                "backup",
                command(&["bin/backup", "--quick"], HookSite::FirstHost),
            ),
            hook(
                HookPoint::ConfirmPromotion,
                "release-desk",
                HookRun::Webhook {
                    url: "https://desk.example/may-i?app=shop&env=production".into(),
                },
            ),
            hook(
                HookPoint::PostDeploy,
                "announce",
                command(&["bin/announce", "\"0.2.0\" is live"], HookSite::Operator),
            ),
            hook(
                HookPoint::OnAbort,
                "page",
                command(&["bin/page", "shop"], HookSite::Operator),
            ),
        ],
        preview: true,
        ..deploy(strategy)
    }
}

/// Judges errors of both versions, and a query.
pub(crate) fn analysis() -> Analysis {
    let criteria = analysis::Criteria::Success("< 0.01".parse().unwrap());
    Analysis {
        for_ms: 60_000,
        interval_ms: 10_000,
        comparison: None,
        latency: None,
        metrics: vec![Metric {
            name: "checkout-errors".into(),
            source: Source::Prometheus {
                query: "sum(rate(checkout_errors_total{version=\"0.2.0\"}[1m]))".into(),
            },
            threshold: analysis::ThresholdSettings {
                interval_ms: 10_000,
                count: Some(5),
                ..analysis::ThresholdSettings::usual(criteria)
            },
        }],
    }
}

/// Hosts that serve 0.1.0, by their number.
pub(crate) fn fleet(hosts: usize) -> Vec<HostFacts> {
    (1..=hosts)
        .map(|number| host(&format!("web-{number}"), true))
        .collect()
}

/// A host, and whether it serves 0.1.0.
pub(crate) fn host(name: &str, serves: bool) -> HostFacts {
    let service = ServiceKey::parse("shop.production").unwrap();
    let instance = InstanceId::in_slot(&service, 1);
    HostFacts {
        host: HostId::parse(name).unwrap(),
        instances: serves
            .then(|| InstanceFact {
                instance: instance.clone(),
                slot: 1,
                artifact: artifact('a'),
                vsn: "0.1.0".into(),
                running: true,
            })
            .into_iter()
            .collect(),
        route: serves.then(|| RouteFact {
            versions: [(artifact('a'), (100, vec![instance]))].into(),
        }),
        sockets_open: 400,
    }
}

pub(crate) fn plan(request: &Request, hosts: &[HostFacts]) -> Plan {
    compute(request, hosts, &[], None).unwrap()
}

pub(crate) fn third() -> HostCount {
    HostCount::Percent(40)
}

pub(crate) fn hook(point: HookPoint, name: &str, run: HookRun) -> Hook {
    Hook {
        point,
        name: name.into(),
        run,
        timeout_ms: 30_000,
        on_failure: OnFailure::Abort,
    }
}

fn command(words: &[&str], site: HookSite) -> HookRun {
    HookRun::Command {
        words: words.iter().map(|word| (*word).into()).collect(),
        site,
    }
}

fn job(expression: &str) -> Job {
    Job {
        run: JobRun::Rpc {
            expression: expression.into(),
        },
        timeout_ms: 10_000,
    }
}

fn artifact(letter: char) -> ArtifactId {
    ArtifactId::parse(&letter.to_string().repeat(64)).unwrap()
}
