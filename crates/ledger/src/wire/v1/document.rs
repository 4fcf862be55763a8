//! Plans and entries as the ledger sees them: JSON of some version of the journal, opaque but for a few
//! fields. So the ledger keeps journals of versions that it does not know.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An object of some version of the journal, such as a plan. Of a plan the ledger reads `purpose` and
/// the `host` of each of its `hosts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The version of the journal that it is of; 1 is left out on the wire.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub v: u32,
    /// Its fields.
    #[serde(flatten)]
    pub body: Map<String, Value>,
}

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of the journal that it is of; 1 is left out on the wire.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub v: u32,
    /// Its place in the journal of its rollout, from 1 without gaps.
    pub seq: u64,
    /// The engine's `now`, in milliseconds since the epoch.
    pub at_ms: u64,
    /// The other fields.
    #[serde(flatten)]
    pub body: Map<String, Value>,
}

impl Document {
    /// What stands for a plan that is damaged: version 0, without fields.
    pub(crate) fn unreadable() -> Self {
        Self {
            v: 0,
            body: Map::new(),
        }
    }

    /// Writes a value of version `v` of the journal.
    ///
    /// # Errors
    /// Where it is no JSON object.
    pub fn write(v: u32, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        labelled(v, value)
    }

    /// Reads it as a type of the version that [`Self::v`] says. A field `v` is not among what is read.
    ///
    /// # Errors
    /// Where it is not of that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(Value::Object(self.body.clone()))
    }
}

impl Entry {
    /// Writes an entry of version `v` of the journal; it must have the fields `seq` and `at_ms`.
    ///
    /// # Errors
    /// Where it is no JSON object, or has them not.
    pub fn write(v: u32, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        labelled(v, value)
    }

    /// Reads it as a type of the version that [`Self::v`] says. A field `v` is not among what is read.
    ///
    /// # Errors
    /// Where it is not of that type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let mut fields = self.body.clone();
        fields.insert("seq".into(), self.seq.into());
        fields.insert("at_ms".into(), self.at_ms.into());
        serde_json::from_value(Value::Object(fields))
    }
}

/// Turns a value into one that carries its version.
fn labelled<T: DeserializeOwned>(v: u32, value: &impl Serialize) -> Result<T, serde_json::Error> {
    let mut value = serde_json::to_value(value)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("v".into(), v.into());
    }
    serde_json::from_value(value)
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_first(v: &u32) -> bool {
    *v == first()
}
