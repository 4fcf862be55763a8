//! However large the fleet and whatever happened, Mermaid draws it: no more than 50,000 characters and
//! 500 arrows, and every name once.

use std::collections::BTreeSet;

use rollout::{
    Canary, CanaryStep, Diagram, DiagramState as State, HookPoint, HookRun, HostCount, Hot,
    HotVerdict, Plan, Rolling, Stickiness, Strategy, Surge, Taken,
};

use crate::request::{analysis, fleet, hook, plan, rich};

/// A small generator of numbers, the same ones for a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
}

fn count(chance: &mut Chance) -> HostCount {
    match chance.below(3) {
        0 => HostCount::Hosts(1),
        1 => HostCount::Hosts(1 + u32::try_from(chance.below(50)).unwrap()),
        _ => HostCount::Percent(10),
    }
}

fn any_plan(chance: &mut Chance) -> Plan {
    let hosts = match chance.below(3) {
        0 => 1 + chance.below(8),
        1 => 1 + chance.below(200),
        _ => 1_000,
    };
    let max_parallel = count(chance);
    let rolling = |surge| {
        Strategy::Rolling(Rolling {
            max_parallel,
            surge,
        })
    };
    let strategy = match chance.below(4) {
        0 => rolling(Surge::Beside),
        1 if hosts > 1 => rolling(Surge::Instead { lb_notice_ms: 9 }),
        2 => Strategy::Auto {
            hot: Hot {
                max_parallel,
                watch_ms: 1_000,
            },
            fallback: Box::new(rolling(Surge::Beside)),
        },
        _ => Strategy::Canary(Canary {
            steps: (0..chance.below(600))
                .map(|step| match step % 3 {
                    0 => CanaryStep::SetWeight(1 + u8::try_from(step % 99).unwrap()),
                    1 => CanaryStep::Pause { for_ms: None },
                    _ => CanaryStep::Analysis(analysis()),
                })
                .collect(),
            stickiness: Stickiness::Cookie,
        }),
    };
    let mut request = rich(strategy);
    request.tolerance.min_available = HostCount::Hosts(0);
    request.verdict = Some(HotVerdict {
        safe: true,
        reasons: Vec::new(),
    });
    for number in 0..chance.below(60) {
        let nasty = "\"#;&<>\\`_*".repeat(60);
        let run = HookRun::Webhook { url: nasty };
        request.hooks.push(hook(
            HookPoint::ConfirmTrafficIncrease,
            &format!("gate{number}"),
            run,
        ));
    }
    plan(&request, &fleet(usize::try_from(hosts).unwrap()))
}

/// Any states, also such as no rollout comes to.
fn anything_happened(plan: &Plan, chance: &mut Chance) -> Taken {
    let mut taken = Taken::nothing(plan.steps.len());
    let wild = chance.below(2) == 0;
    let at = usize::try_from(chance.below(plan.steps.len() as u64)).unwrap();
    for (place, passage) in taken.steps.iter_mut().enumerate() {
        passage.state = if wild {
            match chance.below(8) {
                0 => State::Pending,
                1 => State::Interrupted,
                2 => State::Active { since_ms: 7 },
                3 => State::Waiting { since_ms: 7 },
                4 => State::Done { took_ms: 7 },
                5 => State::Skipped,
                6 => State::GivenUp { took_ms: 7 },
                _ => State::NotReached,
            }
        } else if place < at {
            State::Done { took_ms: 7 }
        } else if place == at {
            State::Active { since_ms: 7 }
        } else {
            State::Pending
        };
        passage.notes = vec!["a note; with \"words\" ".repeat(9)];
    }
    taken
}

#[test]
fn every_diagram_stays_within_what_mermaid_draws() {
    let mut folded = 0;
    for seed in 1..60 {
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let plan = any_plan(&mut chance);
        let fresh = Diagram::of(&plan);
        let wild = Diagram::with(&plan, &anything_happened(&plan, &mut chance));
        for diagram in [fresh, wild] {
            let mermaid = diagram.mermaid();
            let arrows = mermaid.matches("-->").count()
                + mermaid.matches("==>").count()
                + mermaid.matches("-.->").count();
            assert!(
                mermaid.chars().count() < 50_000,
                "seed {seed}: {} characters",
                mermaid.len()
            );
            assert!(arrows < 500, "seed {seed}: {arrows} arrows");
            let names: Vec<&str> = diagram.boxes().map(|drawn| drawn.name.as_str()).collect();
            let unique: BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(names.len(), unique.len(), "seed {seed}: {names:?}");
            folded += usize::from(names.len() < plan.steps.len());
            assert!(names.len() <= 320, "seed {seed}: {} boxes", names.len());
        }
    }
    assert!(folded > 20, "only {folded} were large enough to be folded");
}
