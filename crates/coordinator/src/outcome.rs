//! How a rollout ended.

use rollout::{HostId, Phase, Rollout, WaitFor};
use serde::{Deserialize, Serialize};

use crate::receipt::{Counted, Receipt};

/// How a rollout ended, or what it waits for.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The rollout's id.
    pub rollout: String,
    /// Its phase.
    pub phase: Phase,
    /// Whether it is at its end; else a verb is to follow.
    pub finished: bool,
    /// Why it was given up, or what it waits for.
    pub cause: Option<String>,
    /// The end of the log of the instance that is to blame.
    pub log: Option<LogTail>,
    /// Hosts that were set aside, do not answer or refuse, with what was seen.
    pub hosts_behind: Vec<(HostId, String)>,
    /// What it was like for clients.
    pub receipt: Option<Receipt>,
}

/// The end of an instance's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTail {
    /// Where.
    pub host: String,
    /// Which instance.
    pub instance: String,
    /// Its last lines.
    pub text: String,
}

/// What the ledger keeps with a rollout for its receipt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// What the proxies counted so far.
    #[serde(default)]
    pub counted: Counted,
    /// The end of the log of the instance that is to blame.
    pub log: Option<LogTail>,
    /// The receipt, once it is at its end.
    pub receipt: Option<Receipt>,
}

/// Says why a rollout was given up, or what it waits for.
pub(crate) fn reason(state: &Rollout) -> Option<String> {
    match state.waiting().map(|waiting| &waiting.what) {
        Some(WaitFor::Command) => {
            return Some(
                "nobody saw the end of the release command: look what it did, then `cutover resume \
                 --release-command done` or `again`, or `cutover abort`"
                    .into(),
            );
        }
        Some(what) => return Some(format!("it waits for {what}")),
        None => {}
    }
    let given_up = state.cause().map(|cause| match state.command_end() {
        Some(end) => format!("{cause}; {end}"),
        None => cause.to_string(),
    });
    given_up.or_else(|| {
        let behind: Vec<String> = state
            .hosts_behind()
            .iter()
            .map(|(host, detail)| format!("{host}: {detail}"))
            .collect();
        (!behind.is_empty() && state.is_halted()).then(|| behind.join("; "))
    })
}
