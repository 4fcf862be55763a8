//! Runs worlds, one or many.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bug::Bug;
use crate::coverage::Coverage;
use crate::rule::{Rule, Violation};
use crate::scenario::{Scenario, choose};
use crate::shrink::shrink;
use crate::world::World;

/// What came of one world.
#[derive(Debug)]
pub struct Ran {
    /// How much happened in it.
    pub events: u64,
    /// The rule that was broken first.
    pub violation: Option<Violation>,
    /// What it reached.
    pub coverage: Coverage,
    /// The journal, where it was wanted.
    pub journal: Vec<String>,
    /// The last calls to hosts, where they were wanted.
    pub deeds: Vec<String>,
    /// How long the rollout took in the world, in milliseconds.
    pub took_ms: u64,
}

/// What came of many worlds.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many.
    pub seeds: u64,
    /// How much happened in them.
    pub events: u64,
    /// The seeds that broke a rule, with the rule.
    pub violations: Vec<(u64, Violation)>,
    /// What they reached.
    pub coverage: Coverage,
}

/// A failing world made small.
#[derive(Debug)]
pub struct Small {
    /// What is left of the scenario.
    pub scenario: Scenario,
    /// What came of it.
    pub ran: Ran,
}

/// Whether the last calls and the journal are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// They are.
    Kept,
    /// They are not.
    Dropped,
}

/// Runs the world of a scenario.
pub fn run(scenario: &Scenario, bug: Option<Bug>, trace: Trace) -> Ran {
    let world = match World::new(scenario.clone(), bug, trace == Trace::Kept) {
        Ok(world) => world,
        Err(_) => return refused(),
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run()));
    match outcome {
        Ok(outcome) => Ran {
            events: outcome.events,
            violation: outcome.violation,
            coverage: outcome.coverage,
            journal: outcome.journal,
            deeds: outcome.deeds,
            took_ms: outcome.finished_ms,
        },
        Err(panic) => Ran {
            violation: Some(Violation {
                rule: Rule::NoPanic,
                at_ms: 0,
                detail: words(panic.as_ref()),
            }),
            ..refused()
        },
    }
}

/// A plan that is refused is a world in which nothing happens.
fn refused() -> Ran {
    Ran {
        events: 0,
        violation: None,
        coverage: Coverage {
            refused: 1,
            ..Coverage::default()
        },
        journal: Vec::new(),
        deeds: Vec::new(),
        took_ms: 0,
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked")
        .to_owned()
}

/// Runs the worlds of many seeds on two threads, each world alone on its own. Ends early once `stop` says so
/// of a summary.
pub fn run_many(
    seeds: std::ops::Range<u64>,
    bug: Option<Bug>,
    stop: impl Fn(&Summary) -> bool + Sync,
) -> Summary {
    let next = AtomicU64::new(seeds.start);
    let sum = std::sync::Mutex::new(Summary::default());
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(2);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let ran = run(&choose(seed), bug, Trace::Dropped);
                    let mut sum = sum
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    if stop(&sum) {
                        return;
                    }
                    sum.seeds += 1;
                    sum.events += ran.events;
                    sum.coverage.add(&ran.coverage);
                    sum.violations
                        .extend(ran.violation.map(|violation| (seed, violation)));
                }
            });
        }
    });
    let mut sum = sum
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.violations.sort_by_key(|(seed, _)| *seed);
    sum
}

/// Makes the failing world of a seed as small as it can be, and runs it with its trace.
pub fn smallest(seed: u64, rule: Rule, bug: Option<Bug>) -> Small {
    let scenario = shrink(choose(seed), |scenario| {
        run(scenario, bug, Trace::Dropped)
            .violation
            .is_some_and(|violation| violation.rule == rule)
    });
    let ran = run(&scenario, bug, Trace::Kept);
    Small { scenario, ran }
}
