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
    let service = context.settings(Sections::default())?.key();
    let call = Call::Rollouts {
        service: Some(service.clone()),
        limit: args.number,
    };
    let rollouts = match context.block_on(Lead::of(context).ask(&call))?? {
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
        "purpose": summary.plan.purpose,
        "from": summary.plan.stable,
        "to": summary.plan.candidate,
        "by": summary.by,
        "began_ms": summary.began_ms,
        "updated_ms": summary.updated_ms,
        "cause": summary.cause,
        "receipt": summary.receipt,
    })
}

fn line(summary: &Summary) -> String {
    let phase = rollout::Phase::from(summary.phase);
    let short = |artifact: &str| artifact.get(..12).unwrap_or(artifact).to_owned();
    let to = &summary.plan.candidate;
    let from = summary.plan.stable.as_ref();
    let from = from.map_or_else(String::new, |v| format!("{} → ", short(&v.artifact)));
    let cause = summary.cause.as_deref();
    let cause = cause.map_or_else(String::new, |cause| format!("\n    {cause}"));
    format!(
        "{}  {:<11}  {from}{} {}  by {}, {}{cause}",
        summary.rollout,
        phase.word(),
        short(&to.artifact),
        to.vsn,
        summary.by,
        ago(summary.began_ms),
    )
}
