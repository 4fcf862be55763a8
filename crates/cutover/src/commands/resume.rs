//! `cutover resume`.

use coordinator::{Attendance, Coordinator, Resume, Verb};
use rollout::{CommandDecision, ServiceKey};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{Fleet, Follow, VerbArgs, conclude, give, holder, unless_interrupted};
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
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?;
        let foreseen = coordinator.foresee(&service, Verb::Continue).await?;
        if foreseen.does_something && foreseen.driver.is_some() && args.release_command.is_none() {
            // Somebody drives it and waits: that one goes on.
            return give(context, Verb::Continue, &args.verb);
        }
        let mut follow = Follow::new(&context.printer);
        let attendance = Attendance::new(&mut follow).when_paused(args.verb.when_paused());
        let run = coordinator.resume(&service, resume, attendance);
        let outcome = unless_interrupted(&settings.key(), run).await;
        drop(follow);
        conclude(context, &outcome?)
    })?
}
