//! The split of a service's traffic and how firm it is (invariant I7), without I/O: time is an argument.
//!
//! This is what the proxy itself runs, and what a simulation of it can run:
//!
//! ```
//! # use proxy::Split;
//! # use proxy::control::v1::ServiceConfig;
//! # fn run(config: ServiceConfig) -> Result<(), Box<dyn std::error::Error>> {
//! let mut split = Split::new(config, 1_000)?; // a lease of 500 ms, from here
//! split.renew(500, 1_400)?;
//! if split.expire(2_000).is_some() {
//!     assert!(split.prepare(2_000).is_err()); // too late: all traffic is back at stable
//! }
//! # Ok(())
//! # }
//! ```

use crate::choice;
use crate::commitment::{Commitment, Firmness};
use crate::config;
use crate::control::v1::{self, ServiceConfig, Version};

pub use crate::commitment::{Reverted, Tick};

/// What is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidConfig(pub String);

/// A configuration in force, with its lease.
///
/// Whoever runs it calls [`Split::expire`] in time; until then an expired lease still has its weights, but
/// can no more be renewed, prepared or committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Its commitment is in `firmness`.
    config: ServiceConfig,
    firmness: Firmness,
}

impl Split {
    /// Checks a configuration and puts it in force; a lease counts from `now`.
    ///
    /// # Errors
    /// Where the configuration is not valid.
    pub fn new(mut config: ServiceConfig, now: Tick) -> Result<Self, InvalidConfig> {
        config::check(&config).map_err(InvalidConfig)?;
        config.path_prefix = crate::claims::normal_prefix(&config.path_prefix);
        let firmness = Firmness::new(match &config.commitment {
            v1::Commitment::Committed => Commitment::Committed,
            v1::Commitment::Leased { ttl_ms, stable } => Commitment::Leased {
                expires: now.saturating_add(*ttl_ms),
                stable: stable.clone(),
            },
            v1::Commitment::Prepared { stable } => Commitment::Prepared {
                stable: stable.clone(),
            },
        });
        Ok(Self { config, firmness })
    }

    /// Puts a configuration in force again that was kept on disk, with its lease's end on the clock of that
    /// boot; `None` is one of another boot, which has run out.
    pub(crate) fn restore(
        mut config: ServiceConfig,
        lease_expires: Option<Tick>,
        reverted: bool,
    ) -> Result<Self, InvalidConfig> {
        // Of a kept lease the time left does not count, so that it may be 0.
        if let v1::Commitment::Leased { ttl_ms, .. } = &mut config.commitment {
            *ttl_ms = 1;
        }
        let mut split = Self::new(config, 0)?;
        if let Commitment::Leased { expires, .. } = &mut split.firmness.commitment {
            *expires = lease_expires.unwrap_or(0);
        }
        split.firmness.reverted = reverted;
        Ok(split)
    }

    /// Lets time pass. Returns the stable artifact if the lease has just run out: it has all the weight
    /// from now on, testers and preview of another version have ended, and readiness is given.
    #[must_use]
    pub fn expire(&mut self, now: Tick) -> Option<String> {
        let stable = self.firmness.expire(now)?;
        for version in &mut self.config.versions {
            version.weight = if version.artifact == stable { 100 } else { 0 };
        }
        self.config.testers.take_if(|t| t.artifact != stable);
        self.config.preview.take_if(|p| p.artifact != stable);
        if let Some(readiness) = &mut self.config.readiness {
            readiness.ready = true;
        }
        Some(stable)
    }

    /// When the lease runs out, if there is one.
    pub fn expires_at(&self) -> Option<Tick> {
        match self.firmness.commitment {
            Commitment::Leased { expires, .. } => Some(expires),
            _ => None,
        }
    }

    /// What is left of the lease at `now`, in milliseconds.
    pub fn lease_left_ms(&self, now: Tick) -> Option<u64> {
        self.expires_at().map(|at| at.saturating_sub(now))
    }

    /// Renews the lease; where there is none (any more), nothing needs renewal.
    ///
    /// # Errors
    /// Where it has run out.
    pub fn renew(&mut self, ttl_ms: u64, now: Tick) -> Result<(), Reverted> {
        self.firmness.renew(now, now.saturating_add(ttl_ms))
    }

    /// Makes leased weights prepared: they never revert alone.
    ///
    /// # Errors
    /// Where the lease has run out.
    pub fn prepare(&mut self, now: Tick) -> Result<(), Reverted> {
        self.firmness.prepare(now)
    }

    /// Makes the weights final.
    ///
    /// # Errors
    /// Where the lease has run out.
    pub fn commit(&mut self, now: Tick) -> Result<(), Reverted> {
        self.firmness.commit(now)
    }

    /// The machine starts anew, and its clock at 0: a lease has run out.
    pub fn reboot(&mut self) {
        if let Commitment::Leased { expires, .. } = &mut self.firmness.commitment {
            *expires = 0;
        }
    }

    /// Whether a lease ran out since the configuration was given.
    pub fn has_reverted(&self) -> bool {
        self.firmness.reverted
    }

    /// Every version with its weight; the weights sum to 100.
    pub fn weights(&self) -> impl Iterator<Item = (&str, u8)> {
        let versions = self.config.versions.iter();
        versions.map(|version| (version.artifact.as_str(), version.weight))
    }

    /// The versions that get new requests, by weight or from testers or a preview.
    pub fn requested(&self) -> impl Iterator<Item = &Version> {
        let versions = self.config.versions.iter();
        versions.filter(|version| version.weight > 0 || self.is_beside(&version.artifact))
    }

