//! Performs one effect on one host. Each is idempotent, or looks first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent::api::v1::{InstanceState, InstanceStatus, Run, RunStatus};
use proxy::control::v1::{Commitment, Drain, ServiceStatus};
use rollout::{Action, ArtifactId, Plan, Readiness, Reply, RunOutcome};

use crate::facts::optional;
use crate::host::{Host, HostError};
use crate::request::ServiceSettings;

/// Time for a call that only passes something on.
const QUICK: Duration = Duration::from_secs(15);
/// Time, beyond the instance's own, for a start or a stop.
const SLOW: Duration = Duration::from_secs(120);
/// Time between two questions about a run.
const POLL: Duration = Duration::from_millis(200);

/// Everything an effect of a rollout is made of.
#[derive(Debug)]
pub(crate) struct Means {
    pub(crate) rollout: String,
    pub(crate) plan: Arc<Plan>,
    pub(crate) settings: ServiceSettings,
    /// Unknown where the rollout was taken over by a process that does not know it.
    pub(crate) env: Option<BTreeMap<String, String>>,
}

/// An effect that has no definite outcome.
#[derive(Debug)]
pub(crate) enum Undone {
    /// It is to be tried again.
    Again(String),
    /// Another coordinator has the service.
    Stale(String),
}

/// Performs an effect once.
pub(crate) async fn perform<H: Host>(
    host: &H,
    means: &Means,
    action: &Action,
) -> Result<Reply, Undone> {
    let time = match action {
        Action::Start { .. } | Action::Stop { .. } | Action::Clear { .. } => {
            SLOW + Duration::from_millis(means.settings.stop_timeout_ms)
        }
        Action::Run { .. } | Action::AwaitRun { .. } => {
            let own_ms = means
                .plan
                .release_command
                .as_ref()
                .map_or(0, |command| command.timeout_ms);
            SLOW + Duration::from_millis(own_ms)
        }
        _ => QUICK,
    };
    let tried = tokio::time::timeout(time, attempt(host, means, action)).await;
    match tried {
        Err(_) => Err(Undone::Again(format!(
            "no answer within {} s",
            time.as_secs()
        ))),
        Ok(Ok(reply)) => Ok(reply),
        // An instance that could not be started fails its rollout; all else is worth another try.
        Ok(Err(HostError::Failed { message })) if matches!(action, Action::Start { .. }) => {
            Ok(Reply::Refused { detail: message })
        }
        Ok(Err(HostError::Failed { message } | HostError::Unanswered { message })) => {
            Err(Undone::Again(message))
        }
        Ok(Err(HostError::Stale { message })) => Err(Undone::Stale(message)),
        Ok(Err(HostError::Refused { message, .. } | HostError::Absent { message })) => {
            Ok(Reply::Refused { detail: message })
        }
    }
}

async fn attempt<H: Host>(host: &H, means: &Means, action: &Action) -> Result<Reply, HostError> {
    let service = means.plan.service.as_str();
    match action {
        Action::Clear { instance } => {
            let id = instance.as_str();
            if optional(host.stop(id).await)?.is_some() {
                optional(host.remove(id).await)?;
            }
            Ok(Reply::Done)
        }
        Action::Start {
            instance,
            slot,
            artifact,
            readiness,
        } => start(host, means, instance.as_str(), *slot, artifact, *readiness).await,
        Action::Run { instance, attempt } => run(host, means, instance.as_str(), *attempt).await,
        Action::AwaitRun { attempt } => ended(host, means, *attempt).await,
        Action::Route { shares, commitment } => {
            host.route(service, &means.settings.route(shares, commitment))
                .await?;
            Ok(Reply::Done)
        }
        Action::Prepare => {
            let status = host.prepare(service).await?;
            Ok(holds(&status, &means.plan, &[]))
        }
        Action::Commit => {
            let status = host.commit(service).await?;
            Ok(holds(&status, &means.plan, &[Commitment::Committed]))
        }
        Action::Drain { artifact } => {
            let drain = Drain {
                artifact: artifact.to_string(),
                deadline_ms: means.plan.timing.drain_timeout_ms,
                sockets_per_second: means.plan.moving.sockets_per_second,
                close_code: means.plan.moving.close_code,
            };
            host.drain(service, &drain).await?;
            Ok(Reply::Done)
        }
        Action::KeepWarm { instance, for_ms } => {
            host.warm(instance.as_str(), *for_ms).await?;
            Ok(Reply::Done)
        }
        Action::Stop { instance } => {
            optional(host.stop(instance.as_str()).await)?;
            Ok(Reply::Done)
        }
    }
}

