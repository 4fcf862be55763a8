//! `cutover history`.

use ledger::wire::v1::{Call, Reply, Summary};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::printer::ago;
use crate::rollouts::{Lead, unexpected};
use crate::settings::Sections;

/// List the rollouts of the service, newest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many at most
    #[arg(long, short, default_value_t = 20)]
    number: u32,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let service = settings.key();
    let call = Call::Rollouts {
        service: Some(service.clone()),
        limit: args.number,
    };
    let rollouts = match context.block_on(Lead::of(context, &settings).ask(&call))?? {
        Reply::Rollouts { rollouts } => rollouts,
        _ => {
            return Err(unexpected());
        }
    };
    let documents: Vec<Value> = rollouts.iter().map(document).collect();
    context.printer.result(&documents, || {
        if rollouts.is_empty() {
            return format!("{service} was never deployed here");
        }
        let lines: Vec<String> = rollouts.iter().map(line).collect();
        lines.join("\n")
    });
    Ok(())
}

/// A rollout without its journal, for programs.
pub(crate) fn document(summary: &Summary) -> Value {
    json!({
        "rollout": summary.rollout,
        "phase": summary.phase,
        "finished": summary.finished,
        "purpose": summary.plan.body.get("purpose"),
        "from": summary.plan.body.get("stable"),
        "to": summary.plan.body.get("candidate"),
        "by": summary.by,
        "began_ms": summary.began_ms,
        "updated_ms": summary.updated_ms,
        "cause": summary.cause,
        "receipt": summary.receipt,
    })
}

fn line(summary: &Summary) -> String {
    let phase = rollout::Phase::from(summary.phase);
    let word = |of: &str, what: &str| {
        let version = summary.plan.body.get(of)?;
        Some(version.get(what)?.as_str()?.to_owned())
    };
    let short = |of: &str| word(of, "artifact").map(|it| it.chars().take(12).collect::<String>());
    let from = short("stable").map_or_else(String::new, |from| format!("{from} → "));
    let cause = summary.cause.as_deref();
    let cause = cause.map_or_else(String::new, |cause| format!("\n    {cause}"));
    format!(
        "{}  {:<11}  {from}{} {}  by {}, {}{cause}",
        summary.rollout,
        phase.word(),
        short("candidate").unwrap_or_default(),
        word("candidate", "vsn").unwrap_or_default(),
        summary.by,
        ago(summary.began_ms),
    )
}
