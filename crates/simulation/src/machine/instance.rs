//! An instance, and how the candidate behaves on a host.

use rollout::{ArtifactId, HotWork};

/// How long a program takes to crash that does so again and again.
const CRASH_MS: u64 = 400;
/// How long a flapping one is well, then unwell.
const FLAP_MS: u64 = 700;

/// An instance on a host.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) slot: u32,
    /// What it runs.
    pub(crate) artifact: ArtifactId,
    /// What it would run after a restart.
    pub(crate) permanent: ArtifactId,
    /// What it was started with, where its code is changed while it runs.
    pub(crate) before: Option<ArtifactId>,
    /// Whether the upgrade's package is there.
    pub(crate) unpacked: bool,
    /// Whether it should run.
    pub(crate) on: bool,
    /// When it has come up, if nothing happens to it.
    pub(crate) up_at: u64,
    pub(crate) restarts: u32,
    pub(crate) warm_until: Option<u64>,
    /// Whether its background work is on.
    pub(crate) works: bool,
    /// What a health check says; the agent and the proxy know.
    pub(crate) healthy: bool,
    pub(crate) healthy_since: Option<u64>,
    /// The longest time without a break for which checks passed since its start.
    pub(crate) healthy_for: u64,
    /// Whether it is not well because the world hurt it.
    pub(crate) excused: bool,
    died: bool,
}

/// How the candidate behaves on a host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Temper {
    pub(crate) boot_ms: u64,
    /// Crashes as soon as it is up, again and again.
    pub(crate) crash_loop: bool,
    /// Is never well.
    pub(crate) sick: bool,
    /// Is well only now and then.
    pub(crate) flaps: bool,
    /// Dies once, at that time.
    pub(crate) dies_at: Option<u64>,
    /// Answers that part of its requests with 5xx.
    pub(crate) errs_permille: u64,
    /// Until then its check passes whatever is true.
    pub(crate) lies_until: Option<u64>,
    /// How much longer a look takes.
    pub(crate) look_ms: u64,
    /// The part of a hot upgrade that fails.
    pub(crate) hot_fails: Option<HotWork>,
    pub(crate) job_ms: u64,
    pub(crate) command_exit: i32,
    pub(crate) activate_exit: i32,
    pub(crate) quiesce_exit: i32,
}

impl Temper {
    /// Says whether the candidate fails by itself.
    pub(crate) fn is_ill(&self) -> bool {
        self.crash_loop || self.sick || self.flaps || self.dies_at.is_some()
    }
}

impl Instance {
    pub(crate) fn new(slot: u32, artifact: &ArtifactId) -> Self {
        Self {
            slot,
            artifact: artifact.clone(),
            permanent: artifact.clone(),
            before: None,
            unpacked: false,
            on: false,
            up_at: 0,
            restarts: 0,
            warm_until: None,
            works: false,
            healthy: false,
            healthy_since: None,
            healthy_for: 0,
            excused: false,
            died: false,
        }
    }

    /// Starts it on purpose.
    pub(crate) fn start(&mut self, now: u64, boot_ms: u64) {
        self.on = true;
        self.up_at = now + boot_ms;
        self.restarts = 0;
        self.warm_until = None;
        self.healthy = false;
        self.healthy_since = None;
        self.healthy_for = 0;
        self.excused = false;
        self.works = false;
    }

    pub(crate) fn stop(&mut self) {
        self.on = false;
        self.healthy = false;
        self.healthy_since = None;
        self.warm_until = None;
        self.works = false;
    }

    /// Starts it again after the world ended it: what is permanent comes up.
    pub(crate) fn start_again(&mut self, now: u64, boot_ms: u64) {
        if !self.on {
            return;
        }
        self.artifact = self.permanent.clone();
        self.up_at = now + boot_ms;
        self.healthy = false;
        self.healthy_since = None;
        self.excused = true;
    }

    /// What happens to it by itself; `temper` where it runs the candidate.
    pub(super) fn turn(&mut self, now: u64, temper: Option<&Temper>) {
        if !self.on {
            return;
        }
        let mut well = now >= self.up_at;
        if let Some(temper) = temper {
            if temper.crash_loop && now >= self.up_at + CRASH_MS {
                self.restarts += 1;
                self.start_again(now, temper.boot_ms);
                well = false;
            }
            if temper.dies_at.is_some_and(|at| now >= at) && !self.died && now >= self.up_at {
                self.died = true;
                self.restarts += 1;
                self.start_again(now, temper.boot_ms);
                well = false;
            }
            well &= !temper.sick;
            well &= !temper.flaps || (now / FLAP_MS).is_multiple_of(2);
            let lies = temper.lies_until.is_some_and(|until| now < until);
            well |= lies && now >= self.up_at;
        }
        if well {
            let since = *self.healthy_since.get_or_insert(now);
            self.healthy_for = self.healthy_for.max(now - since);
            self.excused = false;
        } else {
            self.healthy_since = None;
        }
        self.healthy = well;
    }

    /// The longest time without a break for which its checks passed, until now.
    pub(crate) fn longest_healthy(&self, now: u64) -> u64 {
        let lasting = self
            .healthy_since
            .map_or(0, |since| now.saturating_sub(since));
        self.healthy_for.max(lasting)
    }

    pub(super) fn next_change(&self, now: u64, temper: Option<&Temper>) -> Option<u64> {
        let mut next = self.warm_until;
        let mut at = |time: Option<u64>| {
            next = next
                .into_iter()
                .chain(time.filter(|time| *time > now))
                .min();
        };
        if self.on {
            at(Some(self.up_at));
            if let Some(temper) = temper {
                at(temper.crash_loop.then_some(self.up_at + CRASH_MS));
                at(temper.dies_at.filter(|_| !self.died));
                at(temper.flaps.then_some((now / FLAP_MS + 1) * FLAP_MS));
                at(temper.lies_until);
            }
        }
        next
    }
}
