//! When something must have happened by.

use crate::plan::Work;
use crate::seen::Waiting;
use crate::state::{Rollout, Stage};
use crate::tick::Tick;

/// Time beyond `drain_timeout` for a proxy to cut what is left and to say so.
const DRAIN_GRACE_MS: u64 = 2_000;

impl Rollout {
    /// Returns by when the current step is over, or something is done about it.
    pub fn deadline(&self) -> Option<Tick> {
        if self.is_halted() || self.stage == Stage::Planned {
            return None;
        }
        if let Some(Waiting { until, .. }) = &self.waiting {
            return *until;
        }
        let timing = &self.plan.timing;
        let progress = timing.progress_deadline_ms;
        let step = self.current()?.1;
        let within_ms = match step.work {
            Work::Start | Work::Restore => timing.healthy_deadline_ms,
            // The agent kills it when its time is over, so its end is known by then.
            Work::Command | Work::AwaitCommand => {
                let command = self.plan.release_command.as_ref();
                let timeout_ms = command.map_or(0, |command| command.timeout_ms);
                timeout_ms.saturating_add(progress)
            }
            Work::Hook(place) => {
                let hook = self.plan.hooks.get(place as usize);
                hook.map_or(0, |hook| hook.timeout_ms)
                    .saturating_add(progress)
            }
            Work::Quiesce
            | Work::Activate
            | Work::QuiesceBack
            | Work::ActivateBack
            | Work::Leave { .. } => step.longest_ms,
            Work::Pause { for_ms } => for_ms.unwrap_or(0).saturating_add(progress),
            Work::Analysis(_) => step.expected_ms.saturating_add(progress),
            Work::Watch { for_ms } | Work::Settle { for_ms } => for_ms.saturating_add(progress),
            Work::Drain | Work::DrainBack => self.drain_ms().saturating_add(progress),
            _ => progress,
        };
        Some(self.since.after(within_ms))
    }

    /// Returns when an event is wanted: a deadline, or the time that a step waits for.
    pub(crate) fn next_wake(&self) -> Option<Tick> {
        let deadline = self.deadline()?;
        Some(match self.alarm() {
            // Every host has done its part, if only just in time: nothing is left but the notice.
            Some(alarm) if matches!(self.work(), Some(Work::Leave { .. })) => alarm,
            Some(alarm) => alarm.min(deadline),
            None => deadline,
        })
    }

    /// Returns the time that a step waits for, if it waits for nothing but time.
    fn alarm(&self) -> Option<Tick> {
        if self.waiting.is_some() {
            return None;
        }
        match self.work()? {
            Work::Pause { for_ms } => Some(self.since.after(for_ms?)).filter(|_| self.is_idle()),
            Work::Leave { lb_notice_ms } => {
                Some(self.at.told?.after(lb_notice_ms)).filter(|_| self.is_idle())
            }
            Work::Drain | Work::DrainBack => Some(self.at.told?.after(self.drain_ms())),
            Work::Analysis(_) => self.next_look(),
            _ => None,
        }
    }

    fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Returns how long a drain may take since the proxy was told.
    pub(crate) fn drain_ms(&self) -> u64 {
        self.plan
            .timing
            .drain_timeout_ms
            .saturating_add(DRAIN_GRACE_MS)
    }
}
