//! What a receipt tells beside the numbers of all hosts together.

use analysis::Outcome;
use rollout::{Rollout, StepEnd, StepSeen, Strategy, Surge};
use serde::{Deserialize, Serialize};

use super::counted::Counted;
use crate::view::VerbView;

/// A step and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTook {
    /// The step.
    pub step: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When it began, in milliseconds since the epoch.
    #[serde(default)]
    pub began_ms: u64,
    /// What became of it: `done`, `skipped`, `given up`, or `interrupted` and begun again.
    #[serde(default)]
    pub end: String,
    /// What is to be told of it, such as what its hook printed.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The numbers of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReceipt {
    /// The host.
    pub host: String,
    /// Requests seen.
    pub requests: u64,
    /// Requests that failed on the way.
    pub failed: u64,
    /// Requests that were sent again.
    pub retried: u64,
    /// Answers by class, `1xx` to `5xx`.
    pub status: [u64; 5],
    /// Sockets and streams moved gently.
    pub sockets_moved: u64,
    /// Sockets and streams cut.
    pub sockets_cut: u64,
    /// Why it was set aside, if it was.
    pub aside: Option<String>,
}

/// Something that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerbGiven {
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// What.
    pub verb: String,
    /// Who; unknown for a resume.
    pub by: Option<String>,
    /// Why, if it was said.
    pub why: Option<String>,
}

/// What an analysis found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The step.
    pub step: String,
    /// What was judged: `errors`, `latency`, or a metric's name.
    pub name: String,
    /// `running`, `successful`, `failed` or `inconclusive`.
    pub outcome: String,
    /// What was seen, in words.
    pub detail: String,
}

impl StepTook {
    pub(super) fn new(state: &Rollout, seen: &StepSeen, now_ms: u64) -> Self {
        let ended_ms = seen.ended.map_or(now_ms, rollout::Tick::ms);
        Self {
            step: state
                .step_of(seen.step)
                .map_or_else(String::new, |step| step.name.clone()),
            took_ms: ended_ms.saturating_sub(seen.began.ms()),
            began_ms: seen.began.ms(),
            end: match seen.end {
                Some(StepEnd::Done) => "done",
                Some(StepEnd::Skipped) => "skipped",
                Some(StepEnd::GivenUp) => "given up",
                Some(StepEnd::Interrupted) => "interrupted",
                None => "under way",
            }
            .into(),
            notes: seen.notes.clone(),
        }
    }
}

impl HostReceipt {
    pub(super) fn new(host: &rollout::HostId, state: &Rollout, counted: &Counted) -> Self {
        let counted = counted
            .hosts
            .get(host.as_str())
            .cloned()
            .unwrap_or_default();
        let seen = state.host_seen(host);
        Self {
            host: host.to_string(),
            requests: counted.requests,
            failed: counted.failed,
            retried: counted.retried,
            status: counted.status,
            sockets_moved: counted.sockets_moved,
            sockets_cut: counted.sockets_cut,
            aside: seen.and_then(|seen| seen.aside.map(Into::into)),
        }
    }
}

impl VerbGiven {
    pub(super) fn of(verb: &VerbView) -> Self {
        Self {
            at_ms: verb.at_ms,
            verb: verb.verb.into(),
            by: verb.by.clone(),
            why: verb.why.clone(),
        }
    }
}

/// Lists what analyses found.
pub(super) fn findings(state: &Rollout) -> Vec<Finding> {
    state
        .judged()
        .iter()
        .map(|judged| Finding {
            step: state
                .step_of(judged.step)
                .map_or_else(String::new, |step| step.name.clone()),
            name: judged.name.clone(),
            outcome: match &judged.outcome {
                Outcome::Running { .. } => "running",
                Outcome::Successful { .. } => "successful",
                Outcome::Failed { .. } => "failed",
                Outcome::Inconclusive { .. } => "inconclusive",
            }
            .into(),
            detail: judged.outcome.detail().into(),
        })
        .collect()
}

/// Says whether a way of changing a version lets no request fail on the way: both versions are up while
/// traffic moves. The code of a running node changes under its requests, and a host without room for two
/// versions stops one first.
pub(super) fn promises_none_failed(strategy: &Strategy) -> bool {
    match strategy {
        Strategy::BlueGreen(_) | Strategy::Canary(_) => true,
        Strategy::Rolling(rolling) => matches!(rolling.surge, Surge::Beside),
        Strategy::Hot(_) | Strategy::Auto { .. } => false,
    }
}
