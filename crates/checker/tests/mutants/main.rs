//! Good scripts are accepted, and what harms a live node is refused.
//!
//! Small releases are drawn from a seed, compiled and run on a real Erlang node. Scripts made for them
//! are followed by the checker and by OTP's `release_handler_1`; then each is mutated, and a mutant is
//! harmful where the node ends otherwise than after the good script. See docs/checker.md.

mod compiled;
mod mutate;
mod oracle;
mod releases;
mod script;
mod source;
mod tally;
mod traps;
mod world;

use checker::{NodeModel, Report, check};
use relup::{Direction, Low};

use oracle::{Judgement, Oracle};
use releases::Releases;
use tally::Tally;
use world::{Age, Dice, World};

/// How many worlds are drawn, one in how many of their mutants is run, and on how many nodes.
struct Size {
    worlds: u64,
    one_in: usize,
    nodes: u64,
}

fn size() -> Size {
    if std::env::var_os("CUTOVER_TEST_ALL").is_some() {
        Size {
            worlds: 24,
            one_in: 4,
            nodes: 2,
        }
    } else {
        Size {
            worlds: 4,
            one_in: 16,
            nodes: 2,
        }
    }
}

fn follow(releases: &Releases, from: Age, script: &[Low]) -> Report {
    let direction = match from {
        Age::Older => Direction::Up,
        Age::Newer => Direction::Down,
    };
    let (left, reached) = (releases.release(from), releases.release(from.other()));
    let node = NodeModel::between(left, reached, direction, &releases.facts);
    check(&node, script)
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the counts are what the test is run for"
)]
fn good_scripts_are_accepted_and_harmful_mutants_refused() {
    let size = size();
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..size.nodes)
            .map(|number| {
                let seeds = (1..=size.worlds).filter(move |seed| seed % size.nodes == number);
                scope.spawn(move || run(seeds, size.one_in))
            })
            .collect();
        for node in nodes {
            tally.add(node.join().expect("a node judges all of its worlds"));
        }
    });
    println!("{tally}");
    tally.assert();
}

#[expect(clippy::print_stdout, reason = "the whole takes minutes")]
fn run(seeds: impl Iterator<Item = u64>, one_in: usize) -> Tally {
    let mut oracle = Oracle::start();
    let mut tally = Tally::default();
    for seed in seeds {
        let world = World::drawn(seed);
        let releases = Releases::build(&world, &mut oracle, &format!("world{seed}"));
        for from in [Age::Older, Age::Newer] {
            let scripts = [
                script::good(&world, from),
                compiled::compiled(&world, &releases, from),
            ];
            for script in scripts.iter().filter(|script| script.len() > 1) {
                expect_good(&mut oracle, &releases, from, script, seed);
                let mut dice = Dice::new(seed);
                for mutant in mutate::mutants(script, &mut dice) {
                    if dice.one_in(one_in) {
                        let report = follow(&releases, from, &mutant.script);
                        let case = releases.case(from);
                        let mut judgement = oracle.judge(&case, &mutant.script);
                        if report.is_accepted() && judgement != Judgement::Harmless {
                            // A miss counts if the node says it again: it may have been slow.
                            judgement = oracle.judge(&case, &mutant.script);
                        }
                        tally.count(seed, from, &mutant, &report, &judgement);
                    }
                }
            }
        }
        // So far, for who waits.
        println!("after world {seed}: {}", tally.counts());
    }
    tally
}

/// Checker and node agree that a script is good; the node remembers how it ends.
fn expect_good(oracle: &mut Oracle, releases: &Releases, from: Age, script: &[Low], seed: u64) {
    let report = follow(releases, from, script);
    assert!(
        report.is_accepted(),
        "seed {seed} from {from:?}: {:#?}\n{}",
        report.findings,
        text(script)
    );
    let case = releases.case(from);
    let seen = oracle.good(&case, script);
    for expected in ["{checked_without_trace,true}", "{result,ok}", "{notes,[]}"] {
        assert!(
            seen.contains(expected),
            "seed {seed} from {from:?}: expected {expected}, the node says {seen}\n{}",
            text(script)
        );
    }
    let again = oracle.judge(&case, script);
    assert_eq!(
        again,
        Judgement::Harmless,
        "the good script again, seed {seed}"
    );
}

fn text(script: &[Low]) -> String {
    let lines = script.iter().map(|low| format!("{}.\n", low.to_term()));
    lines.collect()
}
