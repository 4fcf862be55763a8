//! Running the hooks of a point, one after the other.

use std::time::Duration;

use host::command::{self, Command};

use super::Scene;
use crate::api::v1::{HookOutcome, HookPoint, LifecycleHook, OnHookFailure};
use crate::refusal::{Refusal, blocking};

/// Bytes of a hook's output that are kept with its outcome; the log has more.
const OUTPUT_BYTES_MAX: usize = 4 * 1024;

/// A hook whose failure counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) refusal: Refusal,
    pub(super) asks: OnHookFailure,
}

impl Failed {
    pub(super) fn of(hook: &LifecycleHook, outcome: &HookOutcome) -> Self {
        Self {
            refusal: refused(outcome),
            asks: hook.on_failure,
        }
    }
}

impl Scene {
    /// The hooks of a point.
    pub(super) fn hooks(&self, point: HookPoint) -> impl Iterator<Item = &LifecycleHook> {
        self.spec
            .hooks
            .iter()
            .filter(move |hook| hook.point == point)
    }

    /// Runs the hooks of a point, up to one whose failure counts. Of the time of the first one `waited` is
    /// over. What became of those that were run is in `outcomes` either way.
    pub(super) async fn play(
        &self,
        point: HookPoint,
        mut waited: Duration,
        outcomes: &mut Vec<HookOutcome>,
    ) -> Result<(), Failed> {
        for hook in self.hooks(point) {
            let time = Duration::from_millis(hook.timeout_ms);
            let time = time.saturating_sub(std::mem::take(&mut waited));
            let outcome = self.run(hook, time).await;
            outcomes.push(outcome.clone());
            if !outcome.passed() && hook.on_failure != OnHookFailure::Ignore {
                return Err(Failed::of(hook, &outcome));
            }
        }
        Ok(())
    }

    /// Runs all hooks of a point, whatever becomes of each.
    pub(super) async fn play_through(&self, point: HookPoint) -> Vec<HookOutcome> {
        let mut outcomes = Vec::new();
        for hook in self.hooks(point) {
            outcomes.push(self.run(hook, Duration::from_millis(hook.timeout_ms)).await);
        }
        outcomes
    }

    /// Runs one hook.
    async fn run(&self, hook: &LifecycleHook, time: Duration) -> HookOutcome {
        let at_ms = sys::clock::now_ms();
        let began = sys::clock::monotonic();
        tracing::info!(instance = self.place.id, point = %hook.point, hook = hook.name, "hook begins");
        let (exit, output) = match self.command(hook, time).await {
            Ok(ran) if ran.exit.is_none() => {
                let mut output = ran.output;
                let over = format!(
                    "it did not end within {} ms, and was killed\n",
                    time.as_millis()
                );
                output.extend(over.into_bytes());
                (None, output)
            }
            Ok(ran) => (ran.exit, ran.output),
            Err(refusal) => (None, format!("{refusal}\n").into_bytes()),
        };
        let took_ms = u64::try_from(sys::clock::since(began).as_millis()).unwrap_or(u64::MAX);
        let outcome = HookOutcome {
            point: hook.point,
            name: hook.name.clone(),
            at_ms,
            exit,
            took_ms,
            output: end_of(&output),
        };
        self.write_down(&outcome, output).await;
        outcome
    }

    async fn command(&self, hook: &LifecycleHook, time: Duration) -> Result<command::Ran, Refusal> {
        let mut env = self.env()?;
        env.insert("CUTOVER_HOOK".into(), hook.point.name().into());
        let cwd = match hook.point {
            HookPoint::PreConfigure => self.place.dir.clone(),
            _ => self.root(),
        };
        let hold = self.place.dir.join("hook.lock");
        let command = Command {
            words: &hook.words,
            cwd: &cwd,
            env: &env,
            hold: &hold,
            time,
        };
        command::run(command)
            .await
            .map_err(|error| Refusal::unusable("hook", error))
    }

    /// Puts what a hook printed, and how it ended, into the instance's log.
    pub(super) async fn write_down(&self, outcome: &HookOutcome, mut output: Vec<u8>) {
        if !output.is_empty() && !output.ends_with(b"\n") {
            output.push(b'\n');
        }
        output.extend(format!("[cutover] {}\n", words(outcome)).into_bytes());
        tracing::info!(
            instance = self.place.id,
            outcome = words(outcome),
            "hook ended"
        );
        let logs = self.place.dir.join("logs");
        if let Err(refusal) = blocking(move || Ok(host::log::append(&logs, &output)?)).await {
            tracing::warn!(instance = self.place.id, %refusal, "a hook's output is not in the log");
        }
    }
}

/// How a hook ended, in words.
pub(super) fn words(outcome: &HookOutcome) -> String {
    let HookOutcome {
        point,
        name,
        took_ms,
        ..
    } = outcome;
    match outcome.exit {
        Some(code) => format!("{point} hook {name} exited with code {code} after {took_ms} ms"),
        None => format!("{point} hook {name} failed after {took_ms} ms"),
    }
}

/// The refusal of a start whose hook failed.
pub(super) fn refused(outcome: &HookOutcome) -> Refusal {
    let said = outcome.output.trim();
    let said = match said {
        "" => "; it printed nothing".to_owned(),
        said => format!(": {said}"),
    };
    Refusal::unusable("hook_failed", format!("{}{said}", words(outcome)))
}

/// The end of an output as text.
fn end_of(output: &[u8]) -> String {
    let from = output.len().saturating_sub(OUTPUT_BYTES_MAX);
    String::from_utf8_lossy(&output[from..])
        .trim_end()
        .to_owned()
}
