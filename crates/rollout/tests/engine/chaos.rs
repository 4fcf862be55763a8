//! Seeded trouble of all kinds at once: whatever happens, a calm system comes to an end that is consistent.
//! The simulation does more of this, with a network and real coordinators; here it is quick.

use rollout::{
    CanaryStep, CommandDecision, Event, Extent, HookPoint, HookRun, HookSite, HostCount, OnFailure,
    Phase, ReleaseCommand, Reply, RunOutcome, Strategy, Verdict, WaitFor, compute,
};

use crate::hooks::webhook;
use crate::request::{
    artifact, blue_green, canary, deploy, empty, fleet, hot, instead, jobs, rolling,
};
use crate::rig::{Asked, Rig, done};

/// Numbers that a seed decides (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn happens(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }
}

fn strategy(chance: &mut Chance) -> Strategy {
    let parallel = 1 + chance.below(3) as u32;
    match chance.below(6) {
        0 => blue_green(),
        1 => canary(vec![
            CanaryStep::SetWeight(10),
            CanaryStep::Pause { for_ms: None },
            CanaryStep::SetWeight(60),
        ]),
        2 => canary(vec![
            CanaryStep::SetWeight(30),
            CanaryStep::Pause {
                for_ms: Some(20_000),
            },
        ]),
        3 => rolling(parallel),
        4 => instead(1),
        _ => hot(parallel),
    }
}

fn world(chance: &mut Chance) -> Rig {
    let mut request = deploy(strategy(chance));
    request.instances_per_host = 1 + chance.below(2) as u32;
    request.tolerance.failure_budget = HostCount::Hosts(chance.below(3) as u32);
    request.tolerance.min_available = HostCount::Hosts(1);
    request.preview = chance.happens(300);
    if chance.happens(400) {
        request.background = jobs();
    }
    if chance.happens(300) {
        request.timing.rollback_window_ms = 0;
    }
    if chance.happens(300) {
        request.release_command = Some(ReleaseCommand {
            args: vec!["eval".into()],
            timeout_ms: 30_000,
        });
    }
    if chance.happens(400) {
        let mut each = webhook(HookPoint::PreRollout, "each");
        each.run = HookRun::Command {
            words: vec!["./each".into()],
            site: HookSite::EachHost,
        };
        each.on_failure = OnFailure::Continue;
        let confirm = webhook(HookPoint::ConfirmTrafficIncrease, "boss");
        request.hooks = vec![each, confirm, webhook(HookPoint::PostRollout, "tell")];
    }
    let mut facts = fleet(2 + chance.below(4) as usize);
    if chance.happens(200) {
        facts.push(empty("h9"));
        if let Strategy::Hot(_) = request.strategy {
            facts.pop();
        }
    }
    Rig::begun(compute(&request, &facts, &[], None).unwrap())
}

/// Some of what was asked for gets some answer.
fn answers(rig: &mut Rig, chance: &mut Chance) {
    for _ in 0..rig.asked.len() {
        let (id, asked) = rig.asked.pop_front().unwrap();
        if !rig.state.awaits(id) {
            continue;
        }
        let fake_is_away = match &asked {
            Asked::Host(host, _) => rig.hosts[host].away,
            Asked::Errand => false,
        };
        if fake_is_away || chance.happens(300) {
            rig.asked.push_back((id, asked));
            continue;
        }
        let detail = || "trouble".to_owned();
        let reply = match chance.below(100) {
            0 => Reply::Refused { detail: detail() },
            1 => Reply::Ran(RunOutcome::Finished {
                exit: 3,
                output: detail(),
            }),
            2 => Reply::Ran(RunOutcome::Unknown),
            3..6 => {
                rig.asked.push_back((id, asked));
                rig.tell(Event::Reply {
                    id,
                    reply: Reply::Unknown { detail: detail() },
                });
                continue;
            }
            _ => {
                if let Asked::Host(host, action) = &asked {
                    rig.hosts.get_mut(host).unwrap().obey(action);
                }
                done()
            }
        };
        rig.tell(Event::Reply { id, reply });
    }
}

