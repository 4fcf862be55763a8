//! Giving a verb to a rollout in front of a person: what it will do, then the doing.

use coordinator::{Answered, Attendance, Coordinator, Order, Verb, WhenPaused};
use rollout::ServiceKey;
use serde_json::json;

use super::{Fleet, Follow, conclude, holder, unless_interrupted};
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::settings::Sections;

/// What every verb takes.
#[derive(Debug, clap::Args)]
pub(crate) struct VerbArgs {
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Only say what it would do
    #[arg(long)]
    dry_run: bool,
    /// Where this process takes the rollout over: go on watching while a person is waited for
    #[arg(long)]
    wait: bool,
}

impl VerbArgs {
    /// Whether nothing is to be done.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// What a driver does while a person is waited for.
    pub(crate) fn when_paused(&self) -> WhenPaused {
        when_paused(self.wait)
    }
}

/// A driver stays where it was asked to; else it leaves a waiting rollout to whoever acts.
pub(crate) fn when_paused(wait: bool) -> WhenPaused {
    if wait {
        WhenPaused::Stay
    } else {
        WhenPaused::Leave
    }
}

/// Says what a verb will do, has it done, and says what came of it.
pub(crate) fn give(context: &Context, verb: Verb, args: &VerbArgs) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let word = verb.word();
    let holder = holder(context, &format!("cutover {word}"))?;
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let foreseen = coordinator.foresee(&service, verb).await?;
        let steps: Vec<String> = foreseen.steps.iter().map(|step| format!("\n    {step}")).collect();
        let will = format!("{word} {}: {}{}", foreseen.rollout, foreseen.text, steps.concat());
        if args.dry_run || !foreseen.does_something {
            let document = json!({
                "rollout": foreseen.rollout,
                "verb": word,
                "would_change": foreseen.does_something,
                "what": foreseen.text,
                "steps": foreseen.steps,
            });
            context.printer.result(&document, || will);
            return Ok(());
        }
        context.printer.note(&will);
        let order = Order {
            verb,
            why: args.why.clone(),
        };
        let mut follow = Follow::new(&context.printer);
        let attendance = Attendance::new(&mut follow).when_paused(args.when_paused());
        let run = coordinator.order(&service, order, Some(settings.env.clone()), attendance);
        let answered = unless_interrupted(&settings.key(), run).await;
        drop(follow);
        match answered? {
            Answered::Nothing(foreseen) => {
                let document = json!({"rollout": foreseen.rollout, "verb": word, "would_change": false});
                context.printer.result(&document, || foreseen.text.clone());
                Ok(())
            }
            Answered::Taken { driver, at_ms } => {
                let document = json!({"rollout": foreseen.rollout, "verb": word, "taken_by": driver, "at_ms": at_ms});
                context.printer.result(&document, || format!("{driver} has taken it"));
                Ok(())
            }
            Answered::Left { driver } => Err(Failure::new(
                Kind::Unfinished,
                format!("{driver} drives the rollout and has not taken `{word}` yet; it is left for it"),
            )
            .hint("`cutover watch` shows whether it does; `cutover lock` shows who that is")),
            Answered::Drove(outcome) => conclude(context, &outcome),
        }
    })?
}
