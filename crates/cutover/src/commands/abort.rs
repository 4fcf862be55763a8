//! `cutover abort`.

use coordinator::{Attendance, Coordinator, Verb};
use rollout::{Phase, ServiceKey};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{Fleet, Follow, conclude, holder, unless_interrupted};
use crate::settings::Sections;

/// Give a rollout up: all traffic returns to the version that served before it
///
/// It works on a rollout that another process drives (which is told), and on one that was interrupted.
/// Past its point of no return, use `cutover rollback`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Only say what it would do
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let holder = holder(context, "cutover abort")?;
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let foreseen = coordinator.foresee(&service, Verb::Abort).await?;
        let steps: Vec<String> = foreseen
            .steps
            .iter()
            .map(|step| format!("\n    {step}"))
            .collect();
        let will = format!(
            "abort {}: {}{}",
            foreseen.rollout,
            foreseen.text,
            steps.concat()
        );
        if args.dry_run {
            let document = json!({
                "rollout": foreseen.rollout,
                "verb": "abort",
                "would_change": foreseen.does_something,
                "what": foreseen.text,
                "steps": foreseen.steps,
            });
            context.printer.result(&document, || will);
            return Ok(());
        }
        context.printer.note(&will);
        let mut follow = Follow::new(&context.printer);
        let attendance = Attendance::new(&mut follow);
        let run = coordinator.abort(&service, args.why.clone(), attendance);
        let outcome = unless_interrupted(&settings.key(), run).await;
        drop(follow);
        let outcome = outcome?;
        // To be given up is what was asked for here.
        if outcome.phase == Phase::Aborted && outcome.finished {
            let document =
                json!({"rollout": outcome.rollout, "phase": "aborted", "receipt": outcome.receipt});
            context.printer.result(&document, || {
                let receipt = outcome.receipt.as_ref();
                let receipt = receipt.map_or_else(String::new, |r| format!("\n{r}"));
                format!(
                    "rollout {} was given up; stable serves{receipt}",
                    outcome.rollout
                )
            });
            return Ok(());
        }
        conclude(context, &outcome)
    })?
}
