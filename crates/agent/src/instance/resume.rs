//! Finding an instance again after the agent was gone: what runs is adopted, never restarted.

use std::time::Duration;

use host::shim::{self, Directory};

use super::Desired;
use super::actor::{Actor, Phase};
use super::end::{Run, words};

/// Time for a shim that is just starting its program.
const SHIM_TIME: Duration = Duration::from_secs(10);

impl Actor {
    /// Takes up what the agent before this one left running.
    pub(super) async fn resume(&mut self) {
        match find(&self.dir, &self.site.binary).await {
            Some(run) => self.attach(run),
            None => self.was_ended(),
        }
    }

    /// Finishes a stop that the agent before this one began; it may take its time.
    pub(super) async fn finish_stop(&mut self) {
        if self.kept.desired == Desired::Stopped
            && matches!(self.phase, Phase::Running(..))
            && let Err(refusal) = self.stop(None).await
        {
            tracing::warn!(instance = self.id, %refusal, "its stop cannot be finished");
        }
    }

    fn was_ended(&mut self) {
        self.phase = Phase::Idle;
        if self.kept.desired == Desired::Running {
            // One whose start was cut short, in its hooks perhaps, has not crashed.
            if self
                .dir
                .record()
                .ok()
                .flatten()
                .is_some_and(|r| r.run >= self.kept.run)
            {
                self.kept.last_exit = Some(words(&self.dir, self.kept.run));
                self.kept.restarts = self.kept.restarts.saturating_add(1);
            }
            self.phase = Phase::Waiting(tokio::time::Instant::now());
        }
        self.publish();
    }
}

/// Finds the program of a directory running, with a shim beside it.
pub(crate) async fn find(dir: &Directory, binary: &std::path::Path) -> Option<Run> {
    if shim_is_alive(dir) {
        // It may be in the instant between its own start and its program's.
        let waited = tokio::time::timeout(SHIM_TIME, async {
            while dir.left_running().is_none() && shim_is_alive(dir) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        if waited.await.is_err() {
            tracing::warn!(dir = %dir.path().display(), "a shim holds it and runs nothing");
        }
    }
    dir.left_running()?;
    let record = if shim_is_alive(dir) {
        dir.record().ok().flatten()?
    } else {
        match shim::start(binary, dir).await {
            Ok(record) => record,
            Err(error) => {
                tracing::error!(dir = %dir.path().display(), %error, "a running program cannot be adopted");
                dir.record().ok().flatten()?
            }
        }
    };
    Run::of(record).ok()
}

fn shim_is_alive(dir: &Directory) -> bool {
    matches!(dir.try_lock(), Ok(None))
}
