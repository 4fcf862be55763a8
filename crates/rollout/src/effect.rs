//! What the engine wants done, as data.

use std::fmt;

use crate::name::{ArtifactId, HostId, InstanceId};
use crate::plan::Readiness;
use crate::tick::Tick;

/// Tells one effect from every other of its rollout; a reply to any other id is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// An effect. Its event and itself are journaled before it is performed (invariant I4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Has a host do something. It is performed until it has a definite reply, or the engine no longer
    /// waits for it: idempotent, or its result is looked up first.
    Do {
        /// Its id, which the reply repeats.
        id: EffectId,
        /// Where.
        host: HostId,
        /// What.
        action: Action,
    },
    /// Wants an [`crate::Event::Wake`] at that time, unless another time is asked for by then.
    WakeAt(Tick),
    /// The candidate is bad: not to be chosen again unless by name (invariant I9).
    MarkBad {
        /// Which artifact.
        artifact: ArtifactId,
        /// Why.
        why: String,
    },
    /// The decision: from here on the candidate is the current version. Journaled before any commit.
    Decide {
        /// The version that serves from now on.
        artifact: ArtifactId,
    },
    /// The rollout is at its end, or at one that needs a person.
    Halt,
}

/// What a host is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Stops an instance that is no longer wanted and removes its root, so that its slot is free.
    Clear {
        /// Which.
        instance: InstanceId,
    },
    /// Starts an instance.
    Start {
        /// Which.
        instance: InstanceId,
        /// Its slot.
        slot: u32,
        /// What it runs.
        artifact: ArtifactId,
        /// Whether it is new or known to the host.
        readiness: Readiness,
    },
    /// Runs the release command, at most once for this attempt.
    Run {
        /// The instance whose release and environment it uses.
        instance: InstanceId,
        /// Counts from 1; a person may ask for another.
        attempt: u32,
    },
    /// Waits for the end of a release command that may be under way, and begins none.
    AwaitRun {
        /// Which attempt.
        attempt: u32,
    },
    /// Sets where traffic goes.
    Route {
        /// Who gets how much; sums to 100.
        shares: Vec<Share>,
        /// How firm that is.
        commitment: Commitment,
    },
    /// Has the proxy promise not to revert alone.
    Prepare,
    /// Makes prepared weights final.
    Commit,
    /// Takes a version out of service gently.
    Drain {
        /// Which version.
        artifact: ArtifactId,
    },
    /// Keeps an instance for a way back; the host stops it by itself after that.
    KeepWarm {
        /// Which.
        instance: InstanceId,
        /// How long.
        for_ms: u64,
    },
    /// Stops an instance.
    Stop {
        /// Which.
        instance: InstanceId,
    },
}

/// One version's part of the traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The version.
    pub artifact: ArtifactId,
    /// Percent.
    pub weight: u8,
    /// Its instances on that host.
    pub instances: Vec<InstanceId>,
}

/// How firm weights are (invariant I7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commitment {
    /// Final.
    Committed,
    /// Given back to `stable` if not renewed in time.
    Leased {
        /// Duration from receipt, in milliseconds.
        ttl_ms: u64,
        /// Who gets all traffic at expiry.
        stable: ArtifactId,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear { instance } => write!(f, "clear {instance}"),
            Self::Start {
                instance, artifact, ..
            } => write!(f, "start {instance} with {}", artifact.short()),
            Self::Run { attempt, .. } => write!(f, "run the release command (attempt {attempt})"),
            Self::AwaitRun { attempt } => write!(
                f,
                "wait for the end of the release command (attempt {attempt})"
            ),
            Self::Route { shares, commitment } => {
                f.write_str("route ")?;
                for (i, share) in shares.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{} to {}", share.weight, share.artifact.short())?;
                }
                f.write_str(match commitment {
                    Commitment::Committed => " (final)",
                    Commitment::Leased { .. } => " (leased)",
                })
            }
            Self::Prepare => f.write_str("prepare"),
            Self::Commit => f.write_str("commit"),
            Self::Drain { artifact } => write!(f, "drain {}", artifact.short()),
            Self::KeepWarm { instance, for_ms } => {
                write!(f, "keep {instance} warm for {} s", for_ms / 1000)
            }
            Self::Stop { instance } => write!(f, "stop {instance}"),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do { id, host, action } => write!(f, "#{} {host}: {action}", id.0),
            Self::WakeAt(tick) => write!(f, "wake at {tick}"),
            Self::MarkBad { artifact, .. } => write!(f, "mark {} bad", artifact.short()),
            Self::Decide { artifact } => write!(f, "decide for {}", artifact.short()),
            Self::Halt => f.write_str("halt"),
        }
    }
}
