//! How a world comes to be from its seed.

use std::collections::BTreeMap;

use rollout::{
    ArtifactId, Chosen, HostFacts, HostId, InstanceFact, InstanceId, Mark, Moving, Purpose,
    ReleaseCommand, Request, RouteFact, ServiceKey, Strategy, Tally, Timing, Tolerance, Version,
};

use super::{World, artifact};
use crate::chance::Chance;
use crate::coordinator::Ledger;
use crate::host::{Host, Instance, Route, Temper};

impl World {
    pub(super) fn make(seed: u64, trouble: bool) -> Self {
        let mut chance = Chance::new(seed);
        let service = ServiceKey::parse("shop.production").unwrap();
        let first = chance.happens(100);
        let rollback = !first && chance.happens(250);
        let per_host = chance.range(1, 2) as u32;
        let count = chance.range(1, 3) as usize;
        let mut hosts = Vec::new();
        let mut facts = Vec::new();
        for i in 0..count {
            let temper = temper(&mut chance, trouble, rollback);
            let (host, fact) = host(
                &service,
                i,
                per_host,
                first,
                rollback,
                temper,
                &mut chance,
                trouble,
            );
            hosts.push(host);
            facts.push(fact);
        }
        let command = (!rollback && chance.happens(300)).then(|| ReleaseCommand {
            args: vec!["eval".into(), "Shop.migrate()".into()],
            timeout_ms: 3_000,
        });
        let request = Request {
            service,
            purpose: if rollback {
                Purpose::Rollback
            } else {
                Purpose::Deploy
            },
            strategy: Strategy::BlueGreen,
            candidate: Version {
                artifact: artifact('c'),
                vsn: "2".into(),
            },
            chosen: Chosen::ByRule,
            instances_per_host: per_host,
            node: "shop".into(),
            applications: Vec::new(),
            timing: Timing {
                min_healthy_time_ms: 1_000,
                healthy_deadline_ms: 9_000,
                progress_deadline_ms: 12_000,
                watch_ms: 3_000,
                drain_timeout_ms: 3_000,
                after_ms: 1_000,
                rollback_window_ms: if chance.happens(800) { 20_000 } else { 0 },
                orphan_timeout_ms: 4_000,
                probe_every_ms: 200,
            },
            tolerance: Tolerance::USUAL,
            moving: Moving::USUAL,
            release_command: command,
        };
        let marks: Vec<Mark> = Vec::new();
        let plan = rollout::compute(&request, &facts, &marks, None).unwrap();
        assert_eq!(plan.stable.is_none(), first, "seed {seed}");
        let mut ledger = Ledger::begin(&plan);
        let alive = ledger.take_over(count);
        let abort_at = (trouble && chance.happens(150)).then(|| chance.range(0, 12_000));
        let deaths_max = if trouble {
            chance.range(0, 4) as u32
        } else {
            0
        };
        Self {
            seed,
            now: 1_000_000,
            plan,
            hosts,
            ledger,
            aborts: 0,
            runs_allowed: 1,
            chance,
            alive: Some(alive),
            return_at: 0,
            abort_at: abort_at.map(|at| 1_000_000 + at),
            deaths: 0,
            deaths_max,
            trouble,
            messages: Vec::new(),
            lanes: BTreeMap::new(),
        }
    }
}

fn temper(chance: &mut Chance, trouble: bool, rollback: bool) -> Temper {
    let mut temper = Temper {
        boot_ms: if rollback {
            0
        } else {
            chance.range(200, 3_000)
        },
        crash_loop: false,
        sick: false,
        flaps: false,
        dies_at: None,
        bad_permille: 0,
    };
    if !trouble {
        return temper;
    }
    match chance.range(0, 19) {
        0 => temper.crash_loop = true,
        1 => temper.sick = true,
        2 => temper.flaps = true,
        3 => temper.dies_at = Some(1_000_000 + chance.range(0, 12_000)),
        4 => temper.bad_permille = 500,
        5 => temper.boot_ms = chance.range(3_000, 12_000),
        _ => {}
    }
    temper
}

#[expect(clippy::too_many_arguments, reason = "what a host is made of")]
fn host(
    service: &ServiceKey,
    number: usize,
    per_host: u32,
    first: bool,
    rollback: bool,
    temper: Temper,
    chance: &mut Chance,
    trouble: bool,
) -> (Host, HostFacts) {
    let (stable, candidate, other) = (artifact('a'), artifact('c'), artifact('d'));
    let mut instances = BTreeMap::new();
    let mut put = |slot: u32, artifact: &ArtifactId, running: bool| {
        let id = InstanceId::in_slot(service, slot);
        let instance = Instance {
            artifact: artifact.clone(),
            running,
            healthy_at: 0,
            restarts: 0,
            warm_until: (running && *artifact != stable).then_some(1_000_000 + 600_000),
        };
        instances.insert(id.clone(), instance);
        id
    };
    let mut serving = Vec::new();
    if !first {
        serving = (1..=per_host)
            .map(|slot| put(slot, &stable, true))
            .collect();
        for slot in per_host + 1..=2 * per_host {
            if rollback {
                put(slot, &candidate, chance.happens(700));
            } else if chance.happens(300) {
                put(slot, &other, chance.happens(500));
            }
        }
    }
    let mut away = Vec::new();
    while trouble && chance.happens(300) && away.len() < 3 {
        let from = 1_000_000 + chance.range(0, 15_000);
        away.push((from, from + chance.range(200, 20_000)));
    }
    let route = (!first).then(|| Route {
        weights: [(stable.clone(), (100, serving.clone()))].into(),
        lease: None,
        prepared: false,
        reverted: false,
        draining: BTreeMap::new(),
    });
    let facts = HostFacts {
        host: HostId::parse(&format!("host{number}")).unwrap(),
        instances: instances
            .iter()
            .map(|(id, instance)| InstanceFact {
                instance: id.clone(),
                slot: id.as_str().rsplit_once('-').unwrap().1.parse().unwrap(),
                artifact: instance.artifact.clone(),
                vsn: "1".into(),
                running: instance.running,
            })
            .collect(),
        route: route.as_ref().map(|route| RouteFact {
            versions: route.weights.clone(),
        }),
        sockets_open: 3,
    };
    let host = Host {
        instances,
        route,
        counted: [(
            stable,
            Tally {
                requests: 1_000,
                bad: 2,
                open: 3,
            },
        )]
        .into(),
        temper,
        away,
        runs: BTreeMap::new(),
        command_ms: chance.range(0, 3_000),
        runs_performed: 0,
        command_exit: i32::from(trouble && chance.happens(100)),
        command_unknown: trouble && chance.happens(200),
        token: 0,
        ever_served: Default::default(),
    };
    (host, facts)
}
