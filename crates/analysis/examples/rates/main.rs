//! Shows how often a comparison is wrong, and how soon it is right: the tables of `docs/analysis.md`.
//!
//! `cargo run -p analysis --example rates [RUNS [SEED]]`
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod simulation;

use analysis::{ComparisonSettings, LatencySettings};
use simulation::{Tally, Traffic, tally};

const RUNS: u32 = 1000;
const SEED: u64 = 20_261_123;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let runs = arguments
        .next()
        .map_or(RUNS, |runs| runs.parse().expect("RUNS is a number"));
    let seed = arguments
        .next()
        .map_or(SEED, |seed| seed.parse().expect("SEED is a number"));
    println!("{runs} rollouts a row, 60 looks each, seed {seed}.\n");
    false_alarms(runs, seed);
    detection(runs, seed);
    clusters(runs, seed);
    slow(runs, seed);
    after_a_switch(runs, seed);
}

/// No difference, at several levels of traffic and of bad requests.
fn false_alarms(runs: u32, seed: u64) {
    println!("### No difference: called worse at any look\n");
    println!(
        "| requests an interval | candidate's share | bad | comparison | z-test each look | \
         threshold | good enough | not enough data | requests until good |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for requests in [2, 20, 200, 2000] {
        for (share, rate) in [(10, 0.001), (10, 0.01), (50, 0.01), (50, 0.1), (90, 0.01)] {
            let traffic = Traffic {
                requests,
                share,
                stable: rate,
                candidate: rate,
                ..Traffic::CALM
            };
            let tally = tally(&traffic, ComparisonSettings::USUAL, runs, seed);
            println!(
                "| {requests} | {share} % | {} % | {} | {} | {} | {} | {} | {} |",
                rate * 100.0,
                percent(tally.ever_worse, &tally),
                percent(tally.z_worse, &tally),
                percent(tally.threshold_worse, &tally),
                percent(tally.good, &tally),
                percent(tally.runs - tally.good - tally.worse, &tally),
                known(tally.until_good),
            );
        }
    }
    println!();
}

/// A candidate that is worse.
fn detection(runs: u32, seed: u64) {
    println!("### A candidate that is worse: what was said first\n");
    println!(
        "| requests an interval | candidate's share | bad of stable | bad of candidate | | worse | \
         requests until worse | good enough | not enough data | z-test | threshold |"
    );
    println!("|--:|--:|--:|--:|:--|--:|--:|--:|--:|--:|--:|");
    for requests in [2, 20, 200, 2000] {
        for (share, stable, candidate, worse_from) in [
            (10, 0.001, 0.03, 0),
            (10, 0.001, 0.2, 0),
            (10, 0.001, 1.0, 0),
            (50, 0.001, 0.005, 0),
            (50, 0.01, 0.02, 0),
            (50, 0.01, 0.03, 0),
            (50, 0.01, 0.05, 0),
            (90, 0.01, 0.05, 0),
            (50, 0.01, 0.2, 30),
        ] {
            let traffic = Traffic {
                requests,
                share,
                stable,
                candidate,
                worse_from,
                ..Traffic::CALM
            };
            // A late change is looked for until the end: what was said before is not yet wrong.
            let tally = tally(&traffic, ComparisonSettings::USUAL, runs, seed);
            let late = worse_from > 0;
            println!(
                "| {requests} | {share} % | {} % | {} % | {} | {} | {} | {} | {} | {} | {} |",
                stable * 100.0,
                candidate * 100.0,
                if late { "after 5 minutes" } else { "" },
                percent(if late { tally.ever_worse } else { tally.worse }, &tally),
                if late {
                    "–".to_owned()
                } else {
                    known(tally.until_worse)
                },
                if late {
                    "–".to_owned()
                } else {
                    percent(tally.good, &tally)
                },
                if late {
                    percent(tally.runs - tally.ever_worse, &tally)
                } else {
                    percent(tally.runs - tally.good - tally.worse, &tally)
                },
                percent(tally.z_worse, &tally),
                percent(tally.threshold_worse, &tally),
            );
        }
    }
    println!();
}

