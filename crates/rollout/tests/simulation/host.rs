//! A simulated host: instances, a proxy with a lease on its own clock, an agent that may be away.

use std::collections::{BTreeMap, BTreeSet};

use rollout::{
    Action, ArtifactId, Commitment, Health, InstanceId, Observation, Plan, Reply, RouteSeen,
    RunOutcome, Tally, Tick, TrafficSeen, Verdict,
};

use crate::chance::Chance;

#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) artifact: ArtifactId,
    pub(crate) running: bool,
    /// When it will be healthy, if nothing happens to it.
    pub(crate) healthy_at: u64,
    pub(crate) restarts: u32,
    pub(crate) warm_until: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) weights: BTreeMap<ArtifactId, (u8, Vec<InstanceId>)>,
    /// Until when, and who gets all at expiry.
    pub(crate) lease: Option<(u64, ArtifactId)>,
    pub(crate) prepared: bool,
    pub(crate) reverted: bool,
    pub(crate) draining: BTreeMap<ArtifactId, u64>,
}

/// How the candidate behaves here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Temper {
    pub(crate) boot_ms: u64,
    /// Crashes at boot, again and again.
    pub(crate) crash_loop: bool,
    /// Never healthy.
    pub(crate) sick: bool,
    /// Healthy only now and then.
    pub(crate) flaps: bool,
    /// Dies at this time.
    pub(crate) dies_at: Option<u64>,
    /// Answers this part of requests with 5xx.
    pub(crate) bad_permille: u64,
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) instances: BTreeMap<InstanceId, Instance>,
    pub(crate) route: Option<Route>,
    pub(crate) counted: BTreeMap<ArtifactId, Tally>,
    pub(crate) temper: Temper,
    /// When the agent does not answer.
    pub(crate) away: Vec<(u64, u64)>,
    /// When a release command ends, and how.
    pub(crate) runs: BTreeMap<u32, (u64, RunOutcome)>,
    pub(crate) command_ms: u64,
    pub(crate) runs_performed: u32,
    pub(crate) command_exit: i32,
    pub(crate) command_unknown: bool,
    pub(crate) token: u64,
    pub(crate) ever_served: BTreeSet<ArtifactId>,
}

impl Host {
    pub(crate) fn answers(&self, now: u64) -> bool {
        !self
            .away
            .iter()
            .any(|(from, until)| (*from..*until).contains(&now))
    }

    /// Lets time pass: leases run out, warm instances stop, drains end, requests come.
    pub(crate) fn pass(&mut self, now: u64, candidate: &ArtifactId, chance: &mut Chance) {
        if let Some(route) = &mut self.route {
            if let Some((until, stable)) = route.lease.clone().filter(|_| !route.prepared)
                && now >= until
            {
                for (artifact, (weight, _)) in &mut route.weights {
                    *weight = if *artifact == stable { 100 } else { 0 };
                }
                route.lease = None;
                route.reverted = true;
                assert!(until <= now);
            }
            for (artifact, (weight, _)) in &route.weights {
                if *weight > 0 {
                    self.ever_served.insert(artifact.clone());
                    let tally = self.counted.entry(artifact.clone()).or_default();
                    tally.requests += 4;
                    tally.open = 3;
                    if artifact == candidate && chance.happens(self.temper.bad_permille) {
                        tally.bad += 4;
                    }
                } else if let Some(until) = route.draining.get(artifact) {
                    let tally = self.counted.entry(artifact.clone()).or_default();
                    tally.open = if now >= *until {
                        0
                    } else {
                        tally.open.saturating_sub(chance.range(0, 2))
                    };
                }
            }
        }
        for instance in self.instances.values_mut() {
            if instance.warm_until.is_some_and(|until| now >= until) {
                instance.running = false;
                instance.warm_until = None;
            }
            if instance.artifact == *candidate && instance.running {
                if self.temper.dies_at.is_some_and(|at| now >= at) {
                    instance.running = false;
                }
                if self.temper.crash_loop && chance.happens(200) {
                    instance.restarts += 1;
                }
            }
        }
    }

    pub(crate) fn healthy(&self, id: &InstanceId, now: u64, candidate: &ArtifactId) -> bool {
        self.instances.get(id).is_some_and(|instance| {
            let own = instance.artifact == *candidate;
            let well = !(own && (self.temper.sick || self.temper.crash_loop));
            let steady = !(own && self.temper.flaps) || (now / 700).is_multiple_of(2);
            instance.running && now >= instance.healthy_at && well && steady
        })
    }

