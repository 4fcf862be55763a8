//! Reads counters and logs at the turns of a rollout, for its receipt.

use std::collections::BTreeMap;
use std::time::Duration;

use rollout::{Action, Effect, HostId, Rollout, StepRef, Work};
use tokio::sync::Semaphore;

use super::tasks::AT_ONCE;
use super::{Before, Drive};
use crate::facts::optional;
use crate::host::Host;
use crate::outcome::LogTail;
use crate::receipt::{Receipt, Turn, versions};

/// Lines of an app's log that are kept with a failed rollout.
const LOG_LINES: usize = 40;
/// Time for that: stable waits for it to come back.
const LOG_READ: Duration = Duration::from_secs(2);
/// Time for one host's counters.
const READ: Duration = Duration::from_secs(5);

impl<H: Host> Drive<'_, H> {
    /// Reads counters and logs at the turns, before the effects change what they say.
    pub(super) async fn take_note(&mut self, before: Before, effects: &[Effect]) {
        if !self.stored.counted.has(Turn::Switch) && effects.iter().any(moves_traffic) {
            self.snapshot(Turn::Switch).await;
        }
        if !self.stored.counted.has(Turn::Drained) && has_drained(&self.state) {
            self.snapshot(Turn::Drained).await;
        }
        let blamed = self.state.cause().and_then(rollout::Cause::instance);
        if let (false, Some((host, instance))) = (before.given_up, blamed)
            && let Some(client) = self.hosts.get(host)
            && let Ok(Ok(text)) =
                tokio::time::timeout(LOG_READ, client.log_tail(instance.as_str(), LOG_LINES)).await
        {
            self.stored.log = Some(LogTail {
                host: host.to_string(),
                instance: instance.to_string(),
                text,
            });
            self.stored_told = false;
        }
        if self.state.is_finished() {
            self.snapshot(Turn::End).await;
            let now_ms = self.clock.now_ms();
            self.stored.counted.close();
            self.stored.receipt = Some(Receipt::new(
                &self.means.rollout,
                &self.state,
                &self.stored.counted,
                self.shown.verbs(),
                now_ms,
            ));
        }
    }

    /// Reads the counters of every host, a bounded number at a time.
    pub(super) async fn snapshot(&mut self, turn: Turn) {
        let room = std::sync::Arc::new(Semaphore::new(AT_ONCE));
        let mut reads = tokio::task::JoinSet::new();
        for (id, host) in &self.hosts {
            let (id, host, service) = (id.to_string(), host.clone(), self.service.clone());
            let room = room.clone();
            reads.spawn(async move {
                let _place = room.acquire().await;
                let read = tokio::time::timeout(READ, host.traffic(service.as_str())).await;
                let traffic = read.ok().and_then(|traffic| optional(traffic).ok());
                (id, traffic.map(Option::unwrap_or_default))
            });
        }
        let mut hosts = BTreeMap::new();
        while let Some(read) = reads.join_next().await {
            if let Ok((id, Some(traffic))) = read {
                hosts.insert(id, traffic);
            }
        }
        let at_ms = self.clock.now_ms();
        let wanted = self.hosts.keys().map(HostId::as_str);
        let of = versions(self.state.plan());
        self.stored.counted.read(turn, at_ms, wanted, &of, hosts);
        self.stored_told = false;
    }
}

/// Says whether an effect gives the candidate traffic.
fn moves_traffic(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Do {
            action: Action::Route { .. },
            ..
        }
    )
}

/// Says whether the last step that lets clients of a version go is over.
fn has_drained(state: &Rollout) -> bool {
    let drains = |work: &Work| matches!(work, Work::Drain | Work::DrainBack);
    let back = state.way_back();
    let (steps, wanted): (&[rollout::Step], fn(u32) -> StepRef) = if back.is_empty() {
        (&state.plan().steps, StepRef::Plan)
    } else {
        (back, StepRef::Back)
    };
    let Some(last) = steps.iter().rposition(|step| drains(&step.work)) else {
        return false;
    };
    let last = u32::try_from(last).unwrap_or(u32::MAX);
    state
        .seen()
        .iter()
        .any(|seen| seen.step == wanted(last) && seen.ended.is_some())
}
