//! How a world comes to be from its scenario.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use agent::api::v1::HealthCheck;
use coordinator::ServiceSettings;
use coordinator::interpret::Means;
use proxy::control::v1::{Backend, Commitment, Limits, Readiness, ServiceConfig, Version};
use rollout::{
    ArtifactId, HostFacts, HostId, InstanceFact, InstanceId, Plan, PlanError, RouteFact,
};

use super::{Happening, World};
use crate::bug::Bug;
use crate::chance::Chance;
use crate::check::Checker;
use crate::coverage::{Coverage, count};
use crate::fleet::{Fleet, Network};
use crate::ledger::Ledger;
use crate::machine::{Instance, Machine, Temper};
use crate::queue::Queue;
use crate::scenario::{Ailment, BEGIN, Fault, Kind, Scenario, artifact, service};

/// The path that balancers ask.
const READY_PATH: &str = "/ready";

/// Computes the plan of a scenario, with the hosts that it is for.
fn plan_of(scenario: &Scenario) -> Result<(Plan, Vec<Machine>), PlanError> {
    let machines: Vec<Machine> = (0..scenario.hosts)
        .map(|host| machine(scenario, host))
        .collect();
    let facts: Vec<HostFacts> = machines.iter().map(facts_of).collect();
    let plan = rollout::compute(&scenario.request(), &facts, &[], None)?;
    Ok((plan, machines))
}

impl World {
    /// Makes the world of a scenario.
    pub(crate) fn new(
        scenario: Scenario,
        bug: Option<Bug>,
        traced: bool,
    ) -> Result<Self, PlanError> {
        let (mut plan, machines) = plan_of(&scenario)?;
        let honest = Arc::new(plan.clone());
        Bug::change(bug, &mut plan);
        let plan = Arc::new(plan);
        let mut coverage = Coverage::default();
        count(&mut coverage.strategies, strategy_word(&plan));
        let ledger = Ledger::begin(&plan);
        let hosts = machines.len();
        let mut fleet = Fleet {
            now: BEGIN,
            machines,
            checker: Checker::new(&honest),
            network: Network::default(),
            chance: Chance::of(scenario.seed, 3),
            later: Vec::new(),
            touched: (0..hosts as u32).collect(),
            deeds: traced.then(VecDeque::new),
            bug,
        };
        for fault in &scenario.faults {
            let network = &mut fleet.network;
            match fault {
                Fault::CallsLost { permille } => network.calls_lost += permille,
                Fault::AnswersLost { permille } => network.answers_lost += permille,
                Fault::CallsLate { permille } => network.late += permille,
                Fault::Twice { permille } => network.twice += permille,
                Fault::Slow { permille } => network.slow += permille,
                _ => {}
            }
        }
        let means = Means {
            rollout: format!("{}.1", service()),
            plan: plan.clone(),
            settings: settings(),
            env: Some(BTreeMap::new()),
            dir: None,
        };
        let places = plan
            .hosts
            .iter()
            .zip(0..)
            .map(|(plan, place)| (plan.host.clone(), place));
        let mut world = Self {
            places: places.collect(),
            fleet: Arc::new(Mutex::new(fleet)),
            ledger,
            queue: Queue::new(),
            now: BEGIN,
            clock_by: 0,
            chance: Chance::of(scenario.seed, 2),
            drivers: Vec::new(),
            due: vec![0; hosts],
            steps: 0,
            events: 0,
            arrivals: 0,
            finished_at: None,
            last: None,
            calls: BTreeMap::new(),
            hooks: Vec::new(),
            skipped: false,
            coverage,
            means,
            plan,
            bug,
            scenario,
        };
        world.queue_faults();
        for (at, verb) in world.scenario.verbs.clone() {
            world.queue.put(BEGIN + at, Happening::Verb { verb });
        }
        world.queue.put(BEGIN, Happening::Arrive { verb: None });
        Ok(world)
    }
}

fn strategy_word(plan: &Plan) -> &'static str {
    match (&plan.auto, &plan.strategy) {
        (Some(_), rollout::Strategy::Hot(_)) => "auto: hot",
        (Some(_), rollout::Strategy::Rolling(_)) => "auto: rolling",
        (Some(_), rollout::Strategy::Canary(_)) => "auto: canary",
        (Some(_), _) => "auto: blue_green",
        (None, rollout::Strategy::Hot(_)) => "hot",
        (None, rollout::Strategy::Rolling(rolling)) => match rolling.surge {
            rollout::Surge::Beside => "rolling beside",
            rollout::Surge::Instead { .. } => "rolling instead",
        },
        (None, rollout::Strategy::Canary(_)) => "canary",
        (None, _) => "blue_green",
    }
}

