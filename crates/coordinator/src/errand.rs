//! What the coordinator itself does for a rollout: hooks beside it, webhooks, measurements.

mod command;
mod measure;
mod webhook;

use std::collections::BTreeMap;
use std::time::Duration;

use rollout::{Errand, Hook, HookRun, Reply, RunOutcome};

use crate::interpret::{Attempt, Means, Moment};

pub use command::run as run_command;
pub(crate) use webhook::{Notice, rollback_wanted, tell};

/// Performs an errand once. A hook that waits and does not agree is to be asked again.
pub(crate) async fn attempt(means: &Means, moment: &Moment, errand: &Errand) -> Attempt {
    match errand {
        Errand::Hook { hook } => match means.plan.hooks.get(*hook as usize) {
            Some(hook) => run(means, moment, hook).await,
            None => refused(format!("the plan has no hook {hook}")),
        },
        Errand::Measure {
            analysis, metric, ..
        } => measure::measure(means, moment, *analysis, *metric).await,
    }
}

async fn run(means: &Means, moment: &Moment, hook: &Hook) -> Attempt {
    let time = Duration::from_millis(hook.timeout_ms.max(1));
    let outcome = match &hook.run {
        HookRun::Command { words, .. } => {
            let env = environment(means, moment, hook);
            command::run(words, &env, means.dir.as_deref(), time).await
        }
        HookRun::Webhook { url } => {
            return match webhook::hook(means, moment, hook, url, time).await {
                Ok(()) => Attempt::Reply(Reply::Ran(RunOutcome::Finished {
                    exit: 0,
                    output: String::new(),
                })),
                Err(why) if hook.point.waits() => Attempt::Disagreed(why),
                Err(why) => refused(why),
            };
        }
    };
    let agrees = matches!(outcome, RunOutcome::Finished { exit: 0, .. });
    if hook.point.waits() && !agrees {
        return Attempt::Disagreed(crate::interpret::words_of(&outcome));
    }
    Attempt::Reply(Reply::Ran(outcome))
}

fn refused(detail: String) -> Attempt {
    Attempt::Reply(Reply::Refused { detail })
}

/// What a hook is told of the rollout, beside the environment it runs in.
pub(crate) fn environment(means: &Means, moment: &Moment, hook: &Hook) -> BTreeMap<String, String> {
    let plan = &means.plan;
    let service = plan.service.as_str();
    let (name, environment) = service.split_once('.').unwrap_or((service, ""));
    let purpose = match plan.purpose {
        rollout::Purpose::Deploy => "deploy",
        rollout::Purpose::Rollback => "rollback",
    };
    let weight = moment.weight.to_string();
    let mut env: BTreeMap<String, String> = [
        ("CUTOVER_SERVICE", name),
        ("CUTOVER_ENVIRONMENT", environment),
        ("CUTOVER_ROLLOUT", &means.rollout),
        ("CUTOVER_PURPOSE", purpose),
        ("CUTOVER_HOOK", hook.point.word()),
        ("CUTOVER_HOOK_NAME", &hook.name),
        ("CUTOVER_STEP", &moment.step),
        ("CUTOVER_PHASE", &moment.phase),
        ("CUTOVER_WEIGHT", &weight),
        ("CUTOVER_BY", &moment.by),
        ("CUTOVER_CANDIDATE", plan.candidate.artifact.as_str()),
        ("CUTOVER_CANDIDATE_VSN", &plan.candidate.vsn),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    if let Some(stable) = &plan.stable {
        env.insert("CUTOVER_STABLE".into(), stable.artifact.to_string());
        env.insert("CUTOVER_STABLE_VSN".into(), stable.vsn.clone());
    }
    if let Some(reason) = &moment.reason {
        // Of a program's output it may hold what no variable can.
        env.insert("CUTOVER_REASON".into(), reason.replace('\0', " "));
    }
    env
}
