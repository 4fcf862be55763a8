//! Programs and launcher commands that a host runs for a rollout, each at most once for its name. After a
//! takeover hooks and background work have other names: they run at least once, and one at a time.

use std::collections::BTreeMap;

use agent::api::v1::{Run, RunStatus};
use rollout::{EffectId, HookRun, InstanceId, JobRun, Reply, RunOutcome, Turn};

use super::{Attempt, Deed, Means, done};
use crate::host::{Host, HostError};

/// Runs the release command.
pub(super) async fn command<H: Host>(
    host: &H,
    means: &Means,
    instance: &InstanceId,
    attempt: u32,
) -> Result<Attempt, HostError> {
    let Some(command) = &means.plan.release_command else {
        return Ok(done(Vec::new()));
    };
    let run = Run {
        instance: instance.to_string(),
        args: command.args.clone(),
        words: Vec::new(),
        env: BTreeMap::new(),
        timeout_ms: command.timeout_ms,
        alone: None,
    };
    let status = host.run(&command_id(means, attempt), &run).await?;
    Ok(ran(status).unwrap_or(Attempt::Reply(Reply::Ran(RunOutcome::Unknown))))
}

/// Asks for the end of a release command that may be under way.
pub(super) async fn ended<H: Host>(
    host: &H,
    means: &Means,
    attempt: u32,
) -> Result<Attempt, HostError> {
    let status = host.run_status(&command_id(means, attempt)).await?;
    Ok(ran(status).unwrap_or_else(|| done(Vec::new())))
}

fn command_id(means: &Means, attempt: u32) -> String {
    format!("{}-command-{attempt}", means.rollout)
}

/// Begins or ends background work; where nothing is configured for it, nothing is done.
pub(super) async fn background<H: Host>(
    host: &H,
    means: &Means,
    id: EffectId,
    instance: &InstanceId,
    turn: Turn,
) -> Result<Attempt, HostError> {
    let (job, word) = match turn {
        Turn::Activate => (&means.plan.background.activate, "activate"),
        Turn::Quiesce => (&means.plan.background.quiesce, "quiesce"),
    };
    let Some(job) = job else {
        return Ok(done(Vec::new()));
    };
    let (args, words) = match &job.run {
        JobRun::Rpc { expression } => (vec!["rpc".into(), expression.clone()], Vec::new()),
        JobRun::Command { words } => (Vec::new(), words.clone()),
    };
    // Asked for again after a takeover it is another run; the two are never at work at once.
    let alone = format!("{}-{word}-{}", means.rollout, slot(instance));
    let run = Run {
        instance: instance.to_string(),
        args,
        words,
        env: BTreeMap::new(),
        timeout_ms: job.timeout_ms,
        alone: Some(alone.clone()),
    };
    let name = format!("{alone}-{}", id.0);
    let status = host.run(&name, &run).await?;
    Ok(ran(status).unwrap_or(Attempt::Reply(Reply::Ran(RunOutcome::Unknown))))
}

/// Runs a hook on the host, with the instance's environment and what the rollout is about.
pub(super) async fn hook<H: Host>(
    host: &H,
    means: &Means,
    deed: &Deed<'_>,
    hook: u32,
    instance: &InstanceId,
) -> Result<Attempt, HostError> {
    let alone = format!("{}-hook-{hook}", means.rollout);
    let Some(hook) = means.plan.hooks.get(hook as usize) else {
        return Ok(Attempt::Reply(Reply::Refused {
            detail: format!("the plan has no hook {hook}"),
        }));
    };
    let HookRun::Command { words, .. } = &hook.run else {
        return Ok(Attempt::Reply(Reply::Refused {
            detail: format!("the {} hook `{}` is no command", hook.point, hook.name),
        }));
    };
    let run = Run {
        instance: instance.to_string(),
        args: Vec::new(),
        words: words.clone(),
        env: crate::errand::environment(means, deed.moment, hook),
        timeout_ms: hook.timeout_ms,
        alone: Some(alone.clone()),
    };
    let name = format!("{alone}-{}-{}", deed.id.0, deed.round);
    let attempt = ran(host.run(&name, &run).await?)
        .unwrap_or(Attempt::Reply(Reply::Ran(RunOutcome::Unknown)));
    Ok(match attempt {
        Attempt::Reply(Reply::Ran(outcome)) if hook.point.waits() && !agrees(&outcome) => {
            Attempt::Disagreed(words_of(&outcome))
        }
        attempt => attempt,
    })
}

/// The slot of an instance, which tells those of one host apart.
fn slot(instance: &InstanceId) -> &str {
    let id = instance.as_str();
    id.rsplit_once('-').map_or(id, |(_, slot)| slot)
}

fn agrees(outcome: &RunOutcome) -> bool {
    matches!(outcome, RunOutcome::Finished { exit: 0, .. })
}

pub(crate) fn words_of(outcome: &RunOutcome) -> String {
    match outcome {
        RunOutcome::Finished { exit, output } if output.trim().is_empty() => {
            format!("it ended with exit code {exit}")
        }
        RunOutcome::Finished { exit, output } => {
            format!("it ended with exit code {exit}: {}", output.trim_end())
        }
        RunOutcome::Unknown => "nobody saw its end".into(),
    }
}

/// What a status comes to; nothing where there is no such run.
fn ran(status: RunStatus) -> Option<Attempt> {
    match status {
        RunStatus::Running => Some(Attempt::Running),
        RunStatus::Finished { exit, output } => {
            Some(Attempt::Reply(Reply::Ran(RunOutcome::Finished {
                exit,
                output,
            })))
        }
        RunStatus::Unknown => Some(Attempt::Reply(Reply::Ran(RunOutcome::Unknown))),
        RunStatus::Absent => None,
    }
}
