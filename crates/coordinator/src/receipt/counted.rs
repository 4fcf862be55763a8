//! What was counted between the turns of a rollout, over hosts and lives of their counters.
//!
//! Each reading is folded into sums as it comes, so what is kept does not grow with the turns.

use std::collections::{BTreeMap, BTreeSet};

use proxy::control::v1::{Traffic, VersionTraffic};
use rollout::Plan;
use serde::{Deserialize, Serialize};

use super::last::Last;

/// A turn of a rollout, at which counters are read.
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

/// What was counted so far, by the parts of a rollout and by host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The turns so far, with their times in milliseconds since the epoch.
    pub turns: Vec<(Turn, u64)>,
    /// Until traffic was moved.
    pub before: VersionTraffic,
    /// From then until the drain was over.
    pub during: VersionTraffic,
    /// From then on.
    pub after: VersionTraffic,
    /// All of it.
    pub whole: VersionTraffic,
    /// All of it, by host and without latency.
    pub hosts: BTreeMap<String, VersionTraffic>,
    /// The counters as they were last read on each host.
    last: BTreeMap<String, Last>,
    restarted: BTreeSet<String>,
    unread: BTreeSet<String>,
}

impl Counted {
    /// Says whether counters were read at that turn.
    pub(crate) fn has(&self, turn: Turn) -> bool {
        self.turns.iter().any(|(read, _)| *read == turn)
    }

    /// Takes in the counters of the hosts at a turn, `of` these versions: a proxy remembers many that were
    /// retired long ago. Of `wanted` hosts, those that could not be read are missing.
    pub(crate) fn read<'a>(
        &mut self,
        turn: Turn,
        at_ms: u64,
        wanted: impl Iterator<Item = &'a str>,
        of: &BTreeSet<&str>,
        mut read: BTreeMap<String, Traffic>,
    ) {
        for host in wanted {
            match read.remove(host) {
                Some(now) => self.read_host(turn, host, of, now),
                None => {
                    self.unread.insert(host.into());
                }
            }
        }
        self.turns.push((turn, at_ms));
    }

    fn read_host(&mut self, turn: Turn, host: &str, of: &BTreeSet<&str>, traffic: Traffic) {
        let mut now = Last {
            epoch: traffic.epoch,
            ..Last::default()
        };
        for (artifact, counted) in traffic.versions {
            if of.contains(artifact.as_str()) {
                now.keep(&artifact, counted);
            }
        }
        if let Some(old) = self.last.get(host) {
            let anew = old.epoch != now.epoch;
            // A service that the proxy did not know yet counts from nothing, and lost nothing.
            if anew && old.epoch != 0 {
                self.restarted.insert(host.into());
            }
            let mut more = VersionTraffic::default();
            for (artifact, counted) in &now.versions {
                match old.versions.get(artifact).filter(|_| !anew) {
                    Some(before) => add(&mut more, &subtract(counted, before)),
                    None => add(&mut more, counted),
                }
            }
            // A rollout that was given up before the switch is all before it.
            match self.turns.iter().map(|(turn, _)| *turn).max() {
                Some(Turn::Switch) if turn == Turn::End => {}
                Some(Turn::Switch) => add(&mut self.during, &more),
                Some(Turn::Drained | Turn::End) => add(&mut self.after, &more),
                Some(Turn::Start) | None => add(&mut self.before, &more),
            }
            add(&mut self.whole, &more);
            more.latency.clear();
            add(self.hosts.entry(host.into()).or_default(), &more);
        }
        self.last.insert(host.into(), now);
    }

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

    /// Forgets what only the next reading needs.
    pub(crate) fn close(&mut self) {
        self.last.clear();
    }
}

/// The versions whose counters tell of a rollout: those of its plan, and what reached none.
pub(crate) fn versions(plan: &Plan) -> BTreeSet<&str> {
    let own = plan.hosts.iter().map(|host| host.stable_version.as_ref());
    own.chain([plan.stable.as_ref(), Some(&plan.candidate)])
        .flatten()
        .map(|version| version.artifact.as_str())
        .chain([""])
        .collect()
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

    /// A turn, the life of the counters, and what they say of each version.
    type Reading<'a> = (Turn, u64, &'a [(&'a str, VersionTraffic)]);

    /// Reads the counters of `lead` at each turn; in life 99 they cannot be read.
    fn check(readings: &[Reading<'_>]) -> Counted {
        let mut sums = Counted::default();
        for (turn, epoch, versions) in readings {
            let versions: BTreeMap<_, _> = versions
                .iter()
                .map(|(name, counted)| ((*name).to_owned(), counted.clone()))
                .collect();
            let traffic = Traffic {
                epoch: *epoch,
                versions,
                ..Traffic::default()
            };
            let read = (*epoch != 99).then_some(("lead".to_owned(), traffic));
            let read = read.into_iter().collect();
            sums.read(*turn, 0, ["lead"].into_iter(), &["a", "b"].into(), read);
            // As the next coordinator finds it.
            let kept = serde_json::to_value(&sums).unwrap();
            sums = serde_json::from_value(kept).unwrap();
        }
        sums
    }

    #[test]
    fn counters_are_subtracted_and_a_new_life_is_told_not_guessed() {
        let start: Reading<'_> = (Turn::Start, 7, &[("a", counted(100, 1))]);
        let sums = check(&[
            start,
            (
                Turn::End,
                7,
                &[("a", counted(150, 1)), ("b", counted(30, 2))],
            ),
        ]);
        assert_eq!((sums.whole.requests, sums.whole.failed), (80, 2));
        assert_eq!(sums.hosts["lead"].requests, 80);
        assert_eq!(sums.before.requests, 80, "it never switched");
        assert!(sums.missing().is_empty());

        let sums = check(&[start, (Turn::End, 8, &[("b", counted(30, 2))])]);
        assert_eq!((sums.whole.requests, sums.whole.failed), (30, 2));
        assert!(sums.missing()[0].contains("began anew"));

        let sums = check(&[start, (Turn::End, 99, &[])]);
        assert!(sums.missing()[0].contains("could not be read"));
    }

    #[test]
    fn versions_that_are_no_part_of_the_rollout_are_not_kept() {
        let sums = check(&[
            (
                Turn::Start,
                7,
                &[("a", counted(1, 0)), ("old", counted(9, 0))],
            ),
            (
                Turn::End,
                7,
                &[("a", counted(4, 0)), ("old", counted(9, 0))],
            ),
        ]);
        assert_eq!(sums.whole.requests, 3);
        assert!(!serde_json::to_string(&sums).unwrap().contains("old"));
    }

    #[test]
    fn the_parts_of_a_rollout_are_summed_apart_also_over_a_resume() {
        let sums = check(&[
            (Turn::Start, 7, &[("a", counted(100, 0))]),
            (Turn::Switch, 7, &[("a", counted(110, 0))]),
            (Turn::Start, 7, &[("a", counted(115, 0))]),
            (
                Turn::Drained,
                7,
                &[("a", counted(115, 0)), ("b", counted(20, 0))],
            ),
            (
                Turn::End,
                7,
                &[("a", counted(115, 0)), ("b", counted(50, 0))],
            ),
        ]);
        let parts = [&sums.before, &sums.during, &sums.after].map(|part| part.requests);
        assert_eq!(parts, [10, 25, 30]);
        assert_eq!(sums.whole.requests, 65);
    }
}
