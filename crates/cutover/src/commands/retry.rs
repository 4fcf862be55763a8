//! `cutover retry`.

use coordinator::{Coordinator, Error, Target, Verb};
use ledger::wire::v1::{Call, Reply};
use release::Store;
use rollout::{ArtifactId, Chosen, PlanError, ServiceKey, Version};

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{
    Fleet, Lead, VerbArgs, Wanted, carry_out, give, holder, request, unchanged, unexpected,
};
use crate::settings::{Resolved, Sections};

/// Try again what a rollout was refused, lost or set aside
///
/// Where the last rollout of the service is at its end and was given up, or left hosts behind, it begins a
/// new one of the same artifact, for the hosts that do not have it yet.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    verb: VerbArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let lead = Lead::of(context, &settings);
    let call = Call::Service {
        service: settings.key(),
    };
    let is_unfinished = match context.block_on(lead.ask(&call))?? {
        Reply::Service { unfinished, .. } => unfinished.is_some(),
        _ => return Err(unexpected()),
    };
    if is_unfinished {
        return give(context, Verb::Retry, &args.verb);
    }
    let candidate = context.block_on(last_candidate(&lead, &settings))??;
    again(args, context, &settings, candidate)
}

/// The version that the last rollout of the service was to bring in.
async fn last_candidate(lead: &Lead, settings: &Resolved) -> Result<Version, Failure> {
    let service = settings.key();
    let call = Call::Rollouts {
        service: Some(service.clone()),
        limit: 1,
    };
    let Reply::Rollouts { rollouts } = lead.ask(&call).await? else {
        return Err(unexpected());
    };
    let last = rollouts.first().ok_or_else(|| {
        Failure::new(Kind::Usage, format!("{service} was never deployed here"))
            .hint("`cutover deploy` does it")
    })?;
    let word = |name: &str| {
        last.plan.body["candidate"][name]
            .as_str()
            .unwrap_or_default()
    };
    Ok(Version {
        artifact: ArtifactId::parse(word("artifact")).or_fail(Kind::Other)?,
        vsn: word("vsn").to_owned(),
    })
}

fn again(
    args: &Args,
    context: &Context,
    settings: &Resolved,
    candidate: Version,
) -> Result<(), Failure> {
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
    let found = store
        .find(candidate.artifact.as_str())
        .or_fail(Kind::Other)?;
    let manifest = store.manifest(&found.id).or_fail(Kind::Verification)?;
    let mut request = request(
        settings,
        Wanted::Deploy {
            manifest: Box::new(manifest),
            artifact: found.id,
            chosen: Chosen::ByName,
        },
    )?;
    request.target = Target::Deploy {
        version: candidate,
        chosen: Chosen::ByName,
    };
    let holder = holder(context, "cutover retry")?;
    context.block_on(async {
        let fleet = Fleet::reach(context, settings).await?;
        fleet.deliver(context, &store, &found.id).await?;
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let planned = match coordinator.plan(request).await {
            Err(Error::Plan(PlanError::ServesAlready { artifact, .. })) => {
                unchanged(context, &artifact, &service);
                return Ok(());
            }
            planned => planned?,
        };
        if args.verb.is_dry_run() {
            context.printer.line(&crate::rollouts::plan_text(&planned));
            return Ok(());
        }
        carry_out(context, &coordinator, planned, args.verb.when_paused()).await
    })?
}