fn trouble(rig: &mut Rig, chance: &mut Chance) {
    let by = || "ada".to_owned();
    let whom = chance.below(rig.hosts.len() as u64) as usize;
    let fake = rig.hosts.values_mut().nth(whom).unwrap();
    match chance.below(60) {
        0 => fake.away = !fake.away,
        1 => fake.verdict = Some(Verdict::Unhealthy),
        2 if chance.happens(300) => fake.restarts += 1,
        3 if fake.leased => fake.reverted = true,
        4..8 => fake.verdict = None,
        8..12 => fake.away = false,
        12..15 => rig.take_over(),
        15 if chance.happens(200) => {
            rig.tell(Event::Abort {
                by: by(),
                why: None,
            });
        }
        16 => {
            rig.tell(Event::Pause {
                by: by(),
                why: None,
            });
        }
        17..20 => {
            rig.tell(Event::Continue {
                by: by(),
                why: None,
            });
        }
        20..23 => {
            rig.tell(Event::Promote {
                by: by(),
                why: None,
                extent: if chance.happens(200) {
                    Extent::Full
                } else {
                    Extent::Next
                },
            });
        }
        23 => {
            rig.tell(Event::Retry {
                by: by(),
                why: None,
            });
        }
        24 => {
            rig.tell(Event::Resumed {
                command: Some(CommandDecision::Done),
            });
        }
        _ => {}
    }
}

/// All is well, and people do what is asked of them.
fn calm(rig: &mut Rig) {
    for fake in rig.hosts.values_mut() {
        fake.away = false;
        fake.verdict = None;
    }
    for _ in 0..20_000 {
        if rig.state.is_finished() {
            return;
        }
        let by = || "ada".to_owned();
        let command = rig
            .state
            .waiting()
            .is_some_and(|waiting| waiting.what == WaitFor::Command);
        if command {
            rig.tell(Event::Resumed {
                command: Some(CommandDecision::Done),
            });
        } else if rig.state.is_halted() {
            rig.asked.clear();
            rig.tell(Event::Retry {
                by: by(),
                why: None,
            });
        } else if rig.state.phase() == Phase::Paused {
            rig.tell(Event::Promote {
                by: by(),
                why: None,
                extent: Extent::Full,
            });
        }
        rig.second();
    }
    panic!(
        "no end: at {} {:?}\n{:#?}",
        rig.at(),
        rig.state.waiting(),
        rig.log
    );
}

fn check_end(rig: &Rig) {
    let plan = rig.state.plan();
    let aside: Vec<_> = rig
        .state
        .aside()
        .into_iter()
        .map(|(host, _)| host)
        .collect();
    let (candidate, stable) = (artifact('c'), artifact('a'));
    let serving = if rig.state.is_decided() {
        &candidate
    } else {
        &stable
    };
    let hot = matches!(plan.strategy, Strategy::Hot(_));
    for host in plan.hosts.iter().filter(|host| !aside.contains(&host.host)) {
        if host.stable.is_empty() || hot {
            continue;
        }
        let fake = &rig.hosts[&host.host];
        assert_eq!(fake.weights.get(serving), Some(&100), "{}", host.host);
        assert!(!fake.leased, "{}", host.host);
        assert!(fake.ready, "{}", host.host);
    }
    match rig.state.phase() {
        Phase::Healthy => assert!(rig.state.is_decided() && aside.is_empty()),
        Phase::Aborted => assert!(!rig.state.is_decided()),
        Phase::Degraded => assert!(rig.state.cause().is_some()),
        other => panic!("ended {other}"),
    }
    let marked = rig.log.iter().any(|line| line.starts_with("mark"));
    let bad = rig
        .state
        .cause()
        .is_some_and(rollout::Cause::blames_candidate);
    assert_eq!(marked, bad && !rig.state.is_decided());
}

fn run(seed: u64) -> Phase {
    let mut chance = Chance(seed);
    let mut rig = world(&mut chance);
    for _ in 0..chance.below(200) {
        if rig.state.is_finished() {
            break;
        }
        answers(&mut rig, &mut chance);
        trouble(&mut rig, &mut chance);
        rig.wake_and_look();
    }
    calm(&mut rig);
    if std::env::var_os("CUTOVER_SEED").is_some() {
        panic!(
            "{:#?}\n{:#?}\n{:?}",
            rig.log,
            rig.state.seen(),
            rig.state.cause()
        );
    }
    rig.replays();
    check_end(&rig);
    rig.state.phase()
}

#[test]
fn whatever_happens_a_calm_system_comes_to_a_consistent_end() {
    let mut phases = std::collections::BTreeMap::new();
    let seeds = match std::env::var("CUTOVER_SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..400,
    };
    for seed in seeds {
        let phase = std::panic::catch_unwind(|| run(seed));
        let Ok(phase) = phase else {
            panic!("seed {seed}");
        };
        *phases.entry(phase.word()).or_insert(0) += 1;
    }
    for phase in ["healthy", "aborted", "degraded"] {
        assert!(
            phases.get(phase).is_some_and(|count| *count > 10),
            "{phases:?}"
        );
    }
}