    /// Whether the balancer in front is told to send no traffic here.
    pub fn has_left(&self) -> bool {
        let readiness = self.config.readiness.as_ref();
        readiness.is_some_and(|readiness| !readiness.ready)
    }

    /// Whether testers or a preview name an artifact.
    pub fn is_beside(&self, artifact: &str) -> bool {
        let testers = self.config.testers.as_ref().map(|t| &t.artifact);
        let preview = self.config.preview.as_ref().map(|p| &p.artifact);
        [testers, preview]
            .into_iter()
            .flatten()
            .any(|a| a == artifact)
    }

    /// The artifact that a lease or a preparation would return to.
    pub fn stable(&self) -> Option<&str> {
        match &self.firmness.commitment {
            Commitment::Committed => None,
            Commitment::Leased { stable, .. } | Commitment::Prepared { stable } => Some(stable),
        }
    }

    /// Where the requests of a client with this bucket go, of the versions that have a healthy instance.
    pub fn version_of(&self, bucket: u8) -> Option<&Version> {
        let versions = &self.config.versions;
        let shares = versions
            .iter()
            .map(|v| (v.weight, v.backends.iter().any(|b| b.healthy)));
        choice::version_of_bucket(shares, self.stable_index(), bucket).map(|index| &versions[index])
    }

    /// The version that buckets leave as weights grow: stable, or of committed weights the first that has
    /// any.
    pub(crate) fn stable_index(&self) -> usize {
        let is_stable = |version: &Version| match self.stable() {
            Some(stable) => version.artifact == stable,
            None => version.weight > 0,
        };
        self.config.versions.iter().position(is_stable).unwrap_or(0)
    }

    /// The configuration as it is at `now`, with what is left of the lease.
    pub fn config_at(&self, now: Tick) -> ServiceConfig {
        let commitment = match &self.firmness.commitment {
            Commitment::Committed => v1::Commitment::Committed,
            Commitment::Prepared { stable } => v1::Commitment::Prepared {
                stable: stable.clone(),
            },
            Commitment::Leased { expires, stable } => v1::Commitment::Leased {
                ttl_ms: expires.saturating_sub(now),
                stable: stable.clone(),
            },
        };
        ServiceConfig {
            commitment,
            ..self.config.clone()
        }
    }

    /// The configuration, but for its commitment, which is as it was given.
    pub(crate) fn config(&self) -> &ServiceConfig {
        &self.config
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::v1::{Limits, Preview, Readiness, Testers};

    fn canary() -> ServiceConfig {
        let version = |artifact: &str, weight| Version {
            artifact: artifact.to_owned(),
            weight,
            backends: vec![],
        };
        ServiceConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            hosts: vec![],
            path_prefix: "/shop/".to_owned(),
            limits: Limits::default(),
            versions: vec![version("new", 20), version("old", 80)],
            commitment: v1::Commitment::Leased {
                ttl_ms: 100,
                stable: "old".to_owned(),
            },
            sticky: None,
            testers: Some(Testers {
                header: "x-try".to_owned(),
                value: None,
                artifact: "new".to_owned(),
            }),
            preview: Some(Preview {
                listen: "127.0.0.1:0".parse().unwrap(),
                artifact: "new".to_owned(),
            }),
            readiness: Some(Readiness {
                path: "/shop/ready".to_owned(),
                ready: false,
            }),
        }
    }

    fn weights(split: &Split) -> Vec<u8> {
        split.weights().map(|(_, weight)| weight).collect()
    }

    #[test]
    fn a_lease_that_runs_out_takes_everything_back_to_stable() {
        let mut split = Split::new(canary(), 1_000).unwrap();
        assert_eq!(split.config().path_prefix, "/shop");
        split.renew(300, 1_050).unwrap();
        assert_eq!(split.expire(1_349), None);
        assert_eq!(
            (weights(&split), split.requested().count()),
            (vec![20, 80], 2)
        );
        assert_eq!(split.expire(1_350).as_deref(), Some("old"));
        let after = split.config_at(1_350);
        assert_eq!(weights(&split), [0, 100]);
        assert_eq!((after.testers, after.preview), (None, None));
        assert!(after.readiness.unwrap().ready);
        assert_eq!(after.commitment, v1::Commitment::Committed);
        let requested: Vec<_> = split.requested().map(|v| &v.artifact).collect();
        assert_eq!(requested, ["old"]);
        assert!(split.has_reverted());
        assert_eq!(split.commit(1_350), Err(Reverted));
    }

    #[test]
    fn a_preparation_outlives_a_reboot_and_a_lease_does_not() {
        let mut prepared = Split::new(canary(), 1_000).unwrap();
        let mut leased = prepared.clone();
        prepared.prepare(1_001).unwrap();
        for split in [&mut prepared, &mut leased] {
            split.reboot();
        }
        assert_eq!(prepared.expire(1), None);
        assert!(prepared.config_at(1).preview.is_some());
        assert_eq!(leased.expire(1).as_deref(), Some("old"));
    }

    #[test]
    fn what_is_kept_is_restored_with_the_end_of_its_lease() {
        let split = Split::new(canary(), 1_000).unwrap();
        let kept = split.config_at(1_100);
        let mut again = Split::restore(kept.clone(), split.expires_at(), false).unwrap();
        assert_eq!(again.lease_left_ms(1_040), Some(60));
        assert_eq!(again.expire(1_099), None);
        let mut rebooted = Split::restore(kept, None, false).unwrap();
        assert_eq!(rebooted.expire(0).as_deref(), Some("old"));
    }
}
