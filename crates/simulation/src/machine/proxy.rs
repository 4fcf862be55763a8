//! The simulated proxy: the production split with its lease, drains, and counters.

use std::collections::BTreeMap;

use ::proxy::Split;
use ::proxy::control::v1::{ServiceConfig, Traffic, VersionTraffic};
use rollout::{ArtifactId, InstanceId};

/// Sockets that a version has while it serves.
const SOCKETS: u64 = 3;

/// The proxy of a host, as far as one service goes.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) split: Option<Split>,
    /// The versions with their weights and instances, read off the split.
    pub(crate) versions: Vec<Serving>,
    /// Whether a lease ran out, as the agent remembers it too.
    pub(crate) reverted: bool,
    pub(crate) drains: BTreeMap<ArtifactId, u64>,
    pub(crate) tallies: BTreeMap<ArtifactId, Tally>,
    pub(crate) epoch: u64,
    /// Whether a balancer in front has left the host.
    pub(crate) left: bool,
    booted_at: u64,
}

/// A version on a proxy.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) artifact: ArtifactId,
    pub(crate) weight: u8,
    /// Whether testers or a preview get to it.
    pub(crate) beside: bool,
    pub(crate) instances: Vec<InstanceId>,
}

/// What is counted of a version, in thousandths of requests.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) bad: u64,
    pub(crate) open: u64,
}

impl Proxy {
    pub(super) fn new(now: u64) -> Self {
        Self {
            split: None,
            versions: Vec::new(),
            reverted: false,
            drains: BTreeMap::new(),
            tallies: BTreeMap::new(),
            epoch: 1,
            left: false,
            booted_at: now,
        }
    }

    /// Its own clock, which counts from the machine's boot.
    pub(crate) fn clock(&self, now: u64) -> u64 {
        now.saturating_sub(self.booted_at)
    }

    pub(super) fn put(&mut self, config: ServiceConfig, now: u64) -> Result<(), String> {
        let split = Split::new(config, self.clock(now)).map_err(|error| error.to_string())?;
        self.split = Some(split);
        self.reverted = false;
        self.read();
        let (versions, left) = (&self.versions, self.left);
        self.drains.retain(|artifact, _| {
            versions
                .iter()
                .any(|v| v.artifact == *artifact && (left || v.weight == 0 && !v.beside))
        });
        Ok(())
    }

    /// Reads weights and instances off the split.
    fn read(&mut self) {
        let Some(split) = &self.split else { return };
        let config = split.config_at(0);
        self.left = split.has_left();
        self.versions = config
            .versions
            .iter()
            .filter_map(|version| {
                Some(Serving {
                    artifact: ArtifactId::parse(&version.artifact).ok()?,
                    weight: version.weight,
                    beside: split.is_beside(&version.artifact),
                    instances: version
                        .backends
                        .iter()
                        .filter_map(|backend| InstanceId::parse(&backend.instance).ok())
                        .collect(),
                })
            })
            .collect();
    }

    pub(crate) fn weight(&self, artifact: &ArtifactId) -> u8 {
        self.versions
            .iter()
            .find(|version| version.artifact == *artifact)
            .map_or(0, |version| version.weight)
    }

    /// Whether the weights can go back by themselves, and when.
    pub(crate) fn lease_ends(&self) -> Option<u64> {
        let ends = self.split.as_ref()?.expires_at()?;
        Some(ends.saturating_add(self.booted_at))
    }

    /// Whether the weights are kept until told.
    pub(crate) fn is_prepared(&self) -> bool {
        self.split
            .as_ref()
            .is_some_and(|split| split.stable().is_some() && split.expires_at().is_none())
    }

    pub(crate) fn is_committed(&self) -> bool {
        self.split
            .as_ref()
            .is_some_and(|split| split.stable().is_none())
    }

    pub(super) fn gives_weight(&self, id: &InstanceId) -> bool {
        self.versions
            .iter()
            .any(|version| version.weight > 0 && version.instances.contains(id))
    }

    /// The instances that new requests go to, of a host that balancers have not left.
    pub(crate) fn taking(&self) -> impl Iterator<Item = &InstanceId> {
        let here = !self.left;
        self.versions
            .iter()
            .filter(move |version| here && version.weight > 0)
            .flat_map(|version| &version.instances)
    }

    pub(super) fn turn(&mut self, now: u64) {
        let clock = self.clock(now);
        if self
            .split
            .as_mut()
            .is_some_and(|split| split.expire(clock).is_some())
        {
            self.reverted = true;
            self.read();
        }
        for (artifact, until) in &self.drains {
            if *until <= now
                && let Some(tally) = self.tallies.get_mut(artifact)
            {
                tally.open = 0;
            }
        }
    }

    pub(super) fn next_change(&self) -> Option<u64> {
        let drains = self.drains.iter().filter(|(artifact, _)| {
            self.tallies
                .get(*artifact)
                .is_some_and(|tally| tally.open > 0)
        });
        drains
            .map(|(_, until)| *until)
            .chain(self.lease_ends())
            .min()
    }

    /// Deals requests, in thousandths, by the weights of the versions that can answer.
    pub(super) fn count(
        &mut self,
        requests: u64,
        able: impl Fn(&[InstanceId]) -> bool,
        mut errs_permille: impl FnMut(&ArtifactId) -> u64,
    ) {
        if self.left {
            return;
        }
        let usable = |version: &&Serving| version.weight > 0 && able(&version.instances);
        let sum: u64 = self
            .versions
            .iter()
            .filter(usable)
            .map(|v| u64::from(v.weight))
            .sum();
        for version in self.versions.iter().filter(usable) {
            let share = requests * u64::from(version.weight) / sum;
            let bad = share * errs_permille(&version.artifact) / 1000;
            match self.tallies.get_mut(&version.artifact) {
                Some(tally) => tally.add(share, bad),
                None => {
                    let mut tally = Tally::default();
                    tally.add(share, bad);
                    self.tallies.insert(version.artifact.clone(), tally);
                }
            }
        }
    }

    /// The process starts anew: counters and drains are gone, the split is kept.
    pub(crate) fn restart(&mut self) {
        self.epoch += 1;
        self.drains.clear();
        self.tallies.clear();
    }

    pub(super) fn reboot(&mut self, now: u64) {
        self.restart();
        self.booted_at = now;
        if let Some(split) = &mut self.split {
            split.reboot();
        }
        self.turn(now);
    }

    /// The counters as the agent tells them.
    pub(crate) fn traffic(&self) -> Traffic {
        let versions = self.tallies.iter().map(|(artifact, tally)| {
            let counted = VersionTraffic {
                requests: tally.requests / 1000,
                status: [0, 0, 0, 0, tally.bad / 1000],
                sockets_open: tally.open,
                ..VersionTraffic::default()
            };
            (artifact.to_string(), counted)
        });
        Traffic {
            epoch: self.epoch,
            versions: versions.collect(),
            held_now: 0,
        }
    }
}

impl Tally {
    fn add(&mut self, requests: u64, bad: u64) {
        self.requests += requests;
        self.bad += bad;
        self.open = SOCKETS;
    }
}
