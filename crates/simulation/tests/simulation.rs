//! Every seed keeps every rule, and every planted bug is found. A failure prints the smallest world that
//! still fails; `script/simulate --seed N` shows it again.

use simulation::rule::Violation;
use simulation::runner::{self, Summary, Trace};
use simulation::{Bug, scenario};

const SEEDS: u64 = 2_000;
/// With `CUTOVER_TEST_ALL`, as `script/test --all` sets it.
const SEEDS_ALL: u64 = 20_000;

fn seeds() -> u64 {
    if std::env::var_os("CUTOVER_TEST_ALL").is_some() {
        SEEDS_ALL
    } else {
        SEEDS
    }
}

/// Fails with the first violation, made small.
fn explain(summary: &Summary) {
    if let Some((seed, violation)) = summary.violations.first() {
        let small = runner::smallest(*seed, violation.rule, None);
        panic!(
            "{} seeds fail; seed {seed}: {violation}\n{:#?}\n{}\n{}",
            summary.violations.len(),
            small.scenario,
            small.ran.journal.join("\n"),
            small.ran.deeds.join("\n")
        );
    }
}

#[test]
fn every_rollout_keeps_the_invariants_and_ends() {
    let summary = runner::run_many(0..seeds(), None, |_| false);
    explain(&summary);
    assert_eq!(summary.seeds, seeds());
    let coverage = &summary.coverage;
    // A rule that never applied, a strategy, a phase or a fault that never came is not shown to hold.
    for (rule, looks) in &coverage.rules {
        assert!(
            *rule == "no panic" || looks.applied > 0,
            "{rule} never applied"
        );
    }
    for strategy in [
        "hot",
        "rolling beside",
        "rolling instead",
        "canary",
        "blue_green",
        "auto: hot",
    ] {
        let worlds = coverage.strategies.get(strategy).copied().unwrap_or(0);
        assert!(worlds > SEEDS / 50, "{strategy}: {:?}", coverage.strategies);
    }
    for phase in ["healthy", "rolled back", "aborted", "degraded"] {
        let ends = coverage.ends.get(phase).copied().unwrap_or(0);
        assert!(ends > SEEDS / 100, "{phase}: {:?}", coverage.ends);
    }
    assert!(coverage.faults.len() >= 30, "{:?}", coverage.faults);
    assert!(coverage.verbs.len() >= 8, "{:?}", coverage.verbs);
    assert!(coverage.take_overs > SEEDS / 10, "{}", coverage.take_overs);
    assert!(coverage.fenced > SEEDS / 100, "{}", coverage.fenced);
}

#[test]
fn a_seed_gives_the_same_world_again() {
    let run = |seed| {
        let ran = runner::run(&scenario::choose(seed), None, Trace::Kept);
        (ran.events, ran.journal, ran.deeds, ran.took_ms)
    };
    for seed in 0..20 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}

#[test]
fn every_planted_bug_is_found() {
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        let caught = |violation: &Violation| bug.caught_by().contains(&violation.rule);
        let found = |summary: &Summary| {
            summary
                .violations
                .iter()
                .any(|(_, violation)| caught(violation))
        };
        let summary = runner::run_many(0..SEEDS, Some(bug), found);
        if !found(&summary) {
            let seen: Vec<_> = summary
                .violations
                .iter()
                .map(|(_, v)| v.rule.name())
                .collect();
            missed.push(format!(
                "{bug:?} in {} seeds; seen: {seen:?}",
                summary.seeds
            ));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
