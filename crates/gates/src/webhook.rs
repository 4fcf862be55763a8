//! Webhooks, with Flagger's names and payload.
//!
//! A hook is asked by a POST of JSON; an answer of status 2xx is its yes. What a yes is to, [`Kind`] says.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::auth::Auth;
use crate::exchange::{Answer, Call, ExchangeError};
use crate::trust::Trust;

/// How much of an answer is read and told.
const ANSWER_BYTES_MAX: usize = 1024;
/// How often a call that provably did not arrive is tried.
const TRIES_MAX: u32 = 3;
/// Between two tries.
const TRY_PAUSE: Duration = Duration::from_millis(500);

/// When a hook is called, and what its yes is to. The names are Flagger's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Before the candidate is brought up. Asked until yes.
    ConfirmRollout,
    /// Before the candidate gets traffic. A no counts as a failed measurement.
    PreRollout,
    /// With each measurement. A no counts as a failed measurement.
    Rollout,
    /// Before the candidate gets more traffic. Asked until yes.
    ConfirmTrafficIncrease,
    /// Before the promotion. Asked until yes.
    ConfirmPromotion,
    /// After the end, whatever it was. A no is told and changes nothing.
    PostRollout,
    /// While a rollout progresses or waits. A yes rolls it back.
    Rollback,
    /// At every event. A no is told and changes nothing.
    Event,
}

impl Kind {
    /// Every kind, in the order of a rollout.
    pub const ALL: [Self; 8] = [
        Self::ConfirmRollout,
        Self::PreRollout,
        Self::Rollout,
        Self::ConfirmTrafficIncrease,
        Self::ConfirmPromotion,
        Self::PostRollout,
        Self::Rollback,
        Self::Event,
    ];

    /// Returns the kind of Flagger's name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns Flagger's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConfirmRollout => "confirm-rollout",
            Self::PreRollout => "pre-rollout",
            Self::Rollout => "rollout",
            Self::ConfirmTrafficIncrease => "confirm-traffic-increase",
            Self::ConfirmPromotion => "confirm-promotion",
            Self::PostRollout => "post-rollout",
            Self::Rollback => "rollback",
            Self::Event => "event",
        }
    }
}

/// A hook to call.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// What it is called in messages.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// What the call proves itself with.
    pub auth: Auth,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// How long one try may take as a whole.
    pub timeout: Duration,
}

/// What a hook is told. `name`, `namespace`, `phase`, `checksum` and `metadata` are Flagger's fields, so
/// that its receivers can be used; the rest is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The service.
    pub name: String,
    /// The environment.
    pub namespace: String,
    /// The rollout's phase.
    pub phase: String,
    /// The candidate's artifact.
    pub checksum: String,
    /// What the settings say to tell. For [`Kind::Event`] Flagger's receivers expect `eventMessage`,
    /// `eventType` (`Normal` or `Warning`) and `timestamp` (milliseconds since 1970) in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Which hook this is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The rollout.
    pub rollout: String,
    /// The step it is at, counted from 0; none before the first.
    pub step: Option<u32>,
    /// The present weights.
    pub weights: Weights,
}

/// Shares of the traffic; they sum to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// The stable version's.
    pub stable: u8,
    /// The candidate's.
    pub candidate: u8,
}

/// A hook that did not say yes.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It answered, and it was no yes.
    #[error("the webhook {name} at {address} said no: status {status}{}", quoted(.body))]
    No {
        /// The hook.
        name: String,
        /// Where it is.
        address: Address,
        /// The HTTP status.
        status: u16,
        /// The beginning of what it said.
        body: String,
    },
    /// It did not answer. [`ExchangeError::nothing_sent`] says whether it may have been told all the same.
    #[error("the webhook {name} gave no answer: {source}")]
    NoAnswer {
        /// The hook.
        name: String,
        /// What happened.
        source: ExchangeError,
    },
}

/// Calls a hook; returns where it says yes.
///
/// A call that provably did not arrive is tried three times, half a second apart. One that may have
/// arrived is not repeated: the hook may do something each time.
///
/// # Errors
/// Where the hook says no, or gives no answer.
pub async fn call(hook: &Webhook, payload: &Payload) -> Result<(), WebhookError> {
    let unanswered = |source| WebhookError::NoAnswer {
        name: hook.name.clone(),
        source,
    };
    let body = match serde_json::to_vec(payload) {
        Ok(body) => Bytes::from(body),
        Err(e) => unreachable!("a payload is plain JSON: {e}"),
    };
    let call = Call {
        address: &hook.address,
        auth: &hook.auth,
        trust: &hook.trust,
        content_type: "application/json",
        body,
        timeout: hook.timeout,
        answer_bytes_max: ANSWER_BYTES_MAX,
    };
    let mut tries = 1;
    let answer: Answer = loop {
        match call.post().await {
            Ok(answer) => break answer,
            Err(ExchangeError::Unreachable { .. }) if tries < TRIES_MAX => {
                tries += 1;
                tokio::time::sleep(TRY_PAUSE).await;
            }
            Err(source) => return Err(unanswered(source)),
        }
    };
    if answer.status.is_success() {
        return Ok(());
    }
    Err(WebhookError::No {
        name: hook.name.clone(),
        address: hook.address.clone(),
        status: answer.status.as_u16(),
        body: String::from_utf8_lossy(&answer.body).trim().to_owned(),
    })
}

/// Quotes what a hook said, on one line, if it said anything.
fn quoted(body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let line: String = body
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect();
    format!(", `{line}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_flaggers_names_on_the_wire() {
        for kind in Kind::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.name()));
            assert_eq!(Kind::of_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn what_a_hook_said_is_quoted_on_one_short_line() {
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("not\nyet"), ", `not yet`");
        assert!(quoted(&"x".repeat(1000)).len() < 320);
    }
}
