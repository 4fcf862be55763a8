//! From a program that runs to an instance that is up: its `post-start` hooks.
//!
//! They come once the program has passed its health check, and until they have ended it gets no traffic. So
//! whoever asked for the start hears of it only then; a stop that comes meanwhile does not wait for them.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::actor::{Actor, Phase, answered};
use super::hooks::Failed;
use super::{Answer, Desired, Scene};
use crate::api::v1::{HookOutcome, HookPoint, OnHookFailure};
use crate::health::{ANXIOUS, Checker};
use crate::refusal::Refusal;

/// A rise under way.
pub(super) struct Rise {
    work: Pin<Box<dyn Future<Output = Risen> + Send>>,
    /// Those who wait for it.
    answers: Vec<Answer>,
}

/// What the hooks came to.
pub(super) struct Risen {
    outcomes: Vec<HookOutcome>,
    result: Result<(), Failed>,
}

/// Waits for the end of a rise, if there is one.
pub(super) async fn over(rise: &mut Option<Rise>) -> Risen {
    match rise {
        Some(rise) => rise.work.as_mut().await,
        None => pending().await,
    }
}

impl Actor {
    /// Begins the rise of a run, unless it is up already.
    pub(super) fn begin_rise(&mut self) {
        let up = self.kept.risen == self.kept.run;
        let scene = self
            .scene()
            .filter(|scene| !up && scene.hooks(HookPoint::PostStart).next().is_some());
        self.rise = scene.map(|scene| Rise {
            work: Box::pin(rise(scene, self.checker.clone())),
            answers: Vec::new(),
        });
    }

    /// Answers the one who asked for a start, once it is up.
    pub(super) fn answer_once_up(&mut self, answer: Answer, started: Result<(), Refusal>) {
        match &mut self.rise {
            Some(rise) if started.is_ok() => rise.answers.push(answer),
            _ => answered(answer, started),
        }
    }

    /// Gives up a rise, whose hook is killed.
    pub(super) fn end_rise(&mut self, told: Result<(), Refusal>) {
        for answer in self.rise.take().into_iter().flat_map(|rise| rise.answers) {
            answered(answer, told.clone());
        }
    }

    pub(super) async fn risen(&mut self, risen: Risen) {
        let Some(Rise { answers, .. }) = self.rise.take() else {
            return;
        };
        self.kept.hooks.extend(risen.outcomes);
        self.kept.risen = self.kept.run;
        let refused = risen
            .result
            .err()
            .filter(|failed| failed.asks == OnHookFailure::Refuse);
        let told = match refused {
            Some(Failed { refusal, .. }) => {
                let purpose = if answers.is_empty() {
                    Desired::Running
                } else {
                    Desired::Stopped
                };
                self.take_back(purpose, &refusal).await;
                Err(refusal)
            }
            None => {
                self.publish();
                self.keep_or_warn();
                Ok(())
            }
        };
        for answer in answers {
            answered(answer, told.clone());
        }
    }

    /// Ends a program whose `post-start` hook refused it. Where nobody asked for this very start it is tried
    /// again after a pause, as after a crash.
    async fn take_back(&mut self, desired: Desired, refusal: &Refusal) {
        tracing::warn!(instance = self.id, %refusal, "ended again");
        self.kept.desired = desired;
        self.keep_or_warn();
        let ran_for = match &self.phase {
            Phase::Running(_, began) => sys::clock::since(*began),
            _ => Duration::ZERO,
        };
        let timeout_ms = self.spec.as_ref().map_or(0, |spec| spec.stop_timeout_ms);
        self.end_run(timeout_ms).await;
        self.kept.last_exit = Some(format!("did not start: {refusal}"));
        if desired == Desired::Running {
            self.kept.restarts = self.kept.restarts.saturating_add(1);
            let pause = self.backoff.crashed_after(ran_for);
            self.phase = Phase::Waiting(tokio::time::Instant::now() + pause);
        }
        self.publish();
        self.keep_or_warn();
    }
}

async fn rise(scene: Scene, checker: Arc<Checker>) -> Risen {
    let mut outcomes = Vec::new();
    let result = match wait(&scene, &checker).await {
        Ok(waited) => {
            scene
                .play(HookPoint::PostStart, waited, &mut outcomes)
                .await
        }
        Err((outcome, failed)) => {
            outcomes.push(outcome);
            Err(failed)
        }
    };
    Risen { outcomes, result }
}

/// Waits until the instance passes its check, and tells how long that took.
async fn wait(scene: &Scene, checker: &Checker) -> Result<Duration, (HookOutcome, Failed)> {
    let began = sys::clock::monotonic();
    let at_ms = sys::clock::now_ms();
    let Some(first) = scene.hooks(HookPoint::PostStart).next() else {
        return Ok(Duration::ZERO);
    };
    let mut last = String::new();
    let passes = async {
        loop {
            let seen = checker.check(scene).await;
            if seen.passed {
                return;
            }
            last = seen.detail;
            tokio::time::sleep(ANXIOUS).await;
        }
    };
    let time = Duration::from_millis(first.timeout_ms);
    if tokio::time::timeout(time, passes).await.is_ok() {
        return Ok(sys::clock::since(began));
    }
    let outcome = HookOutcome {
        point: first.point,
        name: first.name.clone(),
        at_ms,
        exit: None,
        took_ms: first.timeout_ms,
        output: format!("it was not run, for the instance did not become healthy in time: {last}"),
    };
    scene
        .write_down(&outcome, outcome.output.clone().into_bytes())
        .await;
    let failed = Failed::of(first, &outcome);
    Err((outcome, failed))
}
