//! Stopping an instance: on purpose, and to start it anew.

use std::time::Duration;

use tokio::sync::oneshot;

use super::actor::{Actor, Phase, never_started};
use super::{Desired, Notice};
use crate::api::v1::{HookPoint, InstanceState};
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

    pub(super) async fn end_run(&mut self, timeout_ms: u64) {
        let id = &self.id;
        let message = format!("{id} was stopped before its post-start hooks had ended");
        self.end_rise(Err(Refusal::conflict("stopped", message)));
        if matches!(self.phase, Phase::Running(..)) {
            self.tell(InstanceState::Stopping);
            self.tell_proxy().await;
            let of_stop = [HookPoint::PreStop, HookPoint::PostStop];
            self.kept.hooks.retain(|o| !of_stop.contains(&o.point));
            self.play_through(HookPoint::PreStop).await;
        }
        if let Phase::Running(run, _) = std::mem::replace(&mut self.phase, Phase::Idle) {
            run.stop(Duration::from_millis(timeout_ms)).await;
            let exit = run.exit(&self.dir).await;
            tracing::info!(instance = self.id, exit, "stopped on purpose");
            self.kept.last_exit = Some(exit);
            self.play_through(HookPoint::PostStop).await;
        }
    }

    /// Runs the hooks of a point around the stop, which goes on whatever becomes of them.
    async fn play_through(&mut self, point: HookPoint) {
        if let Some(scene) = self.scene() {
            self.kept.hooks.extend(scene.play_through(point).await);
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
    async fn tell_proxy(&mut self) {
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
