//! Webhooks, called as Flagger calls them.

use std::collections::BTreeMap;
use std::time::Duration;

use gates::webhook::{Kind, Payload, Webhook, WebhookError, Weights, call};
use gates::{Address, AddressError, Auth, Trust};
use rollout::{Hook, HookPoint};

use crate::interpret::{Means, Moment};
use crate::request::NamedUrl;

/// Time for a webhook that is no hook of the plan.
const ASIDE: Duration = Duration::from_secs(10);

/// Something that webhooks are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Where the rollout stands.
    pub(crate) moment: Moment,
    /// The place of the step in the plan.
    pub(crate) step: Option<u32>,
    /// What happened, in words.
    pub(crate) message: String,
    /// Whether somebody should look.
    pub(crate) warning: bool,
    /// When, in milliseconds since the epoch.
    pub(crate) at_ms: u64,
}

/// Calls the webhook of a hook; what is no yes is told in words.
pub(super) async fn hook(
    means: &Means,
    moment: &Moment,
    hook: &Hook,
    url: &str,
    time: Duration,
) -> Result<(), String> {
    let kind = match hook.point {
        HookPoint::ConfirmRollout => Kind::ConfirmRollout,
        HookPoint::PreDeploy | HookPoint::PreRollout | HookPoint::PreUpgrade => Kind::PreRollout,
        HookPoint::ConfirmTrafficIncrease => Kind::ConfirmTrafficIncrease,
        HookPoint::ConfirmPromotion => Kind::ConfirmPromotion,
        HookPoint::PostUpgrade
        | HookPoint::PostRollout
        | HookPoint::PostDeploy
        | HookPoint::OnAbort => Kind::PostRollout,
    };
    let mut payload = payload(means, moment, kind);
    // Flagger has fewer points; this tells them apart.
    payload
        .metadata
        .insert("hook".into(), hook.point.word().into());
    if let Some(reason) = &moment.reason {
        payload.metadata.insert("reason".into(), reason.clone());
    }
    ask(&hook.name, url, time, &payload)
        .await
        .map_err(|(Answer::No(why) | Answer::None(why))| why)
}

/// Asks a metric's webhook: whether it agrees, or why that is not known.
pub(super) async fn agrees(
    means: &Means,
    moment: &Moment,
    name: &str,
    url: &str,
) -> Result<bool, String> {
    let payload = payload(means, moment, Kind::Rollout);
    match ask(name, url, ASIDE, &payload).await {
        Ok(()) => Ok(true),
        Err(Answer::No(_)) => Ok(false),
        Err(Answer::None(why)) => Err(why),
    }
}

/// Asks a webhook whether the rollout is to be given up. No answer is no wish.
pub(crate) async fn rollback_wanted(means: &Means, moment: &Moment, hook: &NamedUrl) -> bool {
    let payload = payload(means, moment, Kind::Rollback);
    match ask(&hook.name, &hook.url, ASIDE, &payload).await {
        Ok(()) => true,
        Err(Answer::No(_)) => false,
        Err(Answer::None(why)) => {
            tracing::warn!(webhook = hook.name, %why, "a rollback webhook gives no answer");
            false
        }
    }
}

/// Tells a webhook of something; what it answers changes nothing.
pub(crate) async fn tell(means: &Means, notice: &Notice, hook: &NamedUrl) {
    let mut payload = payload(means, &notice.moment, Kind::Event);
    payload.step = notice.step;
    let kind = if notice.warning { "Warning" } else { "Normal" };
    payload.metadata.extend([
        ("eventMessage".to_owned(), notice.message.clone()),
        ("eventType".to_owned(), kind.to_owned()),
        ("timestamp".to_owned(), notice.at_ms.to_string()),
    ]);
    if let Err(Answer::No(why) | Answer::None(why)) =
        ask(&hook.name, &hook.url, ASIDE, &payload).await
    {
        tracing::debug!(webhook = hook.name, %why, "an event webhook was not told");
    }
}

/// What is no yes.
enum Answer {
    No(String),
    None(String),
}

async fn ask(name: &str, url: &str, timeout: Duration, payload: &Payload) -> Result<(), Answer> {
    let address =
        Address::parse(url).map_err(|error: AddressError| Answer::None(error.to_string()))?;
    let webhook = Webhook {
        name: name.into(),
        address,
        auth: Auth::NONE,
        trust: Trust::System,
        timeout,
    };
    // Whoever tells of it says which webhook it is.
    call(&webhook, payload).await.map_err(|error| match error {
        WebhookError::No { status, body, .. } if body.is_empty() => {
            Answer::No(format!("it answered with status {status}"))
        }
        WebhookError::No { status, body, .. } => {
            Answer::No(format!("it answered with status {status}: {}", line(&body)))
        }
        WebhookError::NoAnswer { source, .. } => {
            Answer::None(format!("it gave no answer: {source}"))
        }
    })
}

/// The beginning of what a webhook said, on one line.
fn line(body: &str) -> String {
    let clean = body.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(300).collect()
}

fn payload(means: &Means, moment: &Moment, kind: Kind) -> Payload {
    let service = means.plan.service.as_str();
    let (name, namespace) = service.split_once('.').unwrap_or((service, ""));
    let mut metadata = BTreeMap::from([("step".to_owned(), moment.step.clone())]);
    if let Some(stable) = &means.plan.stable {
        metadata.insert("stable".into(), stable.artifact.to_string());
    }
    Payload {
        name: name.into(),
        namespace: namespace.into(),
        phase: moment.phase.clone(),
        checksum: means.plan.candidate.artifact.to_string(),
        metadata,
        kind,
        rollout: means.rollout.clone(),
        step: place(means, &moment.step),
        weights: Weights {
            stable: 100 - moment.weight.min(100),
            candidate: moment.weight.min(100),
        },
    }
}

/// Returns the place of a step in the plan; one of the way back has none.
fn place(means: &Means, step: &str) -> Option<u32> {
    let place = means
        .plan
        .steps
        .iter()
        .position(|other| other.name == step)?;
    u32::try_from(place).ok()
}