fn settings() -> ServiceSettings {
    ServiceSettings {
        node: "shop".into(),
        ports: BTreeMap::new(),
        http_port: "PORT".into(),
        health: HealthCheck::Tcp { timeout_ms: 1_000 },
        stop_timeout_ms: 1_000,
        log_bytes_max: 1,
        log_files: 1,
        listen: ([127, 0, 0, 1], 80).into(),
        hosts: Vec::new(),
        path_prefix: "/".into(),
        limits: Limits::default(),
        sticky_cookie: "bucket".into(),
        testers: Some(coordinator::TestersHeader {
            header: "x-candidate".into(),
            value: None,
        }),
        preview: None,
        readiness: Some(READY_PATH.into()),
        prometheus: None,
        webhooks: Default::default(),
        beam: None,
        lifecycle: Vec::new(),
    }
}

/// How the candidate behaves on a host.
fn temper(scenario: &Scenario, host: u32) -> Temper {
    let mut temper = Temper {
        boot_ms: scenario.boot_ms,
        job_ms: scenario.command_ms,
        ..Temper::default()
    };
    for ailment in scenario.ailments(host) {
        match ailment {
            Ailment::CrashLoop => temper.crash_loop = true,
            Ailment::Sick => temper.sick = true,
            Ailment::Flaps => temper.flaps = true,
            Ailment::DiesAt(at) => temper.dies_at = Some(BEGIN + at),
            Ailment::SlowBoot(ms) => temper.boot_ms = ms,
            Ailment::Errs(permille) => temper.errs_permille = permille,
            Ailment::LiesUntil(at) => {
                temper.sick = true;
                temper.lies_until = Some(BEGIN + at);
            }
            Ailment::SlowChecks(ms) => temper.look_ms = ms,
            Ailment::CommandFails => temper.command_exit = 1,
            Ailment::ActivateFails => temper.activate_exit = 1,
            Ailment::QuiesceFails => temper.quiesce_exit = 1,
            Ailment::HotFails(work) => temper.hot_fails = Some(work),
        }
    }
    temper
}

fn machine(scenario: &Scenario, host: u32) -> Machine {
    let name = HostId::parse(&format!("host{host}")).expect("letters and digits");
    let (stable, candidate, other) = (artifact('a'), artifact('c'), artifact('d'));
    let mut machine = Machine::new(name, candidate.clone(), temper(scenario, host), BEGIN);
    for fault in &scenario.faults {
        match fault {
            Fault::HookFails { hook } => machine.stubborn.insert(*hook, u32::MAX),
            Fault::HookWaits { hook, calls } => machine.stubborn.insert(*hook, *calls),
            Fault::CommandUnseen => {
                machine.command_unseen = true;
                None
            }
            _ => None,
        };
    }
    let per_host = scenario.instances;
    let mut put = |slot: u32, what: &ArtifactId, runs: bool| {
        let mut instance = Instance::new(slot, what);
        if runs {
            instance.start(BEGIN, 0);
            instance.healthy = true;
            instance.healthy_since = Some(BEGIN);
        }
        instance.works = scenario.background && *what == stable;
        machine
            .instances
            .insert(InstanceId::in_slot(&service(), slot), instance);
    };
    if scenario.kind != Kind::First {
        for slot in 1..=per_host {
            put(slot, &stable, true);
        }
        for slot in per_host + 1..=2 * per_host {
            if scenario.kind == Kind::Rollback {
                put(
                    slot,
                    &candidate,
                    !(scenario.left_behind && host.is_multiple_of(2)),
                );
            } else if scenario.left_behind && host.is_multiple_of(2) {
                put(slot, &other, slot % 2 == 0);
            }
        }
        let config = ServiceConfig {
            listen: ([127, 0, 0, 1], 80).into(),
            hosts: Vec::new(),
            path_prefix: "/".into(),
            limits: Limits::default(),
            versions: vec![Version {
                artifact: stable.to_string(),
                weight: 100,
                backends: (1..=per_host)
                    .map(|slot| Backend {
                        instance: InstanceId::in_slot(&service(), slot).to_string(),
                        address: ([127, 0, 0, 1], 1_000 + slot as u16).into(),
                        healthy: true,
                    })
                    .collect(),
            }],
            commitment: Commitment::Committed,
            sticky: None,
            testers: None,
            preview: None,
            readiness: Some(Readiness {
                path: READY_PATH.into(),
                ready: true,
            }),
        };
        machine.serve(config);
    }
    machine
}

/// What a coordinator gathers of a host for its plan.
fn facts_of(machine: &Machine) -> HostFacts {
    let versions = machine.proxy.versions.iter().map(|version| {
        (
            version.artifact.clone(),
            (version.weight, version.instances.clone()),
        )
    });
    HostFacts {
        host: machine.name.clone(),
        instances: machine
            .instances
            .iter()
            .map(|(id, instance)| InstanceFact {
                instance: id.clone(),
                slot: instance.slot,
                artifact: instance.artifact.clone(),
                vsn: "1".into(),
                running: instance.on,
            })
            .collect(),
        route: machine.proxy.split.is_some().then(|| RouteFact {
            versions: versions.collect(),
        }),
        sockets_open: 3,
    }
}
