//! What a record of the chain says, other than an entry of a journal.

use serde::{Deserialize, Serialize};

use crate::wire::v1::{Document, Freeze, Outcome, Requested};

/// Something that happened. Its JSON is what is hashed and kept, so it grows only by fields that may be
/// left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub(crate) enum Fact {
    /// A rollout began.
    Begun(Begun),
    /// What is true of a rollout from then on.
    Outcome(Outcome),
    /// Somebody asked something of a rollout.
    Requested { service: String, request: Requested },
    /// The holder of the lease acted on requests.
    Taken { ids: Vec<u64> },
    /// An environment was frozen.
    Frozen(Freeze),
    /// Freezes were ended before their time.
    Thawed {
        ids: Vec<u64>,
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// How a rollout began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) service: String,
    pub(crate) environment: String,
    pub(crate) number: u64,
    /// Of the lease it began under.
    pub(crate) token: u64,
    pub(crate) plan: Document,
    /// The coordinator's own.
    pub(crate) settings: serde_json::Value,
    pub(crate) by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) despite_freeze: Option<Despite>,
}

/// Why a rollout began although its environment was frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Despite {
    pub(crate) why: String,
    /// The freezes that held.
    pub(crate) freezes: Vec<u64>,
}

impl Begun {
    /// The hosts of the plan, where it names any.
    pub(crate) fn hosts(&self) -> Vec<&str> {
        let hosts = self.plan.body.get("hosts").and_then(|it| it.as_array());
        hosts
            .into_iter()
            .flatten()
            .filter_map(|it| it.get("host")?.as_str())
            .collect()
    }
}
