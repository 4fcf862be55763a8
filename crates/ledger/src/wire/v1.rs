//! Version 1 of what is said to the ledger. Every call may be repeated.

use rollout::journal::v1::{Entry, Phase, Plan};
use serde::{Deserialize, Serialize};
use sys::process::ProcessId;

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// Takes the lease of a service: [`Reply::Acquired`] or [`Reply::Held`]. It is free where it was
    /// released, ran out, or its holder's process on this host is dead.
    Acquire {
        /// The service key.
        service: String,
        /// Who wants it.
        holder: Holder,
        /// How long without renewal, in milliseconds.
        ttl_ms: u64,
        /// The highest token that any agent knows of the service; the new one is higher.
        above: u64,
    },
    /// Renews a lease: [`Reply::Renewed`], or [`Reply::Refused`] where it is no longer the holder's.
    Renew {
        /// The service key.
        service: String,
        /// The lease's token.
        token: u64,
        /// How long from now, in milliseconds.
        ttl_ms: u64,
    },
    /// Gives a lease back: [`Reply::Done`].
    Release {
        /// The service key.
        service: String,
        /// The lease's token.
        token: u64,
    },
    /// Asks who holds leases: [`Reply::Leases`].
    Leases {
        /// Of one service, or of all.
        service: Option<String>,
    },
    /// Takes a lease away from whoever holds it: [`Reply::Leases`] with the one that was broken.
    ForceRelease {
        /// The service key.
        service: String,
        /// Who does it, `user@host`.
        by: String,
    },
    /// Asks the holder of the lease to abort its rollout; it is told with its next renewal: [`Reply::Done`].
    RequestAbort {
        /// The service key.
        service: String,
        /// Who asks, `user@host`.
        by: String,
    },
    /// Writes down a new rollout: [`Reply::Begun`]. Refused while another one of the service is
    /// unfinished. With the same token it is the same rollout.
    Begin {
        /// The service key.
        service: String,
        /// The lease's token.
        token: u64,
        /// What will be done.
        plan: Plan,
        /// What the coordinator needs besides; opaque to the ledger. Holds no secrets.
        settings: serde_json::Value,
        /// Who began it, `user@host`.
        by: String,
    },
    /// Appends to the journal of a rollout: [`Reply::Done`]. Entries that are there already are skipped
    /// if they are the same.
    Append {
        /// The service key.
        service: String,
        /// The lease's token.
        token: u64,
        /// The rollout.
        rollout: String,
        /// The entries.
        entries: Vec<Entry>,
        /// What else is true from then on.
        effect: Outcome,
    },
    /// Asks for one rollout with its journal: [`Reply::Rollout`].
    Rollout {
        /// Its id.
        rollout: String,
    },
    /// Asks for the latest rollouts, newest first: [`Reply::Rollouts`].
    Rollouts {
        /// Of one service, or of all.
        service: Option<String>,
        /// How many at most.
        limit: u32,
    },
    /// Asks for what is known of a service: [`Reply::Service`].
    Service {
        /// The service key.
        service: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The lease is the caller's.
    Acquired {
        /// The lease.
        lease: Lease,
        /// Whose it was, if it was taken over.
        taken_over: Option<Lease>,
    },
    /// Somebody else holds it.
    Held {
        /// The lease.
        lease: Lease,
    },
    /// The lease goes on.
    Renewed {
        /// Who wants the rollout aborted, if anybody does.
        abort_wanted_by: Option<String>,
    },
    /// It is done.
    Done,
    /// Leases.
    Leases {
        /// Each one.
        leases: Vec<Lease>,
    },
    /// The rollout is written down.
    Begun {
        /// Its id.
        rollout: String,
    },
    /// One rollout, or none of that id.
    Rollout {
        /// The rollout.
        rollout: Option<Box<Record>>,
    },
    /// Rollouts without their journals.
    Rollouts {
        /// Newest first.
        rollouts: Vec<Summary>,
    },
    /// What is known of a service.
    Service {
        /// The version that serves, as the last decision had it.
        current: Option<Current>,
        /// Every version that was current, newest first, the current one included; at most 50.
        history: Vec<Current>,
        /// Artifacts marked bad.
        marks: Vec<Mark>,
        /// The rollout that is not at its end, if there is one.
        unfinished: Option<String>,
    },
    /// The call breaks a rule of the ledger, or the ledger cannot work. Nothing was changed.
    Refused {
        /// Which kind.
        kind: Refusal,
        /// The sentence for people.
        message: String,
    },
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The lease is not, or no longer, the caller's.
    NotHolder,
    /// Another rollout of the service is unfinished.
    Unfinished,
    /// There is no such rollout.
    NoRollout,
    /// The rollout is at its end.
    Finished,
    /// The entries do not follow the journal, or differ from what is there.
    OutOfSequence,
    /// The file is damaged, or cannot be read or written.
    Storage,
    /// The file is locked for too long, or the disk is full: worth another try.
    Busy,
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user's name.
    pub user: String,
    /// The host's name.
    pub host: String,
    /// The process.
    pub process: ProcessId,
    /// What it does, such as `cutover deploy`.
    pub command: String,
}

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The service key.
    pub service: String,
    /// The fencing token: higher than any before.
    pub token: u64,
    /// Who holds it.
    pub holder: Holder,
    /// Since when, in milliseconds since the epoch.
    pub since_ms: u64,
    /// Until when without renewal, in milliseconds since the epoch.
    pub expires_ms: u64,
}

/// What is true from an entry on, written in the same transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The phase.
    pub phase: Phase,
    /// Whether the rollout is at its end.
    pub finished: bool,
    /// Why it was given up, or what it waits for.
    pub cause: Option<String>,
    /// The version that serves from now on.
    pub current: Option<CurrentVersion>,
    /// Artifacts that are bad.
    pub marks: Vec<NewMark>,
    /// The receipt; opaque to the ledger.
    pub receipt: Option<serde_json::Value>,
}

/// A version that becomes current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentVersion {
    /// The artifact.
    pub artifact: String,
    /// Its label.
    pub vsn: String,
}

/// An artifact that becomes marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMark {
    /// The artifact.
    pub artifact: String,
    /// Why.
    pub why: String,
}

/// An artifact marked bad (invariant I9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The artifact.
    pub artifact: String,
    /// Why.
    pub why: String,
    /// The rollout that marked it.
    pub rollout: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
}

/// A version that was made current.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The artifact.
    pub artifact: String,
    /// Its label.
    pub vsn: String,
    /// The rollout that decided for it.
    pub rollout: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
}

/// A rollout without its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its id, `service.environment.N`.
    pub rollout: String,
    /// The service key.
    pub service: String,
    /// What was planned.
    pub plan: Plan,
    /// Who began it.
    pub by: String,
    /// When, in milliseconds since the epoch.
    pub began_ms: u64,
    /// When its phase was last written, in milliseconds since the epoch.
    pub updated_ms: u64,
    /// Its phase.
    pub phase: Phase,
    /// Whether it is at its end.
    pub finished: bool,
    /// Why it was given up, or what it waits for.
    pub cause: Option<String>,
    /// Its receipt.
    pub receipt: Option<serde_json::Value>,
}

/// A rollout with its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// All but the journal.
    pub summary: Summary,
    /// What the coordinator needs besides the plan.
    pub settings: serde_json::Value,
    /// The journal, from its first entry.
    pub entries: Vec<Entry>,
}
