//! Draws a scenario from a seed.

use rollout::{
    Hook, HookPoint, HookRun, HookSite, HostCount, HotVerdict, HotWork, OnFailure, Strategy,
    Timing, Tolerance,
};

use super::{Ailment, Fault, Gap, Kind, Scenario, Verb, strategy};
use crate::chance::Chance;

/// Until when faults begin and people act, in milliseconds since the begin.
const BUSY_MS: u64 = 14_000;

/// Draws the scenario of a seed.
pub fn choose(seed: u64) -> Scenario {
    let mut chance = Chance::of(seed, 1);
    let calm = chance.happens(120);
    let hosts = match chance.range(0, 99) {
        0..=64 => chance.range(1, 3),
        65..=91 => chance.range(4, 8),
        92..=98 => chance.range(9, 30),
        _ => chance.range(31, 200),
    } as u32;
    let kind = match chance.range(0, 19) {
        0..=1 => Kind::First,
        2..=5 => Kind::Rollback,
        _ => Kind::Deploy,
    };
    let strategy = strategy::draw(&mut chance, hosts);
    let verdict = match (&strategy, chance.range(0, 9)) {
        (Strategy::Hot(_), _) | (Strategy::Auto { .. }, 0..=5) => Some(true),
        (Strategy::Auto { .. }, 6..=8) => Some(false),
        _ => None,
    }
    .map(|safe| HotVerdict {
        safe,
        reasons: vec![
            if safe {
                "no process changes"
            } else {
                "a driver changes"
            }
            .into(),
        ],
    });
    let command = chance.happens(250);
    let mut scenario = Scenario {
        seed,
        calm,
        kind,
        strategy,
        verdict,
        hosts,
        instances: chance.range(1, 2) as u32,
        boot_ms: chance.range(200, 2_500),
        left_behind: chance.happens(300),
        command,
        command_ms: chance.range(0, 2_000),
        background: chance.happens(400),
        preview: chance.happens(250),
        hooks: hooks(&mut chance),
        timing: timing(&mut chance),
        tolerance: tolerance(&mut chance, hosts),
        faults: Vec::new(),
        verbs: Vec::new(),
    };
    if !calm {
        scenario.faults = faults(&mut chance, &scenario);
        while chance.happens(300) && scenario.verbs.len() < 4 {
            let verb = chance.pick(&[
                Verb::Promote,
                Verb::Promote,
                Verb::PromoteFull,
                Verb::Pause,
                Verb::Pause,
                Verb::Continue,
                Verb::Abort,
                Verb::Abort,
                Verb::Retry,
            ]);
            scenario.verbs.push((chance.range(0, BUSY_MS), verb));
        }
    }
    scenario
}

fn timing(chance: &mut Chance) -> Timing {
    Timing {
        min_healthy_time_ms: 1_000,
        healthy_deadline_ms: 9_000,
        progress_deadline_ms: 12_000,
        watch_ms: chance.range(500, 3_000),
        drain_timeout_ms: 3_000,
        after_ms: 1_000,
        rollback_window_ms: if chance.happens(750) { 30_000 } else { 0 },
        orphan_timeout_ms: 4_000,
        probe_every_ms: chance.range(200, 500),
        pause_max_ms: chance.range(10_000, 30_000),
    }
}

fn tolerance(chance: &mut Chance, hosts: u32) -> Tolerance {
    let budget = if chance.happens(500) {
        HostCount::Hosts(0)
    } else if chance.happens(500) {
        HostCount::Hosts(chance.range(1, 3) as u32)
    } else {
        HostCount::Percent(chance.range(10, 50) as u8)
    };
    Tolerance {
        failure_budget: budget,
        min_available: if hosts > 3 && chance.happens(300) {
            HostCount::Percent(chance.range(10, 50) as u8)
        } else {
            HostCount::Hosts(1)
        },
        ..Tolerance::USUAL
    }
}

fn hooks(chance: &mut Chance) -> Vec<Hook> {
    let mut hooks = Vec::new();
    while chance.happens(400) && hooks.len() < 4 {
        let point = chance.pick(&[
            HookPoint::ConfirmRollout,
            HookPoint::PreDeploy,
            HookPoint::PreRollout,
            HookPoint::ConfirmTrafficIncrease,
            HookPoint::ConfirmPromotion,
            HookPoint::PostRollout,
            HookPoint::PostDeploy,
            HookPoint::OnAbort,
        ]);
        let site = chance.pick(&[HookSite::Operator, HookSite::EachHost, HookSite::FirstHost]);
        // On a host it is known by its last word, which is its place.
        let words = vec!["hook".into(), hooks.len().to_string()];
        hooks.push(Hook {
            point,
            name: format!("h{}", hooks.len()),
            run: if chance.happens(200) {
                HookRun::Webhook {
                    url: "http://127.0.0.1:1/gate".into(),
                }
            } else {
                HookRun::Command { words, site }
            },
            timeout_ms: 2_000,
            on_failure: if chance.happens(700) {
                OnFailure::Abort
            } else {
                OnFailure::Continue
            },
        });
    }
    hooks
}

