//! What was seen of hosts last, and traffic as a rate.

use std::collections::{BTreeMap, VecDeque};

use proxy::control::v1::Traffic;
use rollout::{ArtifactId, Event, Health, HostId, InstanceId, Plan};

use super::TrafficView;

/// How far back a rate looks, in milliseconds.
const WINDOW_MS: u64 = 5_000;
/// Counters kept of a host at most.
const KEPT: usize = 32;

/// What was seen of every host last.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    hosts: BTreeMap<HostId, Sight>,
}

/// What was seen of a host last.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    pub(crate) instances: BTreeMap<InstanceId, Health>,
    counted: VecDeque<(u64, u64, Counted, Counted)>,
}

/// Counters of one version.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    requests: u64,
    bad: u64,
    open: u64,
    sockets: u64,
}

impl Sights {
    /// Takes in what an event tells of a host.
    pub(crate) fn event(&mut self, event: &Event) {
        if let Event::Observed { host, seen } = event {
            let sight = self.hosts.entry(host.clone()).or_default();
            sight.instances.clone_from(&seen.instances);
        }
    }

    /// Takes in a host's counters.
    pub(crate) fn counted(&mut self, host: &HostId, traffic: &Traffic, plan: &Plan, now_ms: u64) {
        let sight = self.hosts.entry(host.clone()).or_default();
        // A new life of the counters has no past.
        if sight
            .counted
            .back()
            .is_some_and(|(_, epoch, ..)| *epoch != traffic.epoch)
        {
            sight.counted.clear();
        }
        let stable = plan
            .stable
            .as_ref()
            .map_or_else(Counted::default, |stable| of(traffic, &stable.artifact));
        let candidate = of(traffic, &plan.candidate.artifact);
        sight
            .counted
            .push_back((now_ms, traffic.epoch, stable, candidate));
        while sight.counted.len() > KEPT
            || (sight.counted.len() > 2 && sight.counted[1].0.saturating_add(WINDOW_MS) < now_ms)
        {
            sight.counted.pop_front();
        }
    }

    pub(crate) fn host(&self, host: &HostId) -> Option<&Sight> {
        self.hosts.get(host)
    }
}

impl Sight {
    /// Returns the traffic of stable and of the candidate.
    pub(crate) fn traffic(&self) -> (TrafficView, TrafficView) {
        let (Some(first), Some(last)) = (self.counted.front(), self.counted.back()) else {
            return Default::default();
        };
        let ms = last.0.saturating_sub(first.0);
        (rate(first.2, last.2, ms), rate(first.3, last.3, ms))
    }
}

fn rate(from: Counted, to: Counted, ms: u64) -> TrafficView {
    let per_s = |from: u64, to: u64| {
        if ms == 0 {
            return 0.0;
        }
        to.saturating_sub(from) as f64 * 1000.0 / ms as f64
    };
    TrafficView {
        requests_per_s: per_s(from.requests, to.requests),
        bad_per_s: per_s(from.bad, to.bad),
        requests: to.requests,
        bad: to.bad,
        open: to.open,
        sockets: to.sockets,
    }
}

fn of(traffic: &Traffic, artifact: &ArtifactId) -> Counted {
    traffic
        .versions
        .get(artifact.as_str())
        .map_or_else(Counted::default, |counted| {
            let sockets = counted.sockets_open + counted.streams_open;
            Counted {
                requests: counted.requests,
                bad: counted.failed + counted.status[4],
                open: counted.in_flight + sockets,
                sockets,
            }
        })
}

impl TrafficView {
    /// Adds another host's traffic.
    pub(crate) fn add(&mut self, other: &Self) {
        self.requests_per_s += other.requests_per_s;
        self.bad_per_s += other.bad_per_s;
        self.requests += other.requests;
        self.bad += other.bad;
        self.open += other.open;
        self.sockets += other.sockets;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proxy::control::v1::VersionTraffic;

    #[test]
    fn a_rate_is_over_the_last_seconds_and_never_over_a_new_life() {
        let plan = crate::facts::tests::plan(&["lead"]);
        let host = HostId::parse("lead").unwrap();
        let mut sights = Sights::default();
        let mut count = |now_ms: u64, epoch: u64, requests: u64| {
            let counted = VersionTraffic {
                requests,
                ..VersionTraffic::default()
            };
            let traffic = Traffic {
                epoch,
                versions: [(plan.candidate.artifact.to_string(), counted)].into(),
                held_now: 0,
            };
            sights.counted(&host, &traffic, &plan, now_ms);
            sights.host(&host).unwrap().traffic().1
        };
        assert_eq!(count(0, 7, 1000).requests_per_s, 0.0);
        assert_eq!(count(1_000, 7, 1100).requests_per_s, 100.0);
        for second in 2..20 {
            count(second * 1_000, 7, 1100 + second * 10);
        }
        assert_eq!(count(20_000, 7, 1300).requests_per_s, 10.0);
        assert_eq!(count(21_000, 8, 5).requests_per_s, 0.0);
        assert_eq!(count(22_000, 8, 10).requests_per_s, 5.0);
    }
}
