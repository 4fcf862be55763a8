//! The hosts below the step under way: those that are not done first, many alike ones as one line.

use coordinator::{HealthView, HostView, Side, Snapshot};

use super::head::{bar, rate};
use super::line::{Line, Tint};

/// Cells of a host's bar.
const BAR: usize = 10;

/// What a host is to a person who looks for trouble, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Troubled,
    Unhealthy,
    Pending,
    Good,
}

/// Lines for the hosts of a step, `max` at most.
pub(super) fn hosts(snapshot: &Snapshot, places: &[u32], max: usize, drains: bool) -> Vec<Line> {
    let mut hosts: Vec<&HostView> = places
        .iter()
        .filter_map(|place| snapshot.hosts.get(*place as usize))
        .collect();
    hosts.sort_by_key(|host| standing(host));
    let width = hosts.iter().map(|host| host.host.chars().count()).max();
    let width = width.unwrap_or(0).min(24);
    // One line for the rest needs a line itself.
    let shown = if hosts.len() > max {
        max.saturating_sub(1)
    } else {
        hosts.len()
    };
    let mut lines: Vec<Line> = hosts
        .iter()
        .take(shown)
        .map(|host| row(host, width, drains))
        .collect();
    if hosts.len() > shown && max > 0 {
        lines.push(rest(&hosts[shown..]));
    }
    lines
}

fn standing(host: &HostView) -> Standing {
    if host.aside.is_some() || host.lost.is_some() || host.refused.is_some() {
        return Standing::Troubled;
    }
    let unhealthy = |instance: &coordinator::InstanceView| instance.health != HealthView::Healthy;
    match host.instances.iter().any(unhealthy) {
        true => Standing::Unhealthy,
        false if host.pending => Standing::Pending,
        false => Standing::Good,
    }
}

fn row(host: &HostView, width: usize, drains: bool) -> Line {
    let weight = u64::from(host.weight.unwrap_or(0));
    let mut line = Line::default()
        .with(Tint::Plain, &format!("{:<width$} ", host.host))
        .with(Tint::Good, &bar(weight, BAR))
        .with(Tint::Plain, &format!(" {weight:>3} % "));
    if let Some(aside) = &host.aside {
        return line.with(Tint::Bad, &format!(" set aside: {aside}"));
    }
    if let Some(lost) = &host.lost {
        return line.with(Tint::Bad, &format!(" does not answer: {lost}"));
    }
    if let Some(refused) = &host.refused {
        return line.with(Tint::Bad, &format!(" refused: {refused}"));
    }
    for instance in &host.instances {
        let (sign, tint) = match instance.health {
            HealthView::Healthy => ("●", Tint::Good),
            HealthView::Unhealthy => ("◐", Tint::Waits),
            HealthView::Down => ("✗", Tint::Bad),
        };
        line = line.with(tint, &format!(" {sign}"));
    }
    let (stable, candidate) = (&host.stable, &host.candidate);
    let bad = |bad: f64| if bad > 0.0 { Tint::Bad } else { Tint::Dim };
    line = line
        .with(Tint::Dim, "  stable ")
        .with(Tint::Plain, &format!("{}/s ", rate(stable.requests_per_s)))
        .with(
            bad(stable.bad_per_s),
            &format!("{} bad", rate(stable.bad_per_s)),
        )
        .with(Tint::Dim, "  candidate ")
        .with(
            Tint::Plain,
            &format!("{}/s ", rate(candidate.requests_per_s)),
        )
        .with(
            bad(candidate.bad_per_s),
            &format!("{} bad", rate(candidate.bad_per_s)),
        );
    if drains {
        line = line.with(Tint::Waits, &format!("  {} sockets left", stable.sockets));
    }
    let speaks = host
        .instances
        .iter()
        .find(|instance| instance.health != HealthView::Healthy);
    match speaks {
        Some(instance) => {
            let of = match instance.of {
                Side::Stable => "stable",
                Side::Candidate => "candidate",
            };
            let restarts = match instance.restarts {
                0 => String::new(),
                restarts => format!(", {restarts} restarts"),
            };
            line.with(
                Tint::Waits,
                &format!("  {of}: {}{restarts}", instance.detail),
            )
        }
        None => line,
    }
}

fn rest(hosts: &[&HostView]) -> Line {
    let count = |wanted: Standing| hosts.iter().filter(|host| standing(host) == wanted).count();
    let words = [
        (Standing::Troubled, "in trouble"),
        (Standing::Unhealthy, "not healthy"),
        (Standing::Pending, "not done yet"),
        (Standing::Good, "done and healthy"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .map(|(standing, words)| (count(standing), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} more {words}"))
        .collect();
    Line::default().with(Tint::Dim, &format!("and {}", parts.join(", ")))
}
