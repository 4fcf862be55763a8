//! The receipt: what a rollout was like for clients, counted at the proxies.
//!
//! Counters are read at the turns of a rollout and subtracted. Where a proxy's counters began anew, or
//! could not be read, the receipt says so instead of guessing.

mod counted;
mod histogram;
mod last;
mod render;
mod told;

use rollout::{Plan, Rollout};
use serde::{Deserialize, Serialize};

use crate::view::{VerbView, strategy_word};
pub(crate) use counted::versions;
pub use counted::{Counted, Turn};
pub use told::{Finding, HostReceipt, StepTook, VerbGiven};
use told::{findings, promises_none_failed};

pub use histogram::{Latency, Percentiles};

/// What a rollout was like for clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The rollout.
    pub rollout: String,
    /// The service.
    pub service: String,
    /// What it was for: `deploy` or `rollback`.
    pub purpose: String,
    /// The phase it ended in.
    pub phase: String,
    /// The artifact that served before.
    pub from: Option<String>,
    /// The version label of that.
    pub from_vsn: Option<String>,
    /// The artifact that was brought in.
    pub to: String,
    /// The version label of that.
    pub to_vsn: String,
    /// When it began, in milliseconds since the epoch.
    pub began_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Requests seen.
    pub requests: u64,
    /// Requests that failed on the way.
    pub failed: u64,
    /// Requests that were sent again to another connection or instance.
    pub retried: u64,
    /// Requests that waited because no instance could take them.
    pub held: u64,
    /// Clients that went away before their answer was complete.
    pub client_aborted: u64,
    /// Answers by class, `1xx` to `5xx`.
    pub status: [u64; 5],
    /// Sockets and streams moved gently.
    pub sockets_moved: u64,
    /// Sockets and streams cut.
    pub sockets_cut: u64,
    /// Time to the head of an answer.
    pub latency: Latency,
    /// The steps with the time each took.
    pub steps: Vec<StepTook>,
    /// What the numbers above lack, in words; empty where they are whole.
    pub missing: Vec<String>,
    /// How the version was changed.
    #[serde(default)]
    pub strategy: String,
    /// Whether that way of changing a version lets no request fail on the way. A hot upgrade, and a host
    /// that has no room for two versions, do not promise it.
    #[serde(default)]
    pub promises_none_failed: bool,
    /// The numbers of each host.
    #[serde(default)]
    pub hosts: Vec<HostReceipt>,
    /// Hosts that the plan left out, in words.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// What people asked for, oldest first.
    #[serde(default)]
    pub verbs: Vec<VerbGiven>,
    /// What analyses found.
    #[serde(default)]
    pub analyses: Vec<Finding>,
    /// Why the candidate was given up, or the rollout ended degraded.
    #[serde(default)]
    pub cause: Option<String>,
}

impl Receipt {
    /// Makes the receipt of a rollout from its state and the counters read at its turns.
    pub(crate) fn new(
        id: &str,
        state: &Rollout,
        counted: &Counted,
        verbs: &[VerbView],
        now_ms: u64,
    ) -> Self {
        let plan: &Plan = state.plan();
        let seen = state.seen();
        let began_ms = seen.first().map_or(now_ms, |step| step.began.ms());
        let total = &counted.whole;
        Self {
            rollout: id.into(),
            service: plan.service.to_string(),
            purpose: match plan.purpose {
                rollout::Purpose::Deploy => "deploy".into(),
                rollout::Purpose::Rollback => "rollback".into(),
            },
            phase: state.phase().word().into(),
            from: plan
                .stable
                .as_ref()
                .map(|stable| stable.artifact.to_string()),
            from_vsn: plan.stable.as_ref().map(|stable| stable.vsn.clone()),
            to: plan.candidate.artifact.to_string(),
            to_vsn: plan.candidate.vsn.clone(),
            began_ms,
            took_ms: now_ms.saturating_sub(began_ms),
            requests: total.requests,
            failed: total.failed,
            retried: total.retried,
            held: total.held,
            client_aborted: total.client_aborted,
            status: total.status,
            sockets_moved: total.sockets_moved,
            sockets_cut: total.sockets_cut,
            latency: Latency {
                before: histogram::percentiles(&counted.before.latency),
                during: histogram::percentiles(&counted.during.latency),
                after: histogram::percentiles(&counted.after.latency),
            },
            steps: seen
                .iter()
                .map(|seen| StepTook::new(state, seen, now_ms))
                .collect(),
            missing: counted.missing(),
            strategy: strategy_word(&plan.strategy).into(),
            promises_none_failed: promises_none_failed(&plan.strategy),
            hosts: plan
                .hosts
                .iter()
                .map(|host| HostReceipt::new(&host.host, state, counted))
                .collect(),
            left_out: plan.left_out.iter().map(ToString::to_string).collect(),
            verbs: verbs.iter().map(VerbGiven::of).collect(),
            analyses: findings(state),
            cause: state.cause().map(ToString::to_string),
        }
    }

    /// Says whether no request failed where that was promised, and every number is there to say so.
    pub fn none_failed(&self) -> bool {
        self.promises_none_failed && self.failed == 0 && self.missing.is_empty()
    }
}
