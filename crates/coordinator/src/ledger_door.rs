//! The ledger, seen through the lead host.

use std::time::Duration;

use ledger::wire::v1::{Call, Refusal, Reply};
use rollout::HostId;

use crate::error::Error;
use crate::host::{Host, HostError};

/// Time for one call.
const CALL: Duration = Duration::from_secs(30);

/// Makes calls to the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Ledger<H> {
    pub(crate) lead: HostId,
    pub(crate) host: H,
}

/// A call to the ledger that was not answered as wished.
#[derive(Debug)]
pub(crate) enum Denied {
    /// It may be made again.
    Again(String),
    /// It is against a rule.
    Rule(Refusal, String),
}

impl<H: Host> Ledger<H> {
    /// Makes a call once.
    pub(crate) async fn try_call(&self, call: &Call) -> Result<Reply, Denied> {
        match tokio::time::timeout(CALL, self.host.ledger(call)).await {
            Err(_) => Err(Denied::Again(format!(
                "the ledger on {} did not answer in time",
                self.lead
            ))),
            Ok(Err(HostError::Unanswered { message } | HostError::Failed { message })) => {
                Err(Denied::Again(message))
            }
            Ok(Err(error)) => Err(Denied::Rule(Refusal::Storage, error.to_string())),
            Ok(Ok(Reply::Refused {
                kind: Refusal::Busy,
                message,
            })) => Err(Denied::Again(message)),
            Ok(Ok(Reply::Refused { kind, message })) => Err(Denied::Rule(kind, message)),
            Ok(Ok(reply)) => Ok(reply),
        }
    }

    /// Makes a call; any refusal is an error.
    pub(crate) async fn call(&self, operation: &'static str, call: &Call) -> Result<Reply, Error> {
        self.try_call(call)
            .await
            .map_err(|denied| self.error(operation, denied))
    }

    /// What a call comes to that was not answered as wished.
    pub(crate) fn error(&self, operation: &'static str, denied: Denied) -> Error {
        match denied {
            Denied::Again(detail) => Error::Unreachable {
                host: self.lead.clone(),
                operation,
                detail,
            },
            Denied::Rule(_, detail) => Error::Ledger { operation, detail },
        }
    }
}

/// What an answer of another kind than asked for comes to.
pub(crate) fn unexpected(operation: &'static str) -> Error {
    Error::Ledger {
        operation,
        detail: "the ledger gave an answer of another kind".into(),
    }
}
