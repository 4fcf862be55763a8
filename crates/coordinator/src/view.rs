//! A rollout as it stands, for whoever draws it: one value, whoever drives it.
//!
//! The driver publishes it while it drives; [`crate::Coordinator::watch`] makes the same value in any other
//! process from the journal and the hosts. Names of fields are stable for programs; times are milliseconds
//! since the epoch.

mod make;
mod rates;
mod words;

use rollout::{Event, Tick};
use serde::Serialize;

use crate::order::verb_of;

pub(crate) use make::{Facts, snapshot, strategy_word};
pub(crate) use rates::Sights;
pub(crate) use words::seconds;

/// A rollout at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// The rollout's id.
    pub rollout: String,
    /// `service.environment`.
    pub service: String,
    /// When this was true.
    pub at_ms: u64,
    /// The phase: `planned`, `progressing`, `paused`, `degraded`, `healthy`, `aborted`, `rolled back`.
    pub phase: &'static str,
    /// Whether it is at its end.
    pub finished: bool,
    /// Whether an abort brings stable back.
    pub reversible: bool,
    /// Whether the candidate was decided for.
    pub decided: bool,
    /// `deploy` or `rollback`.
    pub purpose: &'static str,
    /// `hot`, `rolling`, `canary` or `blue-green`.
    pub strategy: &'static str,
    /// The version that serves, or served, where there is one.
    pub stable: Option<VersionName>,
    /// The version that is brought in.
    pub candidate: VersionName,
    /// Who drives it, where that is known and somebody does.
    pub driver: Option<String>,
    /// When its first step began.
    pub began_ms: Option<u64>,
    /// The steps of the plan, in order.
    pub steps: Vec<StepView>,
    /// The steps of the way back; empty while there is none.
    pub way_back: Vec<StepView>,
    /// The place of the step under way: in `way_back` where that is not empty, else in `steps`.
    pub current: Option<usize>,
    /// When what is under way has to be done.
    pub deadline_ms: Option<u64>,
    /// What it waits for, where it waits for a person or for a hook that has to agree.
    pub waiting: Option<WaitingView>,
    /// Why it was given up, or what stands in its way.
    pub cause: Option<String>,
    /// Each host, in the order of the plan.
    pub hosts: Vec<HostView>,
    /// Hosts of the fleet that are left out, in words.
    pub left_out: Vec<String>,
    /// All hosts together.
    pub total: Totals,
    /// What the analyses found.
    pub analyses: Vec<Judgement>,
    /// What people asked for, oldest first.
    pub verbs: Vec<VerbView>,
    /// What a person may ask for now, as words of the command line: `promote`, `pause` …
    pub possible: Vec<&'static str>,
    /// The plan with what happened, drawn by Mermaid; the same as of `cutover show --format mermaid`.
    pub mermaid: String,
    /// The same as parts and boxes, for those who draw it themselves.
    pub diagram: rollout::Diagram,
}

/// What was found in an analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The step's name.
    pub step: String,
    /// What was judged: `errors`, `latency`, or a metric's name.
    pub name: String,
    /// `running`, `successful`, `failed` or `inconclusive`.
    pub outcome: &'static str,
    /// What was seen, in words.
    pub detail: String,
}

/// A version, as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionName {
    /// The artifact.
    pub artifact: String,
    /// Its label.
    pub vsn: String,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Its name, unique within the plan.
    pub name: String,
    /// What is done, in words.
    pub what: String,
    /// What has to be true to go on, and what follows if it is not, in words.
    pub gate: String,
    /// The places of its hosts in [`Snapshot::hosts`].
    pub hosts: Vec<u32>,
    /// The batch that it is of, from 1.
    pub batch: Option<u32>,
    /// Where it is.
    pub state: StepState,
    /// When it began.
    pub began_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// How long it takes if nothing has to be waited for, in milliseconds.
    pub expected_ms: u64,
    /// How long it may take, in milliseconds.
    pub longest_ms: u64,
    /// What is to be told of it, such as a hook that failed and held nothing up.
    pub notes: Vec<String>,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It has not begun.
    Ahead,
    /// It is under way.
    UnderWay,
    /// It is done.
    Done,
    /// A person had it skipped.
    Skipped,
    /// It was under way when the rollout was given up.
    GivenUp,
    /// It will not come: the rollout was given up before.
    Dropped,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitingView {
    /// What, in words.
    pub what: String,
    /// Since when.
    pub since_ms: u64,
    /// Until when at most; then the rollout is given up, or goes on.
    pub until_ms: Option<u64>,
}

/// A host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostView {
    /// Its name.
    pub host: String,
    /// The candidate's weight in percent, as the host last acknowledged it; nothing before it was told.
    pub weight: Option<u8>,
    /// Why it was set aside, if it was.
    pub aside: Option<String>,
    /// Why it counts as lost, if it does.
    pub lost: Option<String>,
    /// What it refused, if it did.
    pub refused: Option<String>,
    /// Whether the step under way still waits for it.
    pub pending: bool,
    /// Whether the candidate is final here.
    pub is_final: bool,
    /// The instances that are looked at.
    pub instances: Vec<InstanceView>,
    /// Stable's traffic.
    pub stable: TrafficView,
    /// The candidate's traffic.
    pub candidate: TrafficView,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceView {
    /// Its id.
    pub instance: String,
    /// Which version it runs.
    pub of: Side,
    /// What its health check says.
    pub health: HealthView,
    /// The check's words.
    pub detail: String,
    /// Restarts after a crash.
    pub restarts: u32,
}

/// One of the two versions of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The one that serves, or served.
    Stable,
    /// The one that is brought in.
    Candidate,
}

/// The health of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthView {
    /// It passed its check.
    Healthy,
    /// It runs and did not pass.
    Unhealthy,
    /// It does not run.
    Down,
}

/// A version's traffic on a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct TrafficView {
    /// Requests each second, over the last few seconds.
    pub requests_per_s: f64,
    /// Of these those that failed or were answered 5xx.
    pub bad_per_s: f64,
    /// Requests since the proxy counts.
    pub requests: u64,
    /// Of these those that failed or were answered 5xx.
    pub bad: u64,
    /// Requests in flight, and open sockets and streams.
    pub open: u64,
    /// Open sockets and streams.
    pub sockets: u64,
}

/// All hosts together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Hosts of the plan.
    pub hosts: usize,
    /// Hosts on which the candidate has all traffic.
    pub switched: usize,
    /// Hosts set aside.
    pub aside: usize,
    /// Hosts that do not answer.
    pub lost: usize,
    /// Stable's traffic.
    pub stable: TrafficView,
    /// The candidate's traffic.
    pub candidate: TrafficView,
}

/// Something that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerbView {
    /// When it took effect.
    pub at_ms: u64,
    /// What: `promote`, `promote --full`, `pause`, `continue`, `abort`, `retry`, `resume`.
    pub verb: &'static str,
    /// Who, `user@host`; unknown for a resume.
    pub by: Option<String>,
    /// Why, if it was said.
    pub why: Option<String>,
}

/// Reads what a person asked for from a journaled event.
pub(crate) fn verb(event: &Event, at: Tick) -> Option<VerbView> {
    let (verb, by, why) = match event {
        Event::Resumed { .. } => ("resume", None, None),
        event => {
            let (verb, by, why) = verb_of(event)?;
            (verb.word(), Some(by.to_owned()), why.map(str::to_owned))
        }
    };
    Some(VerbView {
        at_ms: at.ms(),
        verb,
        by,
        why,
    })
}
