//! Simulates rollouts on hosts with state, under everything that goes wrong, and checks the invariants at
//! every instant. A failure names its seed: `CUTOVER_SEED=N cargo test -p rollout --test simulation`.

#[path = "simulation/chance.rs"]
mod chance;
#[path = "simulation/check.rs"]
mod check;
#[path = "simulation/coordinator.rs"]
mod coordinator;
#[path = "simulation/host.rs"]
mod host;
#[path = "simulation/world.rs"]
mod world;

use std::collections::BTreeMap;

use rollout::Phase;
use world::World;

const SEEDS: u64 = 3_000;
/// With `CUTOVER_TEST_ALL`, as `script/test --all` sets it.
const SEEDS_ALL: u64 = 60_000;

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("CUTOVER_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    {
        Some(seed) => seed..seed + 1,
        None if std::env::var_os("CUTOVER_TEST_ALL").is_some() => 0..SEEDS_ALL,
        None => 0..SEEDS,
    }
}

#[test]
fn every_rollout_keeps_the_invariants_and_ends() {
    let mut phases: BTreeMap<&str, u32> = BTreeMap::new();
    let mut crashes = 0;
    for seed in seeds() {
        let world = World::new(seed).run();
        *phases.entry(world.phase().word()).or_default() += 1;
        crashes += world.crashes();
    }
    if seeds().end - seeds().start == 1 {
        return;
    }
    // The simulation is worth nothing if it does not reach these.
    for phase in [Phase::Healthy, Phase::Aborted, Phase::RolledBack] {
        assert!(
            phases.get(phase.word()).is_some_and(|n| *n > 100),
            "{phase}: {phases:?}"
        );
    }
    assert!(crashes > 1_000, "{crashes} crashes of a coordinator");
}

#[test]
fn without_trouble_every_rollout_ends_healthy() {
    for seed in 0..300 {
        let world = World::calm(seed).run();
        let expected = if world.is_rollback() {
            Phase::RolledBack
        } else {
            Phase::Healthy
        };
        assert_eq!(world.phase(), expected, "seed {seed}");
    }
}
