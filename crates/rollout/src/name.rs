//! Names, parsed once: a value of these types is well-formed.

use std::fmt;
use std::sync::Arc;

/// A name that is not well-formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{text}` is not valid: it must be {rule}")]
pub struct NameError {
    what: &'static str,
    text: String,
    rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Parses the name.
            ///
            /// # Errors
            /// Where it is not well-formed.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let valid: fn(&str) -> bool = $valid;
                if text.len() <= 512 && valid(text) {
                    return Ok(Self(text.into()));
                }
                let text = text.chars().take(80).collect();
                Err(NameError { what: $what, text, rule: $rule })
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name!(
    /// A host of the fleet.
    HostId,
    "host",
    "letters, digits, `.`, `_` and `-`",
    |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
);
name!(
    /// A service in an environment: `service.environment`.
    ServiceKey,
    "service",
    "`service.environment`, each a lower-case word",
    |text| text.split_once('.').is_some_and(|(service, environment)| is_word(service) && is_word(environment))
);
name!(
    /// An artifact, by the digest of its manifest.
    ArtifactId,
    "artifact",
    "64 lower-case hex digits",
    |text| text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
);
name!(
    /// A running copy of a release on a host: `service.environment-slot`.
    InstanceId,
    "instance",
    "`service.environment-SLOT`",
    |text| text.rsplit_once('-').is_some_and(|(service, slot)| {
        ServiceKey::parse(service).is_ok() && slot.parse::<u32>().is_ok_and(|n| n > 0)
    })
);

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

impl ArtifactId {
    /// Returns the first 12 digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl InstanceId {
    /// Names the instance of a service in a slot; slots count from 1.
    pub fn in_slot(service: &ServiceKey, slot: u32) -> Self {
        Self(format!("{service}-{slot}").into())
    }

    /// Returns its slot.
    pub fn slot(&self) -> u32 {
        let slot = self
            .0
            .rsplit_once('-')
            .and_then(|(_, slot)| slot.parse().ok());
        slot.unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_once_and_refused_with_the_rule() {
        assert!(ServiceKey::parse("shop.production").is_ok());
        assert!(ServiceKey::parse("my-shop_2.prod").is_ok());
        for bad in [
            "shop",
            "Shop.production",
            "shop.",
            ".x",
            "a.b.c",
            "a b.c",
            "a/b.c",
        ] {
            assert!(ServiceKey::parse(bad).is_err(), "{bad}");
        }
        assert!(InstanceId::parse("my-shop.prod-12").is_ok());
        for bad in [
            "shop.production",
            "shop.production-0",
            "shop-1",
            "shop.production-x",
            "../x.y-1",
        ] {
            assert!(InstanceId::parse(bad).is_err(), "{bad}");
        }
        assert!(ArtifactId::parse(&"ab".repeat(32)).is_ok());
        assert!(ArtifactId::parse(&"AB".repeat(32)).is_err());
        let error = HostId::parse("a host").unwrap_err().to_string();
        assert_eq!(
            error,
            "host `a host` is not valid: it must be letters, digits, `.`, `_` and `-`"
        );
    }
}
