//! Stopping an instance: on purpose, and to start it anew.

use std::time::Duration;

use tokio::sync::oneshot;

use super::actor::{Actor, Phase, never_started};
use super::{Desired, Notice};
use crate::api::v1::InstanceState;
use crate::refusal::Refusal;

/// Time for the proxy to learn that an instance goes.
const TELL_TIME: Duration = Duration::from_secs(3);

impl Actor {
    /// Stops it on purpose: the intent is on disk first, and the proxy knows before the process does.
    pub(super) async fn stop(&mut self, timeout_ms: Option<u64>) -> Result<(), Refusal> {
        let Some(spec) = self.spec.clone() else {
            return Err(never_started(&self.id));
        };
        self.kept.desired = Desired::Stopped;
        self.kept.warm_until_ms = None;
        self.keep()?;
        self.end_run(timeout_ms.unwrap_or(spec.stop_timeout_ms))
            .await;
        self.publish();
        self.keep()
    }

    async fn end_run(&mut self, timeout_ms: u64) {
        if matches!(self.phase, Phase::Running(..)) {
            self.tell(InstanceState::Stopping);
            self.tell_proxy().await;
        }
        if let Phase::Running(run, _) = std::mem::replace(&mut self.phase, Phase::Idle) {
            run.stop(Duration::from_millis(timeout_ms)).await;
            let exit = run.exit(&self.dir).await;
            tracing::info!(instance = self.id, exit, "stopped on purpose");
            self.kept.last_exit = Some(exit);
        }
    }

    pub(super) async fn restart(&mut self) -> Result<(), Refusal> {
        let Some(spec) = self.spec.clone() else {
            return Err(never_started(&self.id));
        };
        // Meant to run throughout: an agent that dies in between starts it again.
        self.kept.desired = Desired::Running;
        self.kept.restarts = 0;
        self.keep()?;
        self.end_run(spec.stop_timeout_ms).await;
        self.start_on_purpose().await
    }

    /// Waits until the proxy sends no new requests here, for a bounded time.
    async fn tell_proxy(&self) {
        let (told, answer) = oneshot::channel();
        let id = self.id.clone();
        let told = Some(told);
        if self.notices.send(Notice::Changed { id, told }).is_ok()
            && tokio::time::timeout(TELL_TIME, answer).await.is_err()
        {
            tracing::warn!(instance = self.id, "the proxy could not be told in time");
        }
    }
}
