//! `cutover plan`.

use coordinator::Coordinator;
use release::Store;
use rollout::{Chosen, PlanError};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{
    Fleet, Wanted, find, holder, plan_document, plan_text, request, unchanged, warnings_text,
};
use crate::settings::Sections;

/// Show what a deploy would do, and change nothing in service
///
/// Plans for the newest artifact, or the one named; build it first. The artifact is brought to the
/// hosts and verified there.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Plan for this artifact: id, its first digits, or a version
    #[arg(long, value_name = "ID", default_value = "latest")]
    artifact: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
    let (id, manifest) = find(context, &settings, &store, &args.artifact)?;
    let wanted = Wanted::Deploy {
        manifest: Box::new(manifest),
        artifact: id,
        chosen: Chosen::ByName,
    };
    let request = request(&settings, wanted)?;
    let holder = holder(context, "cutover plan")?;
    context.block_on(async {
        let fleet = Fleet::reach(context).await?;
        fleet.check_listen(&settings).await?;
        fleet.deliver(context, &store, &id).await?;
        let planned = match Coordinator::new(fleet.hosts, holder)?.plan(request).await {
            Err(coordinator::Error::Plan(PlanError::ServesAlready { service, artifact })) => {
                unchanged(context, &artifact, &service);
                return Ok(());
            }
            planned => planned?,
        };
        let plan = planned.plan();
        context.printer.result(&plan_document(plan), || {
            plan_text(plan) + &warnings_text(plan)
        });
        Ok(())
    })?
}
