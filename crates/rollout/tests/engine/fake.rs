//! A host that keeps state: what runs on it, and where its proxy sends traffic.

use std::collections::{BTreeMap, BTreeSet};

use rollout::{
    Action, ArtifactId, Commitment, Health, HostPlan, HotWork, InstanceId, Observation, Plan,
    RouteSeen, Tally, Tick, TrafficSeen, Verdict,
};

#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) running: BTreeSet<InstanceId>,
    pub(crate) weights: BTreeMap<ArtifactId, u8>,
    pub(crate) leased: bool,
    pub(crate) reverted: bool,
    pub(crate) ready: bool,
    /// What its checks say, where that is not healthy.
    pub(crate) verdict: Option<Verdict>,
    pub(crate) restarts: u32,
    /// Whether its agent answers.
    pub(crate) away: bool,
    /// Of 100 requests, how many the candidate answers badly.
    pub(crate) bad: u64,
    pub(crate) counted: TrafficSeen,
}

impl Fake {
    pub(crate) fn of(plan: &Plan, host: &HostPlan) -> Self {
        let stable = host.stable_version.as_ref().or(plan.stable.as_ref());
        let weights = stable.filter(|_| !host.stable.is_empty());
        Self {
            running: host.stable.iter().cloned().collect(),
            weights: weights
                .iter()
                .map(|stable| (stable.artifact.clone(), 100))
                .collect(),
            leased: false,
            reverted: false,
            ready: true,
            verdict: None,
            restarts: 0,
            away: false,
            bad: 0,
            counted: TrafficSeen {
                epoch: 1,
                stable: Tally {
                    requests: 10_000,
                    bad: 10,
                    slow: 0,
                    open: 0,
                },
                candidate: Tally::default(),
            },
        }
    }

    pub(crate) fn obey(&mut self, action: &Action) {
        match action {
            Action::Clear { instance } | Action::Stop { instance } => {
                self.running.remove(instance);
            }
            Action::Start { instance, .. } => {
                self.running.insert(instance.clone());
            }
            Action::Route {
                shares, commitment, ..
            } => {
                assert_eq!(
                    shares
                        .iter()
                        .map(|share| u32::from(share.weight))
                        .sum::<u32>(),
                    100
                );
                for share in shares.iter().filter(|share| share.weight > 0) {
                    let all = share.instances.iter().all(|id| self.running.contains(id));
                    assert!(all, "traffic to what does not run: {action}");
                }
                let weighted = shares.iter().filter(|share| share.weight > 0);
                self.weights = weighted
                    .map(|share| (share.artifact.clone(), share.weight))
                    .collect();
                self.leased = matches!(commitment, Commitment::Leased { .. });
                self.reverted = false;
            }
            Action::Commit => self.leased = false,
            Action::Ready { ready } => self.ready = *ready,
            Action::Hot { work, .. } if *work == HotWork::Install => {}
            _ => {}
        }
    }

    /// Looks, and lets a hundred requests come.
    pub(crate) fn look(&mut self, plan: &Plan, instances: &[InstanceId], now: u64) -> Observation {
        let of =
            |artifact: &ArtifactId| u64::from(self.weights.get(artifact).copied().unwrap_or(0));
        let candidate = of(&plan.candidate.artifact);
        self.counted.candidate.requests += candidate;
        self.counted.candidate.bad += candidate * self.bad / 100;
        if let Some(stable) = &plan.stable {
            self.counted.stable.requests += of(&stable.artifact);
        }
        let health = |id: &InstanceId| Health {
            verdict: match (self.running.contains(id), self.verdict) {
                (false, _) => Verdict::Down,
                (true, verdict) => verdict.unwrap_or(Verdict::Healthy),
            },
            restarts: self.restarts,
            detail: "503".into(),
        };
        Observation {
            began: Tick::from_ms(now),
            instances: instances
                .iter()
                .map(|id| (id.clone(), health(id)))
                .collect(),
            route: Some(RouteSeen {
                weights: self.weights.clone(),
                reverted: self.reverted,
            }),
            traffic: self.counted,
        }
    }
}
