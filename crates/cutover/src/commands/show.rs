//! `cutover show`.

use coordinator::{Receipt, Stored};
use ledger::wire::v1::{Call, Record, Reply};
use rollout::Diagram;
use serde_json::json;

use super::history;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::{DIM, ago};
use crate::rollouts::{Format, Lead, unexpected, warnings_text, without_secrets};
use crate::settings::Sections;

/// Show a rollout: its plan, what happened, and its receipt
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rollout, such as `shop.production.3`, or its number [default: the newest]
    rollout: Option<String>,
    /// Also the journal: every event, and what was to be done about it
    #[arg(long)]
    journal: bool,
    /// How to show it: text, json, or a mermaid diagram of the plan with what happened to it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let record = context.block_on(find(args, context))??;
    let stored = stored(&record)?;
    let (plan, taken) = coordinator::taken(&record)?;
    let diagram = Diagram::with(&plan, &taken);
    if args.format == Format::Mermaid {
        context.printer.raw(diagram.mermaid().as_bytes());
        return Ok(());
    }
    let mut document = history::document(&record.summary);
    document["despite_freeze"] = json!(record.summary.despite_freeze);
    document["plan"] = without_secrets(json!(record.summary.plan));
    document["receipt"] = json!(stored.as_ref().and_then(|s| s.receipt.as_ref()));
    document["log"] = json!(stored.as_ref().and_then(|s| s.log.as_ref()));
    if args.journal {
        document["journal"] = json!(record.entries);
    }
    if args.format == Format::Json {
        context.printer.raw(format!("{document}\n").as_bytes());
        return Ok(());
    }
    let happened = diagram.text(sys::clock::now_ms());
    context.printer.result(&document, || {
        text(args, &record, &plan, &happened, stored.as_ref())
    });
    Ok(())
}

async fn find(args: &Args, context: &Context) -> Result<Record, Failure> {
    let settings = context.settings(Sections::default())?;
    let lead = Lead::of(context, &settings);
    let rollout = match &args.rollout {
        Some(id) if id.contains('.') => id.clone(),
        Some(number) => format!("{}.{number}", settings.key()),
        None => newest(&lead, settings.key()).await?,
    };
    let mut record = page(&lead, &rollout, 0).await?;
    while let (true, Some(last)) = (record.more, record.entries.last()) {
        let last = last.seq;
        record.join(page(&lead, &rollout, last).await?);
    }
    Ok(record)
}

/// Asks for a rollout with what its journal has after the entry `known`, as far as one answer holds.
async fn page(lead: &Lead, rollout: &str, known: u64) -> Result<Record, Failure> {
    let call = Call::Rollout {
        rollout: rollout.into(),
        after: Some(known),
    };
    match lead.ask(&call).await? {
        Reply::Rollout {
            rollout: Some(record),
        } => Ok(*record),
        Reply::Rollout { rollout: None } => Err(Failure::new(
            Kind::Usage,
            format!("the ledger knows no rollout {rollout}"),
        )
        .hint("`cutover history` lists them")),
        _ => Err(unexpected()),
    }
}

async fn newest(lead: &Lead, service: String) -> Result<String, Failure> {
    let call = Call::Rollouts {
        service: Some(service.clone()),
        limit: 1,
    };
    match lead.ask(&call).await? {
        Reply::Rollouts { rollouts } => match rollouts.into_iter().next() {
            Some(summary) => Ok(summary.rollout),
            None => Err(
                Failure::new(Kind::Usage, format!("{service} was never deployed here"))
                    .hint("`cutover deploy` does it"),
            ),
        },
        _ => Err(unexpected()),
    }
}

/// What the coordinator kept beside the rollout, if it did.
fn stored(record: &Record) -> Result<Option<Stored>, Failure> {
    let value = record.summary.receipt.clone();
    value
        .map(serde_json::from_value)
        .transpose()
        .or_fail_with(Kind::Other, || {
            format!("cannot read the receipt of {}", record.summary.rollout)
        })
}

fn text(
    args: &Args,
    record: &Record,
    plan: &rollout::Plan,
    happened: &str,
    stored: Option<&Stored>,
) -> String {
    let summary = &record.summary;
    let phase = rollout::Phase::from(summary.phase);
    let mut parts = vec![format!(
        "{} {phase}, begun {} by {}",
        summary.rollout,
        ago(summary.began_ms),
        summary.by
    )];
    parts.extend(
        summary
            .despite_freeze
            .as_ref()
            .map(|why| format!("despite a freeze: {why}")),
    );
    parts.extend(
        summary
            .cause
            .as_ref()
            .map(|cause| format!("cause: {cause}")),
    );
    parts.push(format!("\n{happened}{}", warnings_text(plan)));
    let receipt: Option<&Receipt> = stored.and_then(|s| s.receipt.as_ref());
    parts.extend(receipt.map(|receipt| format!("\n{receipt}")));
    if let Some(log) = stored.and_then(|s| s.log.as_ref()) {
        parts.push(format!(
            "\nthe end of the log of {}\n{}",
            log.instance, log.text
        ));
    }
    if args.journal {
        parts.push("\njournal".to_owned());
        let began = record.entries.first().map_or(0, |entry| entry.at_ms);
        parts.extend(record.entries.iter().map(|entry| {
            let event = entry
                .body
                .get("event")
                .map_or_else(String::new, ToString::to_string);
            let at = entry.at_ms.saturating_sub(began) as f64 / 1000.0;
            let intents = entry.body.get("intents").and_then(|it| it.as_array());
            let intents: String = intents
                .into_iter()
                .flatten()
                .filter_map(|intent| intent.as_str())
                .map(|intent| format!("\n{:>13}→ {intent}", ""))
                .collect();
            format!("{:>4} {at:>7.1} s {DIM}{event}{DIM:#}{intents}", entry.seq)
        }));
    }
    parts.join("\n")
}
