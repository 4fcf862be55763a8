//! Performs one effect on one host, once. Each is idempotent, or looks first.
//!
//! Nothing here sleeps, polls or spawns: what is under way is told as [`Attempt::Running`], and whoever
//! calls asks again. So it runs to its end without a runtime on a [`Host`] whose calls are ready at once,
//! which is how the engine is simulated with the very code that performs it.

mod jobs;
mod route;
mod start;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent::api::v1::Ready;
use proxy::control::v1::{Commitment, Drain};
use rollout::{Action, EffectId, Plan, Reply};

use crate::facts::optional;
use crate::host::{Host, HostError, Hot};
use crate::request::ServiceSettings;

pub(crate) use jobs::words_of;

/// Time for a call that only passes something on.
const QUICK: Duration = Duration::from_secs(15);
/// Time, beyond the instance's own, for a start or a stop.
const SLOW: Duration = Duration::from_secs(120);

/// Everything an effect of a rollout is made of.
#[derive(Debug)]
pub struct Means {
    /// The rollout's id.
    pub rollout: String,
    /// What is carried out.
    pub plan: Arc<Plan>,
    /// How instances run and where they are reached.
    pub settings: ServiceSettings,
    /// Their environment; unknown where the rollout was taken over by a process that does not know it.
    pub env: Option<BTreeMap<String, String>>,
    /// The directory in which commands beside the coordinator run; that of its process if there is none.
    pub dir: Option<PathBuf>,
}

/// Where a rollout stood when an effect was asked for; what hooks are told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// The step's name.
    pub step: String,
    /// The phase's word.
    pub phase: String,
    /// The candidate's weight in percent, the highest of any host.
    pub weight: u8,
    /// Who drives the rollout, `user@host`.
    pub by: String,
    /// Why the candidate was given up, if it was.
    pub reason: Option<String>,
}

/// One effect at one time.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The effect's id.
    pub id: EffectId,
    /// Counts from 1 how often a hook that waits was begun, for it is begun anew until it agrees.
    pub round: u32,
    /// What is asked of the host.
    pub action: &'a Action,
    /// When it was asked for.
    pub moment: &'a Moment,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt {
    /// It has a definite reply.
    Reply(Reply),
    /// It is under way: to be asked again, with the same round, in a moment.
    Running,
    /// A hook that waits did not agree, with its words: to be begun anew, with the next round, in a while.
    Disagreed(String),
    /// Nobody knows whether it was done, or it was not: to be tried again.
    Again(String),
    /// Another coordinator has the service: nothing more may be done.
    Stale(String),
}

/// Returns how long one attempt may take, beyond which nobody knows what came of it.
pub fn time_for(means: &Means, action: &Action) -> Duration {
    let stop_ms = means.settings.stop_timeout_ms;
    match action {
        Action::Start { .. } | Action::Stop { .. } | Action::Clear { .. } => {
            SLOW + Duration::from_millis(stop_ms)
        }
        Action::Hot { .. } | Action::HotBack { .. } => SLOW,
        _ => QUICK,
    }
}

/// Performs an effect once.
pub async fn attempt<H: Host>(host: &H, means: &Means, deed: &Deed<'_>) -> Attempt {
    match carry(host, means, deed).await {
        Ok(attempt) => attempt,
        // An instance that could not be started fails its rollout; all else is worth another try.
        Err(HostError::Failed { message }) if matches!(deed.action, Action::Start { .. }) => {
            Attempt::Reply(Reply::Refused { detail: message })
        }
        Err(HostError::Failed { message } | HostError::Unanswered { message }) => {
            Attempt::Again(message)
        }
        Err(HostError::Stale { message }) => Attempt::Stale(message),
        Err(HostError::Refused { message, .. } | HostError::Absent { message }) => {
            Attempt::Reply(Reply::Refused { detail: message })
        }
    }
}

async fn carry<H: Host>(host: &H, means: &Means, deed: &Deed<'_>) -> Result<Attempt, HostError> {
    let service = means.plan.service.as_str();
    match deed.action {
        Action::Clear { instance } => {
            let id = instance.as_str();
            if optional(host.stop(id).await)?.is_some() {
                optional(host.remove(id).await)?;
            }
        }
        Action::Start {
            instance,
            slot,
            artifact,
            readiness,
        } => {
            return start::start(host, means, instance.as_str(), *slot, artifact, *readiness).await;
        }
        Action::Run { instance, attempt } => {
            return jobs::command(host, means, instance, *attempt).await;
        }
        Action::AwaitRun { attempt } => return jobs::ended(host, means, *attempt).await,
        Action::Background { instance, turn } => {
            return jobs::background(host, means, deed.id, instance, *turn).await;
        }
        Action::Hook { hook, instance } => {
            return jobs::hook(host, means, deed, *hook, instance).await;
        }
        Action::Route {
            shares,
            commitment,
            testers,
            stickiness,
        } => {
            let wanted = route::Wanted {
                shares,
                commitment,
                testers: testers.as_ref(),
                stickiness: *stickiness,
            };
            return route::route(host, means, &wanted).await;
        }
        Action::Ready { ready } => {
            let ready = Ready {
                ready: *ready,
                path: means.settings.readiness.clone(),
            };
            host.ready(service, &ready).await?;
        }
        Action::Prepare => {
            let status = host.prepare(service).await?;
            return Ok(route::holds(&status, &means.plan, &[]));
        }
        Action::Commit => {
            let status = host.commit(service).await?;
            return Ok(route::holds(&status, &means.plan, &[Commitment::Committed]));
        }
        Action::Drain { artifact } => {
            let drain = Drain {
                artifact: artifact.to_string(),
                deadline_ms: means.plan.timing.drain_timeout_ms,
                sockets_per_second: means.plan.moving.sockets_per_second,
                close_code: means.plan.moving.close_code,
            };
            host.drain(service, &drain).await?;
        }
        Action::KeepWarm { instance, for_ms } => {
            host.warm(instance.as_str(), *for_ms).await?;
        }
        Action::Stop { instance } => {
            optional(host.stop(instance.as_str()).await)?;
        }
        Action::Hot { work, instances } => {
            return Ok(hot(host.hot(service, Hot::Do(*work), instances).await?));
        }
        Action::HotBack { instances } => {
            return Ok(hot(host.hot(service, Hot::Back, instances).await?));
        }
    }
    Ok(done(Vec::new()))
}

fn hot(notes: Option<Vec<String>>) -> Attempt {
    notes.map_or(Attempt::Running, done)
}

fn done(notes: Vec<String>) -> Attempt {
    Attempt::Reply(Reply::Done { notes })
}