fn faults(chance: &mut Chance, scenario: &Scenario) -> Vec<Fault> {
    let mut faults = Vec::new();
    let count = chance.range(0, 4);
    for _ in 0..count {
        let fault = fault(chance, scenario);
        faults.push(fault);
        // What an agent knows of tokens has to outlive it while two coordinators are about.
        if let Fault::Frozen { at, for_ms } = fault
            && for_ms > 8_000
            && chance.happens(500)
        {
            let host = chance.range(0, u64::from(scenario.hosts) - 1) as u32;
            let at = at + for_ms - chance.range(1, 400);
            faults.push(Fault::AgentRestart { host, at });
        }
    }
    let mut step = 0;
    while chance.happens(350) && faults.len() < 9 {
        step += chance.range(1, 25) as u32;
        let gap = chance.pick(&[Gap::BeforeJournal, Gap::BeforeEffects, Gap::AmongEffects]);
        faults.push(Fault::CoordinatorDies { step, gap });
    }
    faults
}

fn fault(chance: &mut Chance, scenario: &Scenario) -> Fault {
    let host = chance.range(0, u64::from(scenario.hosts) - 1) as u32;
    let at = chance.range(0, BUSY_MS);
    match chance.range(0, 24) {
        0..=6 => Fault::Candidate {
            host,
            ailment: ailment(chance, scenario),
        },
        7 => Fault::HostLost {
            host,
            at,
            for_ms: (scenario.hosts == 1 || chance.happens(700)).then(|| chance.range(500, 20_000)),
        },
        8..=9 => Fault::Partition {
            host,
            at,
            for_ms: chance.range(300, 20_000),
        },
        10 => Fault::AgentRestart { host, at },
        11 => Fault::ProxyRestart { host, at },
        12 => Fault::DiskFull {
            host,
            at,
            for_ms: chance.range(500, 12_000),
        },
        13 => Fault::LedgerAway {
            at,
            for_ms: chance.range(300, 20_000),
        },
        14..=15 => Fault::Frozen {
            at,
            for_ms: chance.range(500, 16_000),
        },
        16 => Fault::CutFromLedger {
            at,
            for_ms: chance.range(500, 20_000),
        },
        17 => Fault::ClockStep {
            at,
            by_ms: chance.range(0, 60_000) as i64 - 30_000,
        },
        18 => Fault::CallsLost {
            permille: chance.range(10, 150),
        },
        19 => Fault::AnswersLost {
            permille: chance.range(10, 150),
        },
        20 => Fault::CallsLate {
            permille: chance.range(10, 100),
        },
        21 => Fault::Twice {
            permille: chance.range(10, 150),
        },
        22 => Fault::Slow {
            permille: chance.range(20, 200),
        },
        23 => match chance.range(0, 1) {
            0 => Fault::MetricBad,
            _ => Fault::MetricErrors,
        },
        _ => match scenario.hooks.len() {
            0 => Fault::CommandUnseen,
            hooks => {
                let hook = chance.range(0, hooks as u64 - 1) as u32;
                if scenario.hooks[hook as usize].point.waits() {
                    let calls = chance.range(1, 6) as u32;
                    Fault::HookWaits { hook, calls }
                } else {
                    Fault::HookFails { hook }
                }
            }
        },
    }
}

fn ailment(chance: &mut Chance, scenario: &Scenario) -> Ailment {
    match chance.range(0, 15) {
        0 => Ailment::CrashLoop,
        1 => Ailment::Sick,
        2 => Ailment::Flaps,
        3..=4 => Ailment::DiesAt(chance.range(0, BUSY_MS)),
        5 => Ailment::SlowBoot(chance.range(5_000, 14_000)),
        6..=8 => Ailment::Errs(chance.range(20, 600)),
        9 => Ailment::LiesUntil(chance.range(2_000, BUSY_MS)),
        10 => Ailment::SlowChecks(chance.range(100, 2_000)),
        11 if scenario.command => Ailment::CommandFails,
        12 if scenario.background => Ailment::ActivateFails,
        13 if scenario.background => Ailment::QuiesceFails,
        _ => Ailment::HotFails(chance.pick(&[
            HotWork::Probe,
            HotWork::Unpack,
            HotWork::Install,
            HotWork::Verify,
            HotWork::Commit,
        ])),
    }
}

/// One rollout of a large fleet: a canary in three weights, a few hosts that fail, and a coordinator that dies.
pub fn large(hosts: u32) -> Scenario {
    let mut chance = Chance::of(0, 9);
    let each = |every: u32| (0..hosts).skip(7).step_by(every as usize);
    let mut faults: Vec<Fault> = each(2_000)
        .map(|host| Fault::HostLost {
            host,
            at: 9_000,
            for_ms: None,
        })
        .collect();
    faults.push(Fault::CoordinatorDies {
        step: hosts,
        gap: Gap::AmongEffects,
    });
    Scenario {
        seed: 0,
        calm: false,
        kind: Kind::Deploy,
        strategy: Strategy::Canary(rollout::Canary {
            steps: vec![
                rollout::CanaryStep::SetWeight(10),
                rollout::CanaryStep::Pause {
                    for_ms: Some(2_000),
                },
                rollout::CanaryStep::SetWeight(50),
                rollout::CanaryStep::SetWeight(100),
            ],
            stickiness: rollout::Stickiness::Cookie,
        }),
        verdict: None,
        hosts,
        instances: 1,
        boot_ms: 1_500,
        left_behind: false,
        command: false,
        command_ms: 0,
        background: false,
        preview: false,
        hooks: Vec::new(),
        timing: Timing {
            probe_every_ms: 1_000,
            ..timing(&mut chance)
        },
        tolerance: Tolerance {
            failure_budget: HostCount::Percent(1),
            ..Tolerance::USUAL
        },
        faults,
        verbs: Vec::new(),
    }
}
