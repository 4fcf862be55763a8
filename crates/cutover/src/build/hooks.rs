//! The hooks before and after a build.

use std::collections::BTreeMap;

use rollout::RunOutcome;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::settings::{BuildHook, OnFailure, Resolved};

/// Runs hooks, in the project's directory and one after the other. `variables` are theirs beside ours.
pub(super) fn run(
    context: &Context,
    settings: &Resolved,
    point: &str,
    hooks: &[BuildHook],
    variables: &[(&str, String)],
) -> Result<(), Failure> {
    let mut env: BTreeMap<String, String> = [
        ("CUTOVER_HOOK", point.to_owned()),
        ("CUTOVER_SERVICE", settings.service.clone()),
        ("CUTOVER_ENVIRONMENT", settings.environment.clone()),
        ("CUTOVER_PROJECT", settings.dir.display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    env.extend(
        variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    for hook in hooks {
        let line = hook.words.join(" ");
        let progress = context.printer.progress(format!("{point} hook `{line}`"));
        let run = coordinator::run_command(&hook.words, &env, Some(&settings.dir), hook.timeout);
        let outcome = context.block_on(run)?;
        let (exit, output) = match outcome {
            RunOutcome::Finished { exit, output } => (exit, output),
            RunOutcome::Unknown => (-1, String::new()),
        };
        if exit == 0 {
            progress.done("");
            continue;
        }
        progress.failed();
        let failure = Failure::new(
            Kind::Build,
            format!("the {point} hook `{line}` ended with exit code {exit}"),
        )
        .output(&output);
        match hook.on_failure {
            OnFailure::Abort => {
                return Err(
                    failure.hint("mend it, or write `on_failure = \"continue\"` in its [[hooks]]")
                );
            }
            OnFailure::Continue => context.printer.warn(&failure.message),
        }
    }
    Ok(())
}
