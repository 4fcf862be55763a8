//! The receipt: what a rollout was like for clients, counted at the proxies.
//!
//! Counters are read at the turns of a rollout and subtracted. Where a proxy's counters began anew, or
//! could not be read, the receipt says so instead of guessing.

mod histogram;
mod render;

use std::collections::{BTreeMap, BTreeSet};

use proxy::control::v1::{Traffic, VersionTraffic};
use rollout::{Plan, Rollout};
use serde::{Deserialize, Serialize};

pub use histogram::{Latency, Percentiles};

/// The counters of every host at one turn of a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// Which turn.
    pub turn: Turn,
    /// By host. A host that did not answer is missing.
    pub hosts: BTreeMap<String, Traffic>,
}

/// A turn of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// When it began, or was taken up again.
    Start,
    /// Before traffic was moved.
    Switch,
    /// When the drain was over.
    Drained,
    /// At its end.
    End,
}

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
}

/// A step and its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTook {
    /// The step.
    pub step: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What was counted between two snapshots.
#[derive(Debug, Clone, Default)]
struct Delta {
    total: VersionTraffic,
    restarted: BTreeSet<String>,
    unread: BTreeSet<String>,
}

impl Receipt {
    /// Makes the receipt of a rollout from its state and the snapshots taken.
    pub(crate) fn new(id: &str, state: &Rollout, snapshots: &[Counters], now_ms: u64) -> Self {
        let plan: &Plan = state.plan();
        let began_ms = state.times().first().map_or(now_ms, |step| step.began.ms());
        let whole = between(plan, snapshots, |_, _| true);
        // A rollout that was given up before the switch is all before it.
        let switched = snapshots.iter().any(|s| s.turn == Turn::Switch);
        let before = between(plan, snapshots, |_, to| {
            !switched || to.turn <= Turn::Switch
        });
        let during = between(plan, snapshots, |from, to| {
            from.turn >= Turn::Switch && to.turn <= Turn::Drained
        });
        let after = between(plan, snapshots, |from, _| from.turn >= Turn::Drained);
        let mut missing: Vec<String> = Vec::new();
        missing.extend(whole.restarted.iter().map(|host| {
            format!(
                "the counters on {host} began anew in between: what was counted before that is lost"
            )
        }));
        missing.extend(
            whole
                .unread
                .iter()
                .map(|host| format!("the counters on {host} could not be read at every turn")),
        );
        let total = whole.total;
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
                before: histogram::percentiles(&before.total.latency),
                during: histogram::percentiles(&during.total.latency),
                after: histogram::percentiles(&after.total.latency),
            },
            steps: state
                .times()
                .iter()
                .map(|step| StepTook {
                    step: step.name.into(),
                    took_ms: step
                        .ended
                        .map_or(now_ms, rollout::Tick::ms)
                        .saturating_sub(step.began.ms()),
                })
                .collect(),
            missing,
        }
    }
}

/// Sums what was counted between those neighbouring snapshots that `wanted` picks.
fn between(
    plan: &Plan,
    snapshots: &[Counters],
    wanted: impl Fn(&Counters, &Counters) -> bool,
) -> Delta {
    let mut delta = Delta::default();
    for host in &plan.hosts {
        let host = host.host.as_str();
        // Neighbours among those that have the host: one that could not be read leaves no gap in sums.
        let read: Vec<&Counters> = snapshots
            .iter()
            .filter(|snapshot| snapshot.hosts.contains_key(host))
            .collect();
        if read.len() < snapshots.len() {
            delta.unread.insert(host.into());
        }
        for pair in read.windows(2) {
            let [from, to] = pair else { continue };
            if !wanted(from, to) {
                continue;
            }
            let (old, new) = (&from.hosts[host], &to.hosts[host]);
            let anew = old.epoch != new.epoch;
            // A service that the proxy did not know yet counts from nothing, and lost nothing.
            if anew && old.epoch != 0 {
                delta.restarted.insert(host.into());
            }
            for (artifact, counted) in &new.versions {
                match old.versions.get(artifact).filter(|_| !anew) {
                    Some(before) => add(&mut delta.total, &subtract(counted, before)),
                    None => add(&mut delta.total, counted),
                }
            }
        }
    }
    delta
}

fn subtract(later: &VersionTraffic, earlier: &VersionTraffic) -> VersionTraffic {
    VersionTraffic {
        requests: later.requests.saturating_sub(earlier.requests),
        status: std::array::from_fn(|i| later.status[i].saturating_sub(earlier.status[i])),
        failed: later.failed.saturating_sub(earlier.failed),
        retried: later.retried.saturating_sub(earlier.retried),
        held: later.held.saturating_sub(earlier.held),
        client_aborted: later.client_aborted.saturating_sub(earlier.client_aborted),
        sockets_moved: later.sockets_moved.saturating_sub(earlier.sockets_moved),
        sockets_cut: later.sockets_cut.saturating_sub(earlier.sockets_cut),
        latency: later
            .latency
            .iter()
            .enumerate()
            .map(|(i, count)| count.saturating_sub(earlier.latency.get(i).copied().unwrap_or(0)))
            .collect(),
        ..VersionTraffic::default()
    }
}

fn add(total: &mut VersionTraffic, more: &VersionTraffic) {
    total.requests += more.requests;
    for (sum, count) in total.status.iter_mut().zip(more.status) {
        *sum += count;
    }
    total.failed += more.failed;
    total.retried += more.retried;
    total.held += more.held;
    total.client_aborted += more.client_aborted;
    total.sockets_moved += more.sockets_moved;
    total.sockets_cut += more.sockets_cut;
    if total.latency.len() < more.latency.len() {
        total.latency.resize(more.latency.len(), 0);
    }
    for (sum, count) in total.latency.iter_mut().zip(&more.latency) {
        *sum += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(requests: u64, failed: u64) -> VersionTraffic {
        VersionTraffic {
            requests,
            failed,
            latency: vec![requests],
            ..VersionTraffic::default()
        }
    }

    fn snapshot(turn: Turn, epoch: u64, versions: &[(&str, VersionTraffic)]) -> Counters {
        let versions = versions
            .iter()
            .map(|(name, counted)| ((*name).to_owned(), counted.clone()))
            .collect();
        let traffic = Traffic {
            epoch,
            versions,
            held_now: 0,
        };
        Counters {
            at_ms: 0,
            turn,
            hosts: [("lead".to_owned(), traffic)].into(),
        }
    }

    #[test]
    fn counters_are_subtracted_and_a_new_life_is_told_not_guessed() {
        let plan = crate::facts::tests::plan(&["lead"]);
        let whole = |snapshots: &[Counters]| between(&plan, snapshots, |_, _| true);
        let start = snapshot(Turn::Start, 7, &[("a", counted(100, 1))]);
        let end = snapshot(
            Turn::End,
            7,
            &[("a", counted(150, 1)), ("b", counted(30, 2))],
        );
        let delta = whole(&[start.clone(), end]);
        assert_eq!((delta.total.requests, delta.total.failed), (80, 2));
        assert!(delta.restarted.is_empty() && delta.unread.is_empty());

        let anew = snapshot(Turn::End, 8, &[("b", counted(30, 2))]);
        let delta = whole(&[start.clone(), anew]);
        assert_eq!((delta.total.requests, delta.total.failed), (30, 2));
        assert!(delta.restarted.contains("lead"));

        let unread = Counters {
            hosts: BTreeMap::new(),
            ..start.clone()
        };
        let delta = whole(&[start, unread]);
        assert!(delta.unread.contains("lead"));
    }
}
