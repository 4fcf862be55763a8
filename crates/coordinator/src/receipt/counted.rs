//! What was counted between turns, over hosts and lives of their counters.

use std::collections::{BTreeMap, BTreeSet};

use proxy::control::v1::VersionTraffic;
use rollout::Plan;

use super::Counters;

/// What was counted between two turns.
#[derive(Debug, Clone, Default)]
pub(super) struct Delta {
    pub(super) total: VersionTraffic,
    pub(super) hosts: BTreeMap<String, VersionTraffic>,
    restarted: BTreeSet<String>,
    unread: BTreeSet<String>,
}

impl Delta {
    /// Says what the numbers lack.
    pub(super) fn missing(&self) -> Vec<String> {
        let restarted = self.restarted.iter().map(|host| {
            format!(
                "the counters on {host} began anew in between: what was counted before that is lost"
            )
        });
        let unread = self
            .unread
            .iter()
            .map(|host| format!("the counters on {host} could not be read at every turn"));
        restarted.chain(unread).collect()
    }
}

/// Sums what was counted between those neighbouring snapshots that `wanted` picks.
pub(super) fn between(
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
                let more = match old.versions.get(artifact).filter(|_| !anew) {
                    Some(before) => subtract(counted, before),
                    None => counted.clone(),
                };
                add(&mut delta.total, &more);
                add(delta.hosts.entry(host.into()).or_default(), &more);
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
    use crate::receipt::Turn;
    use proxy::control::v1::Traffic;

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
