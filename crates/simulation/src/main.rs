//! The `simulate` tool: seeds to worlds, a summary to JSON.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use simulation::runner::{self, Small, Summary, Trace};
use simulation::scenario;

/// Runs simulated rollouts from seeds and checks every invariant after every event.
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// One seed only, with what it chooses.
    #[arg(long)]
    seed: Option<u64>,
    /// One rollout of that many hosts.
    #[arg(long)]
    hosts: Option<u32>,
    /// Only the last line, as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(hosts) = args.hosts {
        return large(hosts);
    }
    let seeds = match args.seed {
        Some(seed) => seed..seed + 1,
        None => args.from..args.from + args.seeds,
    };
    if let (Some(seed), false) = (args.seed, args.json) {
        say(&format!("{:#?}", scenario::choose(seed)));
    }
    // The report of a panic is the violation's own.
    std::panic::set_hook(Box::new(|_| {}));
    let summary = runner::run_many(seeds, None, |_| false);
    tell(&args, &summary);
    say(&json!({
        "seeds": summary.seeds,
        "events": summary.events,
        "violations": summary.violations.len(),
        "coverage": summary.coverage.json(),
    })
    .to_string());
    if summary.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Tells of violations: the seeds, and the first one made small.
fn tell(args: &Args, summary: &Summary) {
    for (seed, violation) in summary.violations.iter().take(40) {
        say(&format!("seed {seed}: {violation}"));
    }
    if args.json && args.seed.is_none() && summary.violations.len() > 40 {
        return;
    }
    if let Some((seed, violation)) = summary.violations.first() {
        let small = runner::smallest(*seed, violation.rule, None);
        trace(*seed, &small);
    }
}

fn trace(seed: u64, small: &Small) {
    say(&format!(
        "\nthe smallest world of seed {seed} that still fails:\n{:#?}\n",
        small.scenario
    ));
    say("journal:");
    for entry in &small.ran.journal {
        say(entry);
    }
    say("\nlast calls:");
    for deed in &small.ran.deeds {
        say(deed);
    }
    if let Some(violation) = &small.ran.violation {
        say(&format!("\n{violation}\n"));
    }
}

/// Runs one rollout of a large fleet and tells how long it took.
fn large(hosts: u32) -> ExitCode {
    let scenario = scenario::large(hosts);
    let began = sys::clock::monotonic();
    let ran = runner::run(&scenario, None, Trace::Dropped);
    let took = sys::clock::since(began);
    let violation = ran.violation.as_ref().map(ToString::to_string);
    say(&json!({
        "hosts": hosts,
        "events": ran.events,
        "violations": u32::from(violation.is_some()),
        "violation": violation,
        "ended": ran.coverage.ends,
        "took_ms": took.as_millis() as u64,
        "peak_rss_bytes": peak_rss_bytes(),
        "rollout_ms": ran.took_ms,
    })
    .to_string());
    if violation.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Returns the most memory that this process ever had, as Linux tells it (`VmHWM`, proc(5)).
fn peak_rss_bytes() -> Option<u64> {
    let status = sys::file::read_bounded(Path::new("/proc/self/status"), 64 * 1024).ok()?;
    let text = String::from_utf8(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}
