//! A number of hosts or instances, or a part of them: `2`, `"25%"`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The most that can be asked for.
const MAX: u32 = 100_000;
const EXPECTING: &str = "a whole number up to 100000, or a part such as \"25%\"";

/// A number, or a part in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HostCount(pub(crate) rollout::HostCount);

impl HostCount {
    /// So many.
    pub(crate) const fn hosts(number: u32) -> Self {
        Self(rollout::HostCount::Hosts(number))
    }

    /// That part, in percent.
    pub(crate) const fn percent(part: u8) -> Self {
        Self(rollout::HostCount::Percent(part))
    }
}

fn read(text: &str) -> Option<u8> {
    let part = text.strip_suffix('%')?;
    if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    part.parse().ok().filter(|part| *part <= 100)
}

impl<'de> Deserialize<'de> for HostCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = HostCount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTING)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                match u32::try_from(value) {
                    Ok(number) if number <= MAX => Ok(HostCount::hosts(number)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let part =
                    read(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))?;
                Ok(HostCount::percent(part))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for HostCount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            rollout::HostCount::Hosts(number) => serializer.serialize_u32(number),
            rollout::HostCount::Percent(part) => serializer.serialize_str(&format!("{part}%")),
        }
    }
}

impl JsonSchema for HostCount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HostCount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": EXPECTING,
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX},
                {"type": "string", "pattern": "^(100|[0-9]{1,2})%$"},
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn parts_are_whole_percents() {
        for (text, part) in [("0%", 0), ("25%", 25), ("100%", 100)] {
            assert_eq!(read(text), Some(part));
        }
        for text in ["", "%", "25", "101%", "-1%", "2.5%", "+5%", " 5%", "256%"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
