//! What a service's configuration must be. Pure.

use std::collections::BTreeSet;

use crate::claims;
use crate::control::v1::{Commitment, ServiceConfig};
use crate::http1::fields::{self, Field};

/// The most versions, and instances of a version.
const VERSIONS_MAX: usize = 16;
const BACKENDS_MAX: usize = 256;
const HOSTS_MAX: usize = 256;
/// A lease longer than a day is a mistake in units.
const LEASE_MS_MAX: u64 = 86_400_000;
/// Browsers keep no cookie for longer than 400 days (draft-ietf-httpbis-rfc6265bis, 5.5).
const COOKIE_S_MAX: u64 = 400 * 86_400;

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
    check_sticky(config)?;
    check_beside(config)?;
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

fn check_sticky(config: &ServiceConfig) -> Result<(), String> {
    let Some(sticky) = &config.sticky else {
        return Ok(());
    };
    let (name, max_age_s) = (&sticky.cookie, sticky.max_age_s);
    if !is_token(name) {
        return Err(format!(
            "`{name}` is no cookie name: such as `cutover_bucket`"
        ));
    }
    // Browsers take these only with `Secure`, which is not always there.
    let prefixed = |prefix: &str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if prefixed("__Secure-") || prefixed("__Host-") {
        return Err(format!("the cookie name `{name}` has a reserved prefix"));
    }
    if max_age_s == 0 || max_age_s > COOKIE_S_MAX {
        return Err(format!(
            "max_age_s is {max_age_s}: it must be 1 to {COOKIE_S_MAX}"
        ));
    }
    // It is written into the cookie as it is.
    if config.path_prefix.contains(';') || !config.path_prefix.bytes().all(|b| b.is_ascii_graphic())
    {
        let prefix = &config.path_prefix;
        return Err(format!(
            "the path prefix `{prefix}` cannot be a cookie's path"
        ));
    }
    Ok(())
}

/// What is beside the weights: testers, preview, readiness.
fn check_beside(config: &ServiceConfig) -> Result<(), String> {
    if let Some(testers) = &config.testers {
        let name = &testers.header;
        if !is_token(name) || fields::class(name.as_bytes()) != Field::EndToEnd {
            return Err(format!("`{name}` is no header that testers can send"));
        }
        let allowed = |value: &String| {
            let printable = |b: u8| b.is_ascii_graphic() || b == b' ';
            value.len() <= 1024 && value.trim() == value && value.bytes().all(printable)
        };
        if !testers.value.as_ref().is_none_or(allowed) {
            return Err(format!(
                "the value of {name} is no header value: printable, without spaces around it"
            ));
        }
    }
    if let Some(preview) = &config.preview {
        let artifact = &preview.artifact;
        if !config.versions.iter().any(|v| v.artifact == *artifact) {
            return Err(format!(
                "the preview's artifact {artifact} is not among the versions"
            ));
        }
        if preview.listen.port() != 0 && preview.listen == config.listen {
            return Err(format!(
                "the preview listens on {}, as the service does: give it another address",
                preview.listen
            ));
        }
    }
    if let Some(readiness) = &config.readiness {
        let path = &readiness.path;
        let prefix = claims::normal_prefix(&config.path_prefix);
        if path.contains(['?', '#', ' ']) || !claims::covers(&prefix, path) {
            return Err(format!(
                "the readiness path `{path}` is not under the path prefix {prefix}"
            ));
        }
    }
    Ok(())
}

/// A token as header and cookie names are (RFC 9110, 5.6.2).
fn is_token(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.len() <= 128 && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::v1::{Limits, Preview, Readiness, Sticky, Testers, Version};

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
            sticky: None,
            testers: None,
            preview: None,
            readiness: None,
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
        let sticky = |cookie: &str, max_age_s| {
            Some(Sticky {
                cookie: cookie.to_owned(),
                max_age_s,
            })
        };
        check(&|c| c.sticky = sticky("a b", 60), "a b");
        check(&|c| c.sticky = sticky("__host-a", 60), "reserved");
        check(&|c| c.sticky = sticky("a", 0), "max_age_s");
        let sticky_at = |c: &mut ServiceConfig| {
            c.sticky = sticky("a", 60);
            c.path_prefix = "/a;b".to_owned();
        };
        check(&sticky_at, "/a;b");
        let testers = |header: &str, value: &str| {
            Some(Testers {
                header: header.to_owned(),
                value: Some(value.to_owned()),
                artifact: "a1".to_owned(),
            })
        };
        check(&|c| c.testers = testers("Connection", "x"), "Connection");
        check(&|c| c.testers = testers("x-try", " x"), "value");
        let preview = |listen: &str, artifact: &str| {
            Some(Preview {
                listen: listen.parse().unwrap(),
                artifact: artifact.to_owned(),
            })
        };
        check(&|c| c.preview = preview("127.0.0.1:0", "nobody"), "nobody");
        let preview_at_home = |c: &mut ServiceConfig| {
            c.listen = "127.0.0.1:4000".parse().unwrap();
            c.preview = preview("127.0.0.1:4000", "a1");
        };
        check(&preview_at_home, "another address");
        let readiness = |c: &mut ServiceConfig| {
            c.path_prefix = "/shop/".to_owned();
            c.readiness = Some(Readiness {
                path: "/ready".to_owned(),
                ready: true,
            });
        };
        check(&readiness, "/ready");
        assert!(check_key("shop.production").is_ok());
        assert!(check_key("../x").is_err());
    }
}
