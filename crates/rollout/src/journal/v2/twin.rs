//! Wire types beside their domain types, with what it takes to go from one to the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::ReadError;
use crate::name::{ArtifactId, HostId, InstanceId, ServiceKey};

/// A wire type that has a domain type.
pub(super) trait Twin: Sized {
    /// The domain type.
    type Domain;

    /// Makes the wire's form of it.
    fn write(it: &Self::Domain) -> Self;

    /// Reads it back.
    fn read(self) -> Result<Self::Domain, ReadError>;
}

macro_rules! plain {
    ($($type:ty),+) => {$(
        impl Twin for $type {
            type Domain = Self;

            fn write(it: &Self) -> Self {
                it.clone()
            }

            fn read(self) -> Result<Self, ReadError> {
                Ok(self)
            }
        }
    )+};
}

plain!(bool, u8, u16, u32, u64, i32, String);

impl<T: Twin> Twin for Vec<T> {
    type Domain = Vec<T::Domain>;

    fn write(it: &Self::Domain) -> Self {
        it.iter().map(T::write).collect()
    }

    fn read(self) -> Result<Self::Domain, ReadError> {
        self.into_iter().map(T::read).collect()
    }
}

impl<T: Twin> Twin for Option<T> {
    type Domain = Option<T::Domain>;

    fn write(it: &Self::Domain) -> Self {
        it.as_ref().map(T::write)
    }

    fn read(self) -> Result<Self::Domain, ReadError> {
        self.map(T::read).transpose()
    }
}

impl<K: Twin + Ord, T: Twin> Twin for BTreeMap<K, T>
where
    K::Domain: Ord,
{
    type Domain = BTreeMap<K::Domain, T::Domain>;

    fn write(it: &Self::Domain) -> Self {
        it.iter()
            .map(|(key, value)| (K::write(key), T::write(value)))
            .collect()
    }

    fn read(self) -> Result<Self::Domain, ReadError> {
        let read = |(key, value): (K, T)| Ok((key.read()?, value.read()?));
        self.into_iter().map(read).collect()
    }
}

macro_rules! name {
    ($name:ident = $domain:ident) => {
        #[doc = concat!("See [`crate::", stringify!($domain), "`].")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl Twin for $name {
            type Domain = $domain;

            fn write(it: &$domain) -> Self {
                Self(it.to_string())
            }

            fn read(self) -> Result<$domain, ReadError> {
                Ok($domain::parse(&self.0)?)
            }
        }
    };
}

name!(HostName = HostId);
name!(InstanceName = InstanceId);
name!(ArtifactName = ArtifactId);
name!(ServiceName = ServiceKey);

/// A record whose fields have the domain's names.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident = $domain:path { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[expect(missing_docs, reason = "as the domain's")]
        pub struct $name { $($(#[$attr])* pub $field: $type),* }

        impl crate::journal::v2::twin::Twin for $name {
            type Domain = $domain;

            fn write(it: &$domain) -> Self {
                Self { $($field: crate::journal::v2::twin::Twin::write(&it.$field)),* }
            }

            fn read(self) -> Result<$domain, crate::journal::ReadError> {
                type Domain = $domain;
                Ok(Domain { $($field: crate::journal::v2::twin::Twin::read(self.$field)?),* })
            }
        }
    };
}

/// A choice of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $domain:path { $($variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "as the domain's")]
        pub enum $name { $($variant),+ }

        impl $name {
            #[allow(dead_code, reason = "only words outside of records need it")]
            fn domain(self) -> $domain {
                type Domain = $domain;
                match self { $(Self::$variant => Domain::$variant),+ }
            }
        }

        impl crate::journal::v2::twin::Twin for $name {
            type Domain = $domain;

            fn write(it: &$domain) -> Self {
                type Domain = $domain;
                match it { $(Domain::$variant => Self::$variant),+ }
            }

            fn read(self) -> Result<$domain, crate::journal::ReadError> {
                Ok(self.domain())
            }
        }
    };
}

/// A choice whose variants have the domain's names and fields.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident = $domain:path {
        $($variant:ident $({ $($field:ident: $type:ty),+ $(,)? })?),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[expect(missing_docs, reason = "as the domain's")]
        pub enum $name { $($variant $({ $($field: $type),+ })?),+ }

        impl crate::journal::v2::twin::Twin for $name {
            type Domain = $domain;

            fn write(it: &$domain) -> Self {
                type Domain = $domain;
                match it {
                    $(Domain::$variant $({ $($field),+ })? => Self::$variant $({
                        $($field: crate::journal::v2::twin::Twin::write($field)),+
                    })?),+
                }
            }

            fn read(self) -> Result<$domain, crate::journal::ReadError> {
                type Domain = $domain;
                Ok(match self {
                    $(Self::$variant $({ $($field),+ })? => Domain::$variant $({
                        $($field: crate::journal::v2::twin::Twin::read($field)?),+
                    })?),+
                })
            }
        }
    };
}

pub(super) use {choice, record, words};
