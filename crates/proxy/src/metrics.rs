//! All counters in Prometheus' text format.

use std::fmt::Write;
use std::sync::Arc;

use crate::control::v1::{Answers, VersionTraffic, latency_bounds_us};
use crate::counters::latency_sum_us;
use crate::registry::Registry;
use crate::worker::Worker;

/// A metric of a version: name, type, help, and how it is read.
type Metric = (
    &'static str,
    &'static str,
    &'static str,
    fn(&VersionTraffic) -> u64,
);

const METRICS: &[Metric] = &[
    ("requests_total", "counter", "Requests begun.", |t| {
        t.requests
    }),
    (
        "failed_total",
        "counter",
        "Requests that failed on the way.",
        |t| t.failed,
    ),
    ("retried_total", "counter", "Requests sent again.", |t| {
        t.retried
    }),
    (
        "held_total",
        "counter",
        "Requests that waited for an instance.",
        |t| t.held,
    ),
    (
        "client_aborted_total",
        "counter",
        "Clients that left before their answer.",
        |t| t.client_aborted,
    ),
    ("in_flight", "gauge", "Requests in flight.", |t| t.in_flight),
    ("sockets_open", "gauge", "Upgraded connections open.", |t| {
        t.sockets_open
    }),
    ("streams_open", "gauge", "Event streams open.", |t| {
        t.streams_open
    }),
    (
        "sockets_moved_total",
        "counter",
        "Sockets and streams ended gently by a drain.",
        |t| t.sockets_moved,
    ),
    (
        "sockets_cut_total",
        "counter",
        "Sockets and streams cut.",
        |t| t.sockets_cut,
    ),
];

/// A counter of the requests of one choice: name, help, and how it is read.
type ByChoice = (&'static str, &'static str, fn(&Answers) -> u64);

/// The same by how requests came to their version, so that a query can leave out what is beside the weights.
const BY_CHOICE: &[ByChoice] = &[
    (
        "requests_by_choice_total",
        "Requests begun, by how they came to their version.",
        |a| a.requests,
    ),
    (
        "failed_by_choice_total",
        "Requests that failed on the way, by how they came to their version.",
        |a| a.failed,
    ),
    (
        "server_errors_by_choice_total",
        "Answers of instances with a status of 500 to 599, by how they came to their version.",
        |a| a.status[4],
    ),
];

/// Renders everything.
pub(crate) fn render(registry: &Registry, workers: &[Arc<Worker>]) -> String {
    let mut out = String::new();
    let total = |of: fn(&Worker) -> u64| workers.iter().map(|worker| of(worker)).sum::<u64>();
    for (name, help, value) in [
        (
            "connections_total",
            "Connections accepted.",
            total(|w| w.accepted.get()),
        ),
        (
            "connections_refused_total",
            "Connections over the limit.",
            total(|w| w.refused.get()),
        ),
        (
            "unrouted_total",
            "Requests that no service claims.",
            total(|w| w.unrouted.get()),
        ),
    ] {
        family(&mut out, name, "counter", help);
        line(&mut out, format_args!("cutover_proxy_{name} {value}"));
    }
    let mut rows = Vec::new();
    for (key, service) in registry.services() {
        for version in service.versions() {
            let labels = format!("service=\"{key}\",artifact=\"{}\"", version.artifact);
            let traffic = crate::counters::merged(&version.shards);
            rows.push((labels, traffic, latency_sum_us(&version.shards)));
        }
    }
    for (name, kind, help, read) in METRICS {
        family(&mut out, name, kind, help);
        for (labels, traffic, _) in &rows {
            line(
                &mut out,
                format_args!("cutover_proxy_{name}{{{labels}}} {}", read(traffic)),
            );
        }
    }
    family(
        &mut out,
        "answers_total",
        "counter",
        "Answers of instances by class of status.",
    );
    for (labels, traffic, _) in &rows {
        for (class, count) in (1..).zip(traffic.status) {
            line(
                &mut out,
                format_args!("cutover_proxy_answers_total{{{labels},class=\"{class}xx\"}} {count}"),
            );
        }
    }
    for (name, help, read) in BY_CHOICE {
        family(&mut out, name, "counter", help);
        for (labels, traffic, _) in &rows {
            let by = &traffic.by_choice;
            for (choice, answers) in [
                ("weighted", &by.weighted),
                ("testers", &by.testers),
                ("preview", &by.preview),
            ] {
                line(
                    &mut out,
                    format_args!(
                        "cutover_proxy_{name}{{{labels},choice=\"{choice}\"}} {}",
                        read(answers)
                    ),
                );
            }
        }
    }
    let name = "latency_seconds";
    family(
        &mut out,
        name,
        "histogram",
        "Time until the head of the answer.",
    );
    for (labels, traffic, sum_us) in &rows {
        for (bound, count) in latency_bounds_us().iter().zip(&traffic.latency) {
            let bound = *bound as f64 / 1e6;
            line(
                &mut out,
                format_args!("cutover_proxy_{name}_bucket{{{labels},le=\"{bound}\"}} {count}"),
            );
        }
        let all = traffic.latency.last().copied().unwrap_or(0);
        line(
            &mut out,
            format_args!("cutover_proxy_{name}_bucket{{{labels},le=\"+Inf\"}} {all}"),
        );
        let sum = *sum_us as f64 / 1e6;
        line(
            &mut out,
            format_args!("cutover_proxy_{name}_sum{{{labels}}} {sum}"),
        );
        line(
            &mut out,
            format_args!("cutover_proxy_{name}_count{{{labels}}} {all}"),
        );
    }
    out
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, format_args!("# HELP cutover_proxy_{name} {help}"));
    line(out, format_args!("# TYPE cutover_proxy_{name} {kind}"));
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    if writeln!(out, "{text}").is_err() {
        unreachable!("writing to memory does not fail");
    }
}
