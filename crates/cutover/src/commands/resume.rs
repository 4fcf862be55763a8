//! `cutover resume`.

use coordinator::{Coordinator, Resume};
use rollout::{CommandDecision, ServiceKey};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{Fleet, Follow, conclude, holder, unless_interrupted};
use crate::settings::Sections;

/// Take up a rollout that was interrupted or is paused, and bring it to its end
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What became of the release command, where nobody saw its end: it did its work, or is to run again
    #[arg(long, value_name = "done|again")]
    release_command: Option<Decision>,
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
        let fleet = Fleet::reach(context).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?;
        let mut follow = Follow::new(&context.printer);
        let run = coordinator.resume(&service, resume, &mut follow);
        let outcome = unless_interrupted(&settings.key(), run).await;
        drop(follow);
        conclude(context, &outcome?)
    })?
}