    /// Obeys, unless the token is an older one.
    pub(crate) fn obey(
        &mut self,
        action: &Action,
        plan: &Plan,
        token: u64,
        now: u64,
    ) -> Option<Reply> {
        if token < self.token {
            return None;
        }
        self.token = token;
        let refused = |detail: &str| {
            Some(Reply::Refused {
                detail: detail.into(),
            })
        };
        match action {
            Action::Clear { instance } => {
                self.instances.remove(instance);
            }
            Action::Start {
                instance, artifact, ..
            } => {
                let boot_ms = self.temper.boot_ms;
                let known = self
                    .instances
                    .get(instance)
                    .is_some_and(|old| old.artifact == *artifact && old.running);
                if !known {
                    let started = Instance {
                        artifact: artifact.clone(),
                        running: true,
                        healthy_at: now + boot_ms,
                        restarts: 0,
                        warm_until: None,
                    };
                    self.instances.insert(instance.clone(), started);
                }
            }
            Action::Run { attempt, .. } => {
                let (exit, unknown) = (self.command_exit, self.command_unknown);
                let performed = &mut self.runs_performed;
                let ends_at = now + self.command_ms;
                self.runs.entry(*attempt).or_insert_with(|| {
                    *performed += 1;
                    let outcome = if unknown && *attempt == 1 {
                        RunOutcome::Unknown
                    } else {
                        RunOutcome::Finished {
                            exit,
                            output: String::new(),
                        }
                    };
                    (ends_at, outcome)
                });
                return Some(self.told_of_run(*attempt, now));
            }
            Action::AwaitRun { attempt } => return Some(self.told_of_run(*attempt, now)),
            Action::Route { shares, commitment } => {
                let mut draining = self
                    .route
                    .take()
                    .map(|route| route.draining)
                    .unwrap_or_default();
                let weights: BTreeMap<_, _> = shares
                    .iter()
                    .map(|share| {
                        (
                            share.artifact.clone(),
                            (share.weight, share.instances.clone()),
                        )
                    })
                    .collect();
                draining.retain(|artifact, _| {
                    weights
                        .get(artifact)
                        .is_some_and(|(weight, _)| *weight == 0)
                });
                for share in shares.iter().filter(|share| share.weight > 0) {
                    for id in &share.instances {
                        if let Some(instance) = self.instances.get_mut(id) {
                            instance.warm_until = None;
                        }
                    }
                }
                let lease = match commitment {
                    Commitment::Committed => None,
                    Commitment::Leased { ttl_ms, stable } => Some((now + ttl_ms, stable.clone())),
                };
                self.route = Some(Route {
                    weights,
                    lease,
                    prepared: false,
                    reverted: false,
                    draining,
                });
            }
            Action::Prepare => match self.route.as_mut().filter(|route| route.lease.is_some()) {
                Some(route) => route.prepared = true,
                None => return refused("nothing is leased"),
            },
            Action::Commit => {
                let candidate = &plan.candidate.artifact;
                match self
                    .route
                    .as_mut()
                    .filter(|route| route.weights.get(candidate).is_some_and(|w| w.0 == 100))
                {
                    Some(route) => {
                        route.lease = None;
                        route.prepared = false;
                    }
                    None => return refused("nothing is prepared"),
                }
            }
            Action::Drain { artifact } => {
                let Some(route) = &mut self.route else {
                    return refused("no such service");
                };
                if route
                    .weights
                    .get(artifact)
                    .is_none_or(|(weight, _)| *weight > 0)
                {
                    return refused("it has weight");
                }
                route
                    .draining
                    .insert(artifact.clone(), now + plan.timing.drain_timeout_ms);
            }
            Action::KeepWarm { instance, for_ms } => match self.instances.get_mut(instance) {
                Some(instance) => instance.warm_until = Some(now + for_ms),
                None => return refused("no such instance"),
            },
            Action::Stop { instance } => {
                if let Some(instance) = self.instances.get_mut(instance) {
                    instance.running = false;
                }
            }
        }
        Some(Reply::Done)
    }

    /// What became of a run; as long as it is under way there is no answer, and it is asked again.
    fn told_of_run(&self, attempt: u32, now: u64) -> Reply {
        match self.runs.get(&attempt) {
            None => Reply::Done,
            Some((ends_at, _)) if now < *ends_at => Reply::Unknown {
                detail: "it runs".into(),
            },
            Some((_, outcome)) => Reply::Ran(outcome.clone()),
        }
    }

    pub(crate) fn runs_now(&self, now: u64) -> bool {
        self.runs.values().any(|(ends_at, _)| now < *ends_at)
    }

    /// Renews the lease, if there still is one.
    pub(crate) fn renew(&mut self, ttl_ms: u64, now: u64) {
        if let Some((until, _)) = self.route.as_mut().and_then(|route| route.lease.as_mut()) {
            *until = now + ttl_ms;
        }
    }

    pub(crate) fn look(&self, instances: &[InstanceId], plan: &Plan, now: u64) -> Observation {
        let candidate = &plan.candidate.artifact;
        let tally = |artifact: &ArtifactId| self.counted.get(artifact).copied().unwrap_or_default();
        Observation {
            began: Tick::from_ms(now),
            instances: instances
                .iter()
                .map(|id| {
                    let running = self
                        .instances
                        .get(id)
                        .is_some_and(|instance| instance.running);
                    let verdict = match (running, self.healthy(id, now, candidate)) {
                        (false, _) => Verdict::Down,
                        (true, true) => Verdict::Healthy,
                        (true, false) => Verdict::Unhealthy,
                    };
                    let restarts = self
                        .instances
                        .get(id)
                        .map_or(0, |instance| instance.restarts);
                    (
                        id.clone(),
                        Health {
                            verdict,
                            restarts,
                            detail: format!("{verdict:?}"),
                        },
                    )
                })
                .collect(),
            route: self.route.as_ref().map(|route| RouteSeen {
                weights: route
                    .weights
                    .iter()
                    .map(|(artifact, (weight, _))| (artifact.clone(), *weight))
                    .collect(),
                reverted: route.reverted,
            }),
            traffic: TrafficSeen {
                epoch: 1,
                stable: plan
                    .stable
                    .as_ref()
                    .map(|stable| tally(&stable.artifact))
                    .unwrap_or_default(),
                candidate: tally(candidate),
            },
        }
    }
}
