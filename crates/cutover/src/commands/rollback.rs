//! `cutover rollback`.

use coordinator::Coordinator;
use release::store::Store;
use rollout::ArtifactId;

use super::deploy::find;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{Fleet, Follow, Wanted, conclude, holder, plan_text, request};
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
    let to = match &args.version {
        Some(wanted) => {
            let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
            let id = find(&store, wanted)?;
            Some(ArtifactId::parse(&id.to_string()).or_fail(Kind::Other)?)
        }
        None => None,
    };
    let request = request(&settings, Wanted::Rollback { to })?;
    let holder = holder(context, "cutover rollback")?;
    context.block_on(async {
        let fleet = Fleet::reach(context).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?;
        let planned = coordinator.plan(request).await?;
        context.printer.note(&plan_text(planned.plan()));
        let mut follow = Follow::new(&context.printer);
        let outcome = coordinator.run(planned, &mut follow, None).await;
        drop(follow);
        conclude(context, &outcome?)
    })?
}
