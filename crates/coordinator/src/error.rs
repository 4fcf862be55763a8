//! Why a coordinator could not do what it was asked.

use ledger::wire::v1::Lease;
use rollout::{ArtifactId, HostId, NameError, PlanError, ReplayError, ServiceKey};

/// Why a coordinator could not do what it was asked. Where a rollout was under way, the proxies serve on.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the fields are named for what the sentence says"
)]
pub enum Error {
    /// No hosts were given.
    #[error("a coordinator needs at least one host")]
    NoHosts,
    /// There is no plan for what was asked.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A name in what an agent or the ledger said is not well-formed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Somebody else has the lease.
    #[error(
        "{service} is being changed by {}@{} (`{}`, pid {}) since {} s: wait for it, or stop it with \
         `cutover abort`",
        lease.holder.user, lease.holder.host, lease.holder.command, lease.holder.process.pid, age_ms / 1000
    )]
    Held {
        service: ServiceKey,
        lease: Box<Lease>,
        /// For how long, in milliseconds.
        age_ms: u64,
    },
    /// An earlier rollout is not at its end.
    #[error(
        "rollout {rollout} of {service} is unfinished: end it with `cutover resume` or `cutover abort`"
    )]
    Unfinished {
        service: ServiceKey,
        rollout: String,
    },
    /// There is nothing to resume or abort.
    #[error("no rollout of {service} is unfinished")]
    NothingUnfinished { service: ServiceKey },
    /// The ledger knows no such rollout.
    #[error("the ledger knows no rollout {rollout}")]
    NoRollout { rollout: String },
    /// It is too late to abort.
    #[error(
        "rollout {rollout} is past its point of no return and cannot be aborted: `cutover rollback` brings the \
         earlier version back once it is at its end, to which `cutover resume` takes it where nobody does"
    )]
    PastDecision { rollout: String },
    /// There is no earlier version to go back to.
    #[error("{service} has no earlier version to go back to that is stored and not marked bad")]
    NoEarlier { service: ServiceKey },
    /// The artifact is not on a host.
    #[error("host {host} does not have artifact {}: import it first", artifact.short())]
    MissingArtifact { host: HostId, artifact: ArtifactId },
    /// The hosts changed between the plan and the run.
    #[error("the hosts of {service} changed since the plan was made: plan again")]
    PlanIsStale { service: ServiceKey },
    /// It is not the plan that was shown.
    #[error(
        "this is not the plan that was shown for {service} ({shown}): the hosts, the settings or the versions \
         changed since, and it is now {now}; look at it with `cutover plan`"
    )]
    PlanDiffers {
        service: ServiceKey,
        shown: String,
        now: String,
    },
    /// No host can change the code of running nodes yet.
    #[error(
        "{service} cannot be upgraded hot: that needs an upgrade package, which no command makes yet; use \
         another strategy, or `auto` with a fallback"
    )]
    NoHotUpgrade { service: ServiceKey },
    /// The environment is frozen.
    #[error("{service} may not be changed now: {why}")]
    Frozen { service: ServiceKey, why: String },
    /// Another service of the environment is being changed.
    #[error("{service} has to wait: {why}")]
    EnvironmentBusy { service: ServiceKey, why: String },
    /// What was asked makes no sense where the rollout is.
    #[error("rollout {rollout} cannot {verb} now: {why}")]
    NotNow {
        rollout: String,
        verb: &'static str,
        why: String,
    },
    /// A host does not answer.
    #[error("cannot {operation} on host {host}: {detail}")]
    Unreachable {
        host: HostId,
        operation: &'static str,
        detail: String,
    },
    /// A host said no.
    #[error("host {host} refused to {operation}: {detail}")]
    Refused {
        host: HostId,
        operation: &'static str,
        detail: String,
    },
    /// The ledger cannot work.
    #[error("cannot {operation}: {detail}")]
    Ledger {
        operation: &'static str,
        detail: String,
    },
    /// The lease was taken away, or another coordinator came in between.
    #[error(
        "this process may no longer change {service}: {detail}; the rollout is in its successor's hands"
    )]
    Fenced { service: ServiceKey, detail: String },
    /// The journal was written by another version.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// What was journaled cannot be read.
    #[error(transparent)]
    Read(#[from] rollout::journal::ReadError),
    /// What is stored beside a rollout is not understood.
    #[error("cannot read what is stored with rollout {rollout}: {detail}")]
    Stored { rollout: String, detail: String },
}
