//! `cutover deploy`.

use agent::api::v1::InstanceState;
use agent::client::Client;
use coordinator::Coordinator;
use ledger::wire::v1::Holder;
use project::Start;
use release::Store;
use rollout::{Chosen, HostId, PlanError, ServiceKey};

use crate::build;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::rollouts::{
    Fleet, Lead, Wanted, carry_out, find, holder, request, unchanged, when_paused,
};
use crate::settings::{Resolved, Sections};

/// Build the project and bring the new version into service
///
/// How it takes over is the strategy's: blue-green (all traffic at once, the default), canary (a growing
/// part of it) or rolling (host by host). If the new version fails before the point of no return,
/// everything returns to the earlier one by itself. `cutover plan` shows all of it before.
///
/// Exit codes: 0 done; 3 bad settings; 4 the build failed; 5 the artifact is not what it should be; 6 the
/// new version was given up and the earlier one serves; 7 the rollout waits for a person, or hosts were set
/// aside; 8 somebody else is at it, or the environment is frozen; 9 the agent does not answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Deploy this artifact (id, its first digits, `latest`, or a version) instead of building
    #[arg(long, value_name = "ID")]
    artifact: Option<String>,
    /// Carry out the plan with this digest, as `cutover plan` showed it, and no other
    #[arg(long, value_name = "DIGEST")]
    plan: Option<String>,
    /// Begin although the environment is frozen, and say why
    #[arg(long, value_name = "WHY")]
    despite_freeze: Option<String>,
    /// Go on watching while a person is waited for; else the deploy ends there with exit code 7
    #[arg(long)]
    wait: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let settings = context.settings(Sections::default())?;
    let holder = holder(context, "cutover deploy")?;
    context.block_on(refuse_early(context, &settings, &holder))??;
    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
    let (id, manifest, chosen) = match &args.artifact {
        Some(wanted) => {
            let (id, manifest) = find(context, &settings, &store, wanted)?;
            (id, manifest, Chosen::ByName)
        }
        None => {
            let start = if settings.build.clean {
                Start::Clean
            } else {
                Start::Incremental
            };
            let built = build::build(context, &settings, start)?;
            (built.packed.id, built.packed.manifest, Chosen::ByRule)
        }
    };
    let wanted = Wanted::Deploy {
        manifest: Box::new(manifest),
        artifact: id,
        chosen,
    };
    let request = request(&settings, wanted)?;
    context.block_on(async {
        let fleet = Fleet::reach(context, &settings).await?;
        fleet.check_listen(&settings).await?;
        fleet.deliver(context, &store, &id).await?;
        let (_, lead) = fleet.lead();
        let coordinator = Coordinator::new(fleet.hosts, holder)?.in_dir(&settings.dir);
        let planned = match coordinator.plan(request).await {
            Err(coordinator::Error::Plan(PlanError::ServesAlready { service, artifact })) => {
                unchanged(context, &artifact, &service);
                return warn_of_environment(context, &lead, &settings).await;
            }
            planned => planned?,
        };
        if let Some(digest) = &args.plan {
            planned.is_as_shown(digest)?;
        }
        let planned = match &args.despite_freeze {
            Some(why) => planned.despite_freeze(why.clone()),
            None => planned,
        };
        carry_out(context, &coordinator, planned, when_paused(args.wait)).await
    })?
}

/// Refuses before a build where somebody else is at work on the service. An agent that does not run yet
/// knows of nobody.
async fn refuse_early(
    context: &Context,
    settings: &Resolved,
    holder: &Holder,
) -> Result<(), Failure> {
    let lead = Lead::of(context, settings).client;
    let Ok(info) = lead.info().await else {
        return Ok(());
    };
    let service = ServiceKey::parse(&settings.key()).or_fail(Kind::Configuration)?;
    let host = HostId::parse(&info.host).or_fail(Kind::Other)?;
    let coordinator = Coordinator::new(vec![(host, lead)], holder.clone())?;
    Ok(coordinator.check_free(&service).await?)
}

/// Says which variables of the settings the running instances do not have: they get theirs at their start,
/// and the same artifact is not started anew.
async fn warn_of_environment(
    context: &Context,
    agent: &Client,
    settings: &Resolved,
) -> Result<(), Failure> {
    for instance in agent.instances().await? {
        if instance.service != settings.key() || instance.state != InstanceState::Running {
            continue;
        }
        let has = agent.launch(&instance.id).await?.env;
        let differ: Vec<&str> = settings
            .env
            .iter()
            .filter(|(name, value)| has.get(*name) != Some(value))
            .map(|(name, _)| name.as_str())
            .collect();
        if !differ.is_empty() {
            context.printer.warn(&format!(
                "{} runs with another {} than the settings have; it comes in with the next version, for \
                 an environment alone is not deployed",
                instance.id,
                differ.join(", ")
            ));
        }
    }
    Ok(())
}
