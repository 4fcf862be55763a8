//! A report as a table for people.

use std::fmt::Write;

use crate::report::{Latency, Report, Requests};

/// Renders a report as text, without what there was none of.
pub fn table(report: &Report) -> String {
    let mut out = String::new();
    write(&mut out, report).ok();
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "{:<10} {:>9} {:>7} {:>9} {:>9} {:>9}  by status",
        "", "sent", "failed", "p50 ms", "p99 ms", "max ms"
    )?;
    for (name, requests) in [
        ("requests", &report.http),
        ("slow", &report.slow),
        ("orders", &report.post),
    ] {
        if requests.sent > 0 {
            write_requests(out, name, requests)?;
        }
    }
    write_orders(out, report)?;
    write_sockets(out, report)?;
    write_streams(out, report)?;
    for version in &report.versions.seen {
        writeln!(
            out,
            "version    {} answered {} requests sent from {} to {} ms",
            version.label, version.answers, version.first_ms, version.last_ms
        )?;
    }
    writeln!(
        out,
        "in all     {} requests, {} failed, {} sockets moved, {} cut, in {:.1} s",
        report.requests,
        report.failed,
        report.sockets_moved,
        report.sockets_cut,
        std::time::Duration::from_millis(report.duration_ms).as_secs_f64()
    )?;
    let examples = [
        &report.http.examples,
        &report.slow.examples,
        &report.post.examples,
        &report.ws.examples,
        &report.sse.examples,
    ];
    for example in examples.into_iter().flatten() {
        writeln!(out, "for example: {example}")?;
    }
    Ok(())
}

fn write_requests(out: &mut String, name: &str, requests: &Requests) -> std::fmt::Result {
    let Latency {
        p50_ms,
        p99_ms,
        max_ms,
        ..
    } = requests.latency;
    write!(
        out,
        "{name:<10} {:>9} {:>7} {p50_ms:>9.2} {p99_ms:>9.2} {max_ms:>9.2} ",
        requests.sent, requests.failed
    )?;
    for (status, count) in &requests.by_status {
        write!(out, " {status}: {count}")?;
    }
    for (kind, count) in &requests.failures {
        write!(out, " {kind}: {count}")?;
    }
    writeln!(out)
}

fn write_orders(out: &mut String, report: &Report) -> std::fmt::Result {
    if report.post.sent == 0 {
        return Ok(());
    }
    write!(out, "           seen before: {}", report.orders.seen_before)?;
    if let Some(file) = &report.orders.file {
        write!(
            out,
            "; in the orders file: {} executed, {} twice, {} lost, {} executed but not answered",
            file.executed, file.duplicates, file.lost, file.executed_unanswered
        )?;
    }
    writeln!(out)
}

fn write_sockets(out: &mut String, report: &Report) -> std::fmt::Result {
    let ws = &report.ws;
    if ws.opened + ws.refused == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "WebSockets {} opened, {} moved, {} cut, {} refused, {} stranded; back in {} (p50), {} (max)",
        ws.opened,
        ws.moved,
        ws.cut,
        ws.refused,
        ws.stranded,
        ms(ws.reconnect.p50_ms),
        ms(ws.reconnect.max_ms)
    )?;
    write!(
        out,
        "           {} messages, {} echoed, {} unanswered, {} pushed; echo p99 {}; close codes",
        ws.sent,
        ws.echoed,
        ws.unanswered,
        ws.pushed,
        ms(ws.latency.p99_ms)
    )?;
    if ws.close_codes.is_empty() {
        write!(out, " none")?;
    }
    for (code, count) in &ws.close_codes {
        write!(out, " {code}: {count}")?;
    }
    writeln!(out)
}

fn write_streams(out: &mut String, report: &Report) -> std::fmt::Result {
    let sse = &report.sse;
    if sse.opened + sse.refused == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "streams    {} opened, {} moved, {} cut ({} inside an event), {} refused, {} stranded; \
         back in {} (p50), {} (max)",
        sse.opened,
        sse.moved,
        sse.cut,
        sse.cut_mid_event,
        sse.refused,
        sse.stranded,
        ms(sse.reconnect.p50_ms),
        ms(sse.reconnect.max_ms)
    )?;
    writeln!(
        out,
        "           {} events, {} gaps in their ids",
        sse.events, sse.id_gaps
    )
}

fn ms(ms: f64) -> String {
    format!("{ms:.1} ms")
}
