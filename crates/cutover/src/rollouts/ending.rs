//! How a rollout's end becomes what is printed, and an exit code.

use coordinator::{LogTail, Outcome};
use rollout::{ArtifactId, Phase, ServiceKey};
use serde_json::json;

use crate::boot_error;
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// Prints the receipt of a rollout that did what was asked, or makes the failure that says why not.
pub(crate) fn conclude(context: &Context, outcome: &Outcome) -> Result<(), Failure> {
    let document = json!({
        "rollout": outcome.rollout,
        "phase": outcome.phase.word(),
        "finished": outcome.finished,
        "cause": outcome.cause,
        "hosts_behind": outcome.hosts_behind.iter()
            .map(|(host, detail)| json!({"host": host.to_string(), "detail": detail}))
            .collect::<Vec<_>>(),
        "receipt": outcome.receipt,
    });
    let receipt = || {
        outcome
            .receipt
            .as_ref()
            .map_or(String::new(), ToString::to_string)
    };
    let good = outcome.finished && matches!(outcome.phase, Phase::Healthy | Phase::RolledBack);
    if good {
        context.printer.result(&document, receipt);
        return Ok(());
    }
    // The receipt of a failed rollout is for people; programs find it in `cutover show --json`.
    if outcome.receipt.as_ref().is_some_and(|r| r.requests > 0) {
        context.printer.line(&receipt());
    }
    Err(failure(outcome))
}

/// Says that the artifact serves already, so that nothing is to be done.
pub(crate) fn unchanged(context: &Context, artifact: &ArtifactId, service: &ServiceKey) {
    let document = json!({"changed": false, "artifact": artifact.to_string()});
    context.printer.result(&document, || {
        format!(
            "nothing to do: {} serves {service} already",
            artifact.short()
        )
    });
}

fn failure(outcome: &Outcome) -> Failure {
    let cause = outcome.cause.as_deref().unwrap_or("no cause is known");
    let rollout = &outcome.rollout;
    let had_stable = outcome.receipt.as_ref().is_none_or(|r| r.from.is_some());
    let serves = if had_stable {
        "stable serves"
    } else {
        "nothing serves, as before"
    };
    let failure = match (outcome.phase, outcome.finished) {
        (Phase::Aborted, _) => Failure::new(
            Kind::Reverted,
            format!("rollout {rollout} was given up and {serves}: {cause}"),
        )
        .hint(format!(
            "`cutover show {rollout}` has every step and the receipt"
        )),
        (Phase::Paused, _) => waiting(rollout, cause),
        (Phase::Degraded, true) => Failure::new(
            Kind::Unfinished,
            format!("rollout {rollout} is at its end, but for hosts that were set aside: {cause}"),
        )
        .hint("`cutover retry` brings them up; until then they serve what they served"),
        (phase, _) => Failure::new(
            Kind::Unfinished,
            format!("rollout {rollout} is {phase} and not at its end: {cause}"),
        )
        .hint("`cutover resume` goes on, `cutover abort` returns to stable"),
    };
    let failure = outcome
        .hosts_behind
        .iter()
        .fold(failure, |failure, (host, detail)| {
            failure.hint(format!("{host} is behind: {detail}"))
        });
    match &outcome.log {
        Some(log) => with_log(failure, log),
        None => failure,
    }
}

/// The failure of a rollout that waits for a person.
fn waiting(rollout: &str, cause: &str) -> Failure {
    let failure = Failure::new(
        Kind::Unfinished,
        format!("rollout {rollout} is paused: {cause}"),
    );
    if cause.contains("release command") {
        return failure
            .hint("`cutover resume --release-command done` goes on if it did its work")
            .hint("`cutover resume --release-command again` runs it again, `cutover abort` returns to stable");
    }
    failure
        .hint("`cutover promote` goes on, `cutover abort` returns to stable")
        .hint("`cutover resume` takes a pause back that a person asked for")
}

/// Shows the end of the log that is to blame, and reads from it what a person should do.
fn with_log(mut failure: Failure, log: &LogTail) -> Failure {
    if let Some(hint) = boot_error::hint(&log.text) {
        failure = failure.hint(hint);
    }
    if failure.message.contains("the instance listens on") {
        failure = failure.hint(
            "the app must listen on the port that it is told in PORT (http_port in cutover.toml): see \
             config/runtime.exs",
        );
    }
    failure
        .hint(format!(
            "`cutover app logs --instance {}` has the rest of its log",
            log.instance
        ))
        .output(&end(&log.text))
}

/// The lines of a log that a person wants to see, each short enough to be read, for a BEAM's crash report
/// has lines of kilobytes: from the last exception on, else the last ones.
fn end(log: &str) -> String {
    const LINES_MAX: usize = 16;
    const LINE_CHARS_MAX: usize = 200;
    let lines: Vec<String> = log
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(|line| match line.char_indices().nth(LINE_CHARS_MAX) {
            Some((at, _)) => format!("{} …", &line[..at]),
            None => line.to_owned(),
        })
        .collect();
    let exception = lines
        .iter()
        .rposition(|line| line.trim_start().starts_with("** ("));
    let from = match exception {
        // The line before it says where it happened.
        Some(at) => at.saturating_sub(1),
        None => lines.len().saturating_sub(LINES_MAX),
    };
    let to = lines.len().min(from + LINES_MAX);
    lines[from..to].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_cut_to_what_a_person_reads() {
        let log = format!("first\n{}\n\n{}", "line\n".repeat(40), "ü".repeat(1000));
        let end = end(&log);
        assert_eq!(end.lines().count(), 16);
        assert!(!end.contains("first"));
        let last = end.lines().last().unwrap();
        assert!(last.chars().count() == 202 && last.ends_with('…'));

        let raised = format!(
            "boot\nERROR!\n** (RuntimeError) no key\n  at\n{}",
            "dump\n".repeat(40)
        );
        assert!(super::end(&raised).starts_with("ERROR!\n** (RuntimeError) no key"));
    }
}