/// No difference, but bad requests that come together, or an incident of both.
fn clusters(runs: u32, seed: u64) {
    println!("### No difference, bad requests that come together: called worse at any look\n");
    println!(
        "| together | incident | together_max = 1 (usual) | = 2 | = 5 | = 20 | z-test each look | \
         threshold | requests until good at = 1, 2, 5, 20 |"
    );
    println!("|--:|:--|--:|--:|--:|--:|--:|--:|--:|");
    for (together, incident) in [(1, 0), (2, 0), (3, 0), (5, 0), (20, 0), (1, 6), (5, 6)] {
        let traffic = Traffic {
            requests: 2000,
            share: 20,
            stable: 0.005,
            candidate: 0.005,
            together,
            incident,
            ..Traffic::CALM
        };
        let tallies: Vec<Tally> = [1, 2, 5, 20]
            .map(|together_max| {
                let settings = ComparisonSettings {
                    together_max,
                    ..ComparisonSettings::USUAL
                };
                tally(&traffic, settings, runs, seed)
            })
            .into();
        let ours: Vec<String> = tallies
            .iter()
            .map(|tally| percent(tally.ever_worse, tally))
            .collect();
        let until: Vec<String> = tallies
            .iter()
            .map(|tally| known(tally.until_good))
            .collect();
        println!(
            "| {together} | {} | {} | {} | {} | {} |",
            if incident > 0 { "one minute" } else { "" },
            ours.join(" | "),
            percent(tallies[0].z_worse, &tallies[0]),
            percent(tallies[0].threshold_worse, &tallies[0]),
            until.join(", "),
        );
    }
}

/// Slow requests: a twentieth of stable's, by the usual bound.
fn slow(runs: u32, seed: u64) {
    println!("\n### Slow requests: what was said first\n");
    println!(
        "| requests an interval | candidate's share | slow of candidate | worse | \
         requests until worse | good enough | requests until good | not enough data |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    for requests in [20, 200, 2000] {
        for (share, candidate) in [(50, 0.05), (50, 0.1), (50, 0.15), (50, 0.3), (10, 0.3)] {
            let traffic = Traffic {
                requests,
                share,
                stable: 0.05,
                candidate,
                ..Traffic::CALM
            };
            let tally = tally(&traffic, LatencySettings::USUAL.comparison, runs, seed);
            println!(
                "| {requests} | {share} % | {} % | {} | {} | {} | {} | {} |",
                candidate * 100.0,
                percent(tally.worse, &tally),
                known(tally.until_worse),
                percent(tally.good, &tally),
                known(tally.until_good),
                percent(tally.runs - tally.good - tally.worse, &tally),
            );
        }
    }
}

/// All traffic at the candidate, compared with stable as it was before.
fn after_a_switch(runs: u32, seed: u64) {
    println!("\n### After a switch: what was said first\n");
    println!(
        "| requests before | requests an interval | bad of stable | bad of candidate | worse | \
         requests until worse | good enough | requests until good | not enough data |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for before in [1000, 10_000, 100_000] {
        for (requests, stable, candidate) in [
            (20, 0.001, 0.001),
            (200, 0.01, 0.01),
            (200, 0.01, 0.03),
            (20, 0.001, 0.05),
            (20, 0.001, 0.2),
        ] {
            let traffic = Traffic {
                requests,
                stable,
                candidate,
                before,
                ..Traffic::CALM
            };
            let tally = tally(&traffic, ComparisonSettings::USUAL, runs, seed);
            println!(
                "| {before} | {requests} | {} % | {} % | {} | {} | {} | {} | {} |",
                stable * 100.0,
                candidate * 100.0,
                percent(tally.worse, &tally),
                known(tally.until_worse),
                percent(tally.good, &tally),
                known(tally.until_good),
                percent(tally.runs - tally.good - tally.worse, &tally),
            );
        }
    }
}

fn percent(of: u32, tally: &Tally) -> String {
    format!("{:.1} %", f64::from(of) * 100.0 / f64::from(tally.runs))
}

fn known(requests: Option<u64>) -> String {
    requests.map_or_else(|| "–".to_owned(), |requests| requests.to_string())
}
