//! `cutover rollback`.

use coordinator::{Coordinator, WhenPaused};

use crate::context::Context;
use crate::failure::Failure;
use crate::rollouts::{Fleet, Lead, Wanted, carry_out, find_earlier, holder, request};
use crate::settings::Sections;

/// Bring an earlier version back
///
/// Without a version it is the one before this one that is not marked bad. While that is still kept
/// warm nothing has to start. The version that is left is marked bad. No release command runs: a
/// migration is not undone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The artifact to go back to: id, its first digits, or a version
    version: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let holder = holder(context, "cutover rollback")?;
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        let to = match &args.version {
            Some(wanted) => {
                Some(find_earlier(&Lead::of(context, &settings), &settings.key(), wanted).await?)
            }
            None => None,
        };
        let request = request(&settings, Wanted::Rollback { to })?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let planned = coordinator.plan(request).await?;
        carry_out(context, &coordinator, planned, WhenPaused::Stay).await
    })?
}
