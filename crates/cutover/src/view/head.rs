//! The first lines of a view: what changes, how it stands, and the traffic of both versions.

use coordinator::{Snapshot, TrafficView};
use rollout::span;

use super::line::{Line, Tint};

/// Cells of the bar of a version.
const BAR: usize = 20;

pub(super) fn head(snapshot: &Snapshot, now_ms: u64, width: usize) -> Vec<Line> {
    let elapsed = snapshot
        .began_ms
        .map(|began| span(now_ms.saturating_sub(began) / 1000 * 1000))
        .unwrap_or_default();
    let (sign, tint) = phase(snapshot);
    let title = Line::default()
        .with(tint, &format!("{sign} {} ", snapshot.phase))
        .with(Tint::Bold, &snapshot.diagram.title)
        .right(width, Tint::Dim, &elapsed);
    let mut lines = vec![title];
    let share = share(snapshot);
    if let Some(stable) = &snapshot.stable {
        lines.push(version(
            "stable",
            &stable.vsn,
            100 - share,
            &snapshot.total.stable,
        ));
    }
    let candidate = &snapshot.candidate.vsn;
    lines.push(version(
        "candidate",
        candidate,
        share,
        &snapshot.total.candidate,
    ));
    lines
}

/// The candidate's part of the traffic over all hosts, in percent.
fn share(snapshot: &Snapshot) -> u64 {
    let weights = snapshot
        .hosts
        .iter()
        .map(|host| u64::from(host.weight.unwrap_or(0)));
    let hosts = snapshot.hosts.len().max(1) as u64;
    weights.sum::<u64>() / hosts
}

fn phase(snapshot: &Snapshot) -> (char, Tint) {
    match (snapshot.phase, snapshot.finished) {
        ("healthy" | "rolled back", _) => ('●', Tint::Good),
        ("aborted" | "degraded", _) => ('✗', Tint::Bad),
        ("paused", _) => ('‖', Tint::Waits),
        _ if !snapshot.way_back.is_empty() => ('✗', Tint::Bad),
        _ => ('◐', Tint::Active),
    }
}

fn version(word: &str, vsn: &str, share: u64, traffic: &TrafficView) -> Line {
    let bad = if traffic.bad_per_s > 0.0 {
        Tint::Bad
    } else {
        Tint::Dim
    };
    Line::default()
        .with(Tint::Dim, &format!("  {word:<9} "))
        .with(Tint::Plain, &format!("{vsn:<12} "))
        .with(Tint::Good, &bar(share, BAR))
        .with(Tint::Plain, &format!(" {share:>3} %"))
        .with(
            Tint::Plain,
            &format!("  {:>7}/s", rate(traffic.requests_per_s)),
        )
        .with(bad, &format!("  {:>5} bad/s", rate(traffic.bad_per_s)))
        .with(Tint::Dim, &format!("  {} sockets", traffic.sockets))
}

/// A bar of `cells`, filled for `percent`; never empty for more than nothing.
pub(super) fn bar(percent: u64, cells: usize) -> String {
    let filled = (usize::try_from(percent).unwrap_or(100).min(100) * cells).div_ceil(100);
    format!("{}{}", "█".repeat(filled), "░".repeat(cells - filled))
}

/// A rate for people: `0`, `0.4`, `38`, `1.2k`.
pub(super) fn rate(per_s: f64) -> String {
    match per_s {
        rate if rate <= 0.0 || !rate.is_finite() => "0".into(),
        rate if rate < 10.0 => format!("{rate:.1}"),
        rate if rate < 1000.0 => format!("{rate:.0}"),
        rate => format!("{:.1}k", rate / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_little_as_something_and_a_rate_reads_short() {
        assert_eq!(bar(0, 4), "░░░░");
        assert_eq!(bar(1, 4), "█░░░");
        assert_eq!(bar(100, 4), "████");
        assert_eq!(bar(250, 4), "████");
        let rates = [0.0, 0.42, 38.4, 1234.0, f64::NAN].map(rate);
        assert_eq!(rates, ["0", "0.4", "38", "1.2k", "0"]);
    }
}
