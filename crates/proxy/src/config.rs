//! What a service's configuration must be. Pure.

use std::collections::BTreeSet;

use crate::control::v1::{Commitment, ServiceConfig};

/// The most versions, and instances of a version.
const VERSIONS_MAX: usize = 16;
const BACKENDS_MAX: usize = 256;
const HOSTS_MAX: usize = 256;
/// A lease longer than a day is a mistake in units.
const LEASE_MS_MAX: u64 = 86_400_000;

/// Says what is wrong with a service's key.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if key.is_empty() || key.len() > 200 || !key.chars().all(allowed) {
        return Err(format!(
            "`{key}` is no service key: use lower-case letters, digits, `.`, `_` and `-`"
        ));
    }
    Ok(())
}

/// Says what is wrong with a configuration, and where.
pub(crate) fn check(config: &ServiceConfig) -> Result<(), String> {
    let sum: u32 = config.versions.iter().map(|v| u32::from(v.weight)).sum();
    if sum != 100 {
        return Err(format!("the weights sum to {sum}: they must sum to 100"));
    }
    // I3: at most two versions of a service serve at once.
    if config.versions.iter().filter(|v| v.weight > 0).count() > 2 {
        return Err("more than two versions have weight: at most two may serve".to_owned());
    }
    if config.versions.len() > VERSIONS_MAX {
        return Err(format!("there are more than {VERSIONS_MAX} versions"));
    }
    let mut artifacts = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for version in &config.versions {
        let artifact = &version.artifact;
        if artifact.is_empty()
            || artifact.len() > 128
            || !artifact.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(format!("`{artifact}` is no artifact id"));
        }
        if !artifacts.insert(artifact) {
            return Err(format!("artifact {artifact} is given twice"));
        }
        if version.backends.len() > BACKENDS_MAX {
            return Err(format!(
                "artifact {artifact} has more than {BACKENDS_MAX} instances"
            ));
        }
        for backend in &version.backends {
            if backend.address.port() == 0 {
                return Err(format!("instance {} has port 0", backend.instance));
            }
            if !addresses.insert(backend.address) {
                return Err(format!("the address {} is given twice", backend.address));
            }
        }
    }
    match &config.commitment {
        Commitment::Committed => {}
        Commitment::Leased { ttl_ms, .. } if *ttl_ms == 0 || *ttl_ms > LEASE_MS_MAX => {
            return Err(format!(
                "a lease of {ttl_ms} ms: it must be 1 to {LEASE_MS_MAX}"
            ));
        }
        Commitment::Leased { stable, .. } | Commitment::Prepared { stable } => {
            if !artifacts.contains(stable) {
                return Err(format!("stable {stable} is not among the versions"));
            }
        }
    }
    check_claim(config)?;
    let limits = &config.limits;
    for (name, value) in [
        ("header_timeout_ms", limits.header_timeout_ms),
        ("idle_timeout_ms", limits.idle_timeout_ms),
        ("connect_timeout_ms", limits.connect_timeout_ms),
        ("response_timeout_ms", limits.response_timeout_ms),
        ("connections_max", u64::from(limits.connections_max)),
    ] {
        if value == 0 || value > LEASE_MS_MAX {
            return Err(format!("{name} is {value}: it must be 1 to {LEASE_MS_MAX}"));
        }
    }
    if !(1024..=256 * 1024).contains(&limits.header_bytes_max) {
        let given = limits.header_bytes_max;
        return Err(format!(
            "header_bytes_max is {given}: it must be 1024 to 262144"
        ));
    }
    Ok(())
}

fn check_claim(config: &ServiceConfig) -> Result<(), String> {
    let prefix = &config.path_prefix;
    if !prefix.starts_with('/') || prefix.contains(['?', '#', ' ']) || prefix.contains("//") {
        return Err(format!(
            "`{prefix}` is no path prefix: it begins with `/`, such as `/shop`"
        ));
    }
    if config.hosts.len() > HOSTS_MAX {
        return Err(format!("more than {HOSTS_MAX} hosts are claimed"));
    }
    for host in &config.hosts {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
        let is_literal = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || !(is_literal || host.bytes().all(allowed)) {
            return Err(format!(
                "`{host}` is no host name: lower case, without port"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::v1::{Limits, Version};

    fn config(weights: &[u8]) -> ServiceConfig {
        ServiceConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            hosts: vec![],
            path_prefix: "/".to_owned(),
            limits: Limits::default(),
            versions: (0..)
                .zip(weights)
                .map(|(n, weight)| Version {
                    artifact: format!("a{n}"),
                    weight: *weight,
                    backends: vec![],
                })
                .collect(),
            commitment: Commitment::Committed,
        }
    }

    #[test]
    fn weights_sum_to_a_hundred_over_at_most_two_versions() {
        assert!(check(&config(&[100])).is_ok());
        assert!(check(&config(&[90, 10, 0])).is_ok());
        for wrong in [&[][..], &[0], &[99], &[100, 100], &[50, 40, 10]] {
            assert!(check(&config(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |change: &dyn Fn(&mut ServiceConfig), word: &str| {
            let mut wrong = config(&[100, 0]);
            change(&mut wrong);
            let error = super::check(&wrong).unwrap_err();
            assert!(error.contains(word), "{error}");
        };
        check(&|c| c.path_prefix = "x".to_owned(), "path prefix");
        check(&|c| c.hosts = vec!["A.b".to_owned()], "A.b");
        check(&|c| c.versions[1].artifact = "a0".to_owned(), "twice");
        check(&|c| c.limits.idle_timeout_ms = 0, "idle_timeout_ms");
        let leased = |ttl_ms, stable: &str| Commitment::Leased {
            ttl_ms,
            stable: stable.to_owned(),
        };
        check(&|c| c.commitment = leased(10, "nobody"), "nobody");
        check(&|c| c.commitment = leased(0, "a0"), "lease");
        assert!(check_key("shop.production").is_ok());
        assert!(check_key("../x").is_err());
    }
}
