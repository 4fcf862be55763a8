//! Starts an instance, or finds it running.

use agent::api::v1::{HookOutcome, InstanceState, InstanceStatus};
use rollout::{ArtifactId, Plan, Readiness, Reply};

use super::{Attempt, Means, done};
use crate::facts::optional;
use crate::host::{Host, HostError};

pub(super) async fn start<H: Host>(
    host: &H,
    means: &Means,
    id: &str,
    slot: u32,
    artifact: &ArtifactId,
    readiness: Readiness,
) -> Result<Attempt, HostError> {
    let mut there =
        optional(host.instance(id).await)?.filter(|status| status.artifact == artifact.as_str());
    // It must not stop by itself between here and the route, which ends its being kept warm.
    if there
        .as_ref()
        .is_some_and(|status| runs(status) && status.warm_until_ms.is_some())
    {
        there = Some(host.warm(id, until_routed_ms(&means.plan)).await?);
    }
    let started = match (there, &means.env) {
        (Some(status), _) if runs(&status) => return Ok(done(Vec::new())),
        // What is known to the host starts as it was: a way back is no place for new settings.
        (Some(_), env) if readiness != Readiness::Fresh || env.is_none() => {
            host.restart(id).await?
        }
        (_, Some(env)) => {
            host.start(
                id,
                &means
                    .settings
                    .instance(&means.plan.service, artifact, slot, env),
            )
            .await?
        }
        (_, None) => {
            let detail = "it was never started, and this process does not know its environment: resume from the \
                          project's directory, or abort";
            return Ok(Attempt::Reply(Reply::Refused {
                detail: detail.into(),
            }));
        }
    };
    Ok(done(hook_notes(&started.hooks)))
}

/// Says what became of the hooks around a start, as far as that is worth keeping.
fn hook_notes(hooks: &[HookOutcome]) -> Vec<String> {
    hooks
        .iter()
        .map(|hook| {
            let end = match hook.exit {
                Some(exit) => format!("ended with exit code {exit}"),
                None => "did not end".into(),
            };
            let output = hook.output.trim_end();
            let colon = if output.is_empty() { "" } else { ": " };
            format!(
                "hook {} `{}` {end} after {} ms{colon}{output}",
                hook.point, hook.name, hook.took_ms
            )
        })
        .collect()
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
    // The deadline for health counts anew after the command and after a resume; the way there may be slow,
    // and a person may take until `pause_max`.
    timing
        .healthy_deadline_ms
        .saturating_mul(2)
        .saturating_add(command_ms)
        .saturating_add(timing.progress_deadline_ms.saturating_mul(2))
        .saturating_add(timing.pause_max_ms)
        .max(timing.rollback_window_ms)
}
