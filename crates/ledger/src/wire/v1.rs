//! Version 1 of what is said to the ledger. Every call may be repeated.
//!
//! It grows by fields that may be left out and by further calls; fixture files keep each form readable.

mod document;
mod freeze;
mod lease;
mod rollout;
mod service;
mod verb;
mod verified;

pub use document::{Document, Entry};
pub use freeze::Freeze;
pub use lease::{Holder, Lease};
pub use rollout::{Outcome, Record, Summary};
pub use service::{Behind, Current, CurrentVersion, LeftBehind, Mark, NewMark};
pub use verb::{Extent, Requested, Verb};
pub use verified::Broken;

use serde::{Deserialize, Serialize};

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
    /// Asks the holder of the lease to abort its rollout: [`Reply::Done`]. The older form of [`Self::Request`].
    RequestAbort {
        /// The service key.
        service: String,
        /// Who asks, `user@host`.
        by: String,
    },
    /// Asks something of the unfinished rollout of a service: [`Reply::Asked`]. Whoever holds the lease is
    /// told with each renewal until it is taken; so is the next holder, within the time that
    /// [`crate::REQUEST_LASTS_MS`] says. The same request again, while it waits, is the same one.
    Request {
        /// The service key.
        service: String,
        /// What is asked.
        #[serde(flatten)]
        verb: Verb,
        /// Who asks, `user@host`.
        by: String,
        /// Why.
        #[serde(default)]
        why: Option<String>,
    },
    /// Says that the holder has acted on requests, which are told no more: [`Reply::Done`].
    /// [`Self::Append`] says the same together with the entry that they led to.
    Taken {
        /// The service key.
        service: String,
        /// The lease's token.
        token: u64,
        /// The requests.
        ids: Vec<u64>,
    },
    /// Freezes an environment: no rollout begins until then, but for rollbacks: [`Reply::Freezes`] with the
    /// new one. The same again is the same one.
    Freeze {
        /// The environment: what follows the dot in a service key.
        environment: String,
        /// Until when, in milliseconds since the epoch.
        until_ms: u64,
        /// Why.
        why: String,
        /// Who does it, `user@host`.
        by: String,
    },
    /// Ends freezes before their time: [`Reply::Freezes`] with those that were ended.
    Thaw {
        /// The environment.
        environment: String,
        /// One of them, or all of the environment.
        #[serde(default)]
        id: Option<u64>,
        /// Who does it, `user@host`.
        by: String,
        /// Why.
        #[serde(default)]
        why: Option<String>,
    },
    /// Asks for the freezes that hold: [`Reply::Freezes`].
    Freezes {
        /// Of one environment, or of all.
        #[serde(default)]
        environment: Option<String>,
    },
    /// Reads the whole ledger and says whether it has what was written: [`Reply::Verified`]. Takes as long
    /// as reading the file.
    Verify,
    /// Writes down a new rollout: [`Reply::Begun`]. Refused while another one of the service, or of its
    /// environment, is unfinished, and while the environment is frozen unless its purpose is a rollback.
    /// With the same token it is the same rollout.
    Begin {
        /// The service key.
        service: String,
        /// The lease's token.
        token: u64,
        /// What will be done.
        plan: Document,
        /// What the coordinator needs besides; opaque to the ledger. Holds no secrets.
        settings: serde_json::Value,
        /// Who began it, `user@host`.
        by: String,
        /// Why it begins although the environment is frozen.
        #[serde(default)]
        despite_freeze: Option<String>,
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
        /// Requests that these entries act on: told no more.
        #[serde(default)]
        taken: Vec<u64>,
    },
    /// Asks for one rollout with its journal: [`Reply::Rollout`].
    Rollout {
        /// Its id.
        rollout: String,
        /// The last entry that is known: the answer has what follows it, a page at most, and says whether
        /// there is more. Where it is left out, as older callers do, the journal comes whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
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
        /// What people ask of the rollout, oldest first: all that is not taken.
        #[serde(default)]
        requests: Vec<Requested>,
    },
    /// The request waits for the holder of the lease.
    Asked {
        /// The rollout.
        rollout: String,
        /// The request.
        request: Requested,
        /// Who will be told; where it is nobody, the request waits for the next holder.
        holder: Option<Lease>,
    },
    /// Freezes.
    Freezes {
        /// Oldest first.
        freezes: Vec<Freeze>,
    },
    /// The ledger was read as a whole.
    Verified {
        /// How many records it has.
        records: u64,
        /// The hash of the last one, in hex: it stands for all of them.
        head: String,
        /// The first damage, if there is any.
        broken: Option<Broken>,
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
        /// Hosts that do not have the current version.
        #[serde(default)]
        behind: Vec<LeftBehind>,
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
    /// Another service of the environment has an unfinished rollout.
    EnvironmentBusy,
    /// The environment is frozen.
    Frozen,
    /// There is no such rollout.
    NoRollout,
    /// The rollout is at its end.
    Finished,
    /// The entries do not follow the journal, or differ from what is there.
    OutOfSequence,
    /// What is kept of the rollout is not what was written: nothing is appended to it any more.
    Damaged,
    /// Too much of it waits already.
    TooMany,
    /// The call cannot be meant so.
    Invalid,
    /// The file is damaged, or cannot be read or written.
    Storage,
    /// The file is locked for too long, or the disk is full: worth another try.
    Busy,
}
