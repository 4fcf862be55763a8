//! `cutover release verdict`.

use ::verdict::{Answer, Place, Reason, Severity, Verdict};
use relup::Direction;
use serde_json::{Value, json};

use super::judged::JudgedPair;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::printer::{BAD, DIM, GOOD};

/// Say whether a hot upgrade from A to B is safe, with every reason
///
/// Exits with 0 where it is, with 10 where it is not or where it cannot be seen.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pair: JudgedPair,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (a, b, judged) = args.pair.judge(context)?;
    let (from, to) = (&a.release.vsn, &b.release.vsn);
    let verdict = &judged.verdict;
    context.printer.result(&document(verdict), || {
        text(&b.release.name, from, to, verdict)
    });
    match verdict.is_hot() {
        true => Ok(()),
        false => Err(Failure::new(
            Kind::NotSafe,
            format!(
                "a hot upgrade of {} from {from} to {to} is not safe",
                b.release.name
            ),
        )),
    }
}

/// The verdict as JSON.
pub(super) fn document(verdict: &Verdict) -> Value {
    let reasons = verdict.reasons.iter().map(|reason| {
        json!({
            "kind": reason.kind.name(),
            "severity": reason.severity.name(),
            "application": reason.place.application,
            "module": reason.place.module,
            "detail": detail(reason),
            "remedy": reason.remedy,
        })
    });
    json!({
        "hot": verdict.is_hot(),
        "direction": {"up": verdict.up.name(), "down": verdict.down.name()},
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

fn detail(reason: &Reason) -> String {
    match reason.direction {
        None => reason.detail.clone(),
        Some(Direction::Up) => format!("on the way up: {}", reason.detail),
        Some(Direction::Down) => format!("on the way back: {}", reason.detail),
    }
}

fn text(name: &str, from: &str, to: &str, verdict: &Verdict) -> String {
    let answer = |answer| match answer {
        Answer::Safe => format!("{GOOD}safe{GOOD:#}"),
        Answer::NotSafe => format!("{BAD}not safe{BAD:#}"),
    };
    let mut lines = vec![
        format!(
            "hot upgrade of {name} {from} → {to}: {}",
            answer(verdict.up)
        ),
        format!("and back {to} → {from}: {}", answer(verdict.down)),
    ];
    for reason in &verdict.reasons {
        lines.push(format!("\n{}", line(reason)));
        if !reason.remedy.is_empty() {
            lines.push(format!("    {DIM}{}{DIM:#}", reason.remedy));
        }
    }
    lines.join("\n")
}

/// A reason in one line, without its remedy.
pub(super) fn line(reason: &Reason) -> String {
    let style = match reason.severity {
        Severity::Refusal | Severity::Doubt => BAD,
        Severity::Note => DIM,
    };
    let severity = reason.severity.name();
    let place = match &reason.place {
        Place {
            module: Some(module),
            ..
        } => format!("{module}: "),
        Place {
            application: Some(application),
            ..
        } => format!("{application}: "),
        Place { .. } => String::new(),
    };
    let kind = reason.kind.name();
    format!(
        "  {style}{severity}{style:#} {place}{} {DIM}({kind}){DIM:#}",
        detail(reason)
    )
}