/// Checks that a proxy keeps the candidate's weights, and as firmly as asked.
fn holds(status: &ServiceStatus, plan: &Plan, firm: &[Commitment]) -> Reply {
    let candidate = plan.candidate.artifact.as_str();
    let weight = status
        .config
        .versions
        .iter()
        .find(|version| version.artifact == candidate)
        .map_or(0, |v| v.weight);
    let leased = matches!(status.config.commitment, Commitment::Leased { .. });
    if weight != 100 || leased || !(firm.is_empty() || firm.contains(&status.config.commitment)) {
        let commitment = &status.config.commitment;
        return Reply::Refused {
            detail: format!("the proxy gives the candidate {weight} %, {commitment:?}"),
        };
    }
    Reply::Done
}

async fn start<H: Host>(
    host: &H,
    means: &Means,
    id: &str,
    slot: u32,
    artifact: &ArtifactId,
    readiness: Readiness,
) -> Result<Reply, HostError> {
    let mut there =
        optional(host.instance(id).await)?.filter(|status| status.artifact == artifact.as_str());
    // It must not stop by itself between here and the route, which ends its being kept warm.
    if there
        .as_ref()
        .is_some_and(|status| runs(status) && status.warm_until_ms.is_some())
    {
        there = Some(host.warm(id, until_routed_ms(&means.plan)).await?);
    }
    match (there, &means.env) {
        (Some(status), _) if runs(&status) => {}
        // What is known to the host starts as it was: a way back is no place for new settings.
        (Some(_), env) if readiness != Readiness::Fresh || env.is_none() => {
            host.restart(id).await?;
        }
        (_, Some(env)) => {
            host.start(
                id,
                &means
                    .settings
                    .instance(&means.plan.service, artifact, slot, env),
            )
            .await?;
        }
        (_, None) => {
            let detail = "it was never started, and this process does not know its environment: resume from the \
                          project's directory, or abort";
            return Ok(Reply::Refused {
                detail: detail.into(),
            });
        }
    }
    Ok(Reply::Done)
}

fn runs(status: &InstanceStatus) -> bool {
    matches!(
        status.state,
        InstanceState::Running | InstanceState::BackingOff
    )
}

/// The longest that a started instance may wait for traffic, in milliseconds; at least the time it would
/// be kept warm anyway.
fn until_routed_ms(plan: &Plan) -> u64 {
    let timing = &plan.timing;
    let command_ms = plan
        .release_command
        .as_ref()
        .map_or(0, |command| command.timeout_ms);
    // The deadline for health counts anew after the command and after a resume; the way there may be slow.
    timing
        .healthy_deadline_ms
        .saturating_mul(2)
        .saturating_add(command_ms)
        .saturating_add(timing.progress_deadline_ms.saturating_mul(2))
        .max(timing.rollback_window_ms)
}

async fn run<H: Host>(
    host: &H,
    means: &Means,
    instance: &str,
    attempt: u32,
) -> Result<Reply, HostError> {
    let Some(command) = &means.plan.release_command else {
        return Ok(Reply::Done);
    };
    let id = run_id(means, attempt);
    let run = Run {
        instance: instance.into(),
        args: command.args.clone(),
        words: Vec::new(),
        env: BTreeMap::new(),
        timeout_ms: command.timeout_ms,
    };
    let begun = host.run(&id, &run).await?;
    let outcome = end_of(host, &id, begun).await?;
    Ok(Reply::Ran(outcome.unwrap_or(RunOutcome::Unknown)))
}

/// Waits for the end of a run that may be under way.
async fn ended<H: Host>(host: &H, means: &Means, attempt: u32) -> Result<Reply, HostError> {
    let id = run_id(means, attempt);
    let status = host.run_status(&id).await?;
    Ok(end_of(host, &id, status)
        .await?
        .map_or(Reply::Done, Reply::Ran))
}

fn run_id(means: &Means, attempt: u32) -> String {
    format!("{}-command-{attempt}", means.rollout)
}

/// Asks again until a run is no longer under way; nothing where there is none.
async fn end_of<H: Host>(
    host: &H,
    id: &str,
    mut status: RunStatus,
) -> Result<Option<RunOutcome>, HostError> {
    loop {
        match status {
            RunStatus::Running => {}
            RunStatus::Finished { exit, output } => {
                return Ok(Some(RunOutcome::Finished { exit, output }));
            }
            RunStatus::Unknown => return Ok(Some(RunOutcome::Unknown)),
            RunStatus::Absent => return Ok(None),
        }
        tokio::time::sleep(POLL).await;
        status = host.run_status(id).await?;
    }
}
