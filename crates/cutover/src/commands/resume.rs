//! `cutover resume`.

use coordinator::{Attendance, Coordinator, Resume, Verb};
use rollout::{CommandDecision, ServiceKey};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{Fleet, VerbArgs, conclude, give, holder, tended};
use crate::settings::Sections;

/// Take up a rollout that was interrupted or that a person paused, and bring it to its end
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What became of the release command, where nobody saw its end: it did its work, or is to run again
    #[arg(long, value_name = "done|again")]
    release_command: Option<Decision>,
    #[command(flatten)]
    verb: VerbArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Decision {
    Done,
    Again,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let resume = Resume {
        command: args.release_command.map(|decision| match decision {
            Decision::Done => CommandDecision::Done,
            Decision::Again => CommandDecision::Again,
        }),
        env: Some(settings.env.clone()),
    };
    let holder = holder(context, "cutover resume")?;
    let foreseen = context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder.clone())?.in_dir(&settings.dir);
        Ok::<_, Failure>(coordinator.foresee(&service, Verb::Continue).await?)
    })??;
    let is_driven = foreseen.driver.is_some();
    if foreseen.does_something && is_driven && args.release_command.is_none() {
        // Somebody drives it and waits: that one goes on.
        return give(context, Verb::Continue, &args.verb);
    }
    if args.verb.is_dry_run() {
        let what = match (&foreseen.driver, foreseen.does_something) {
            (Some(driver), _) => format!("nothing: {driver} drives it"),
            (None, true) => foreseen.text.clone(),
            (None, false) => {
                "it takes the rollout up where it was left, proves health anew and brings it to its end"
                    .to_owned()
            }
        };
        let document = json!({
            "rollout": foreseen.rollout,
            "verb": "resume",
            "would_change": !is_driven,
            "what": what,
        });
        context
            .printer
            .result(&document, || format!("resume {}: {what}", foreseen.rollout));
        return Ok(());
    }
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let run = async |attendance: Attendance<'_>| {
            coordinator.resume(&service, resume, attendance).await
        };
        let when_paused = args.verb.when_paused();
        let outcome = tended(context, &settings.key(), when_paused, run).await?;
        conclude(context, &outcome)
    })?
}
