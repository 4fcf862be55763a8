//! `cutover plan`.

use coordinator::Coordinator;
use release::Store;
use rollout::{Chosen, Diagram, PlanError};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{
    Fleet, Format, Wanted, find, holder, plan_document, plan_text, request, unchanged,
    warnings_text,
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
    /// How to show it: text, json, or a mermaid diagram
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
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
        let fleet = Fleet::reach(context, &settings).await?;
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
        let digest = planned.digest()?;
        match args.format {
            Format::Mermaid => context.printer.raw(Diagram::of(plan).mermaid().as_bytes()),
            Format::Json => {
                let document = plan_document(&planned, Some(&digest));
                context.printer.raw(format!("{document}\n").as_bytes());
            },
            Format::Text => context.printer.result(&plan_document(&planned, Some(&digest)), || {
                format!(
                    "{}{}\n  `cutover deploy --artifact {} --plan {digest}` carries out exactly this",
                    plan_text(&planned),
                    warnings_text(plan),
                    id.short()
                )
            }),
        }
        Ok(())
    })?
}
