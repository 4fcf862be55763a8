//! What the engine wants done, as data.

use std::fmt;

use crate::name::{ArtifactId, HostId, InstanceId};
use crate::plan::{HotWork, Readiness, Stickiness};
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
    /// Has the coordinator itself do something. As with [`Effect::Do`], until it has a definite reply.
    Ask {
        /// Its id, which the reply repeats.
        id: EffectId,
        /// What.
        errand: Errand,
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
    /// A host is set aside: it failed within the budget, is told to go back, and the rollout goes on
    /// without it. The ledger names it as behind.
    SetAside {
        /// Which host.
        host: HostId,
        /// Why.
        why: String,
    },
    /// The rollout is at its end, or at one that needs a person.
    Halt,
}

/// What the coordinator itself is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Runs a hook of the operator's side, or calls a webhook; by its place in the plan's hooks. One that
    /// waits for agreement is called again until it agrees.
    Hook {
        /// Which.
        hook: u32,
    },
    /// Takes one measurement of a metric: the reply is [`crate::Reply::Measured`].
    Measure {
        /// Which analysis of the plan.
        analysis: u32,
        /// Which metric of it.
        metric: u32,
        /// Which measurement, from 1.
        round: u32,
    },
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
        /// Who testers get, by preview address or header, whatever its weight.
        testers: Option<ArtifactId>,
        /// Whether a client stays with its version.
        stickiness: Stickiness,
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
    /// Begins or ends an instance's background work.
    Background {
        /// Which instance.
        instance: InstanceId,
        /// Which way.
        turn: Turn,
    },
    /// Passes or fails the readiness path of the service on this host.
    Ready {
        /// Whether it passes.
        ready: bool,
    },
    /// Runs a hook on this host, by its place in the plan's hooks.
    Hook {
        /// Which.
        hook: u32,
        /// The instance whose environment it gets: the candidate's first, or stable's.
        instance: InstanceId,
    },
    /// A part of a hot upgrade of these instances, from stable to the candidate.
    Hot {
        /// Which part.
        work: HotWork,
        /// Which instances.
        instances: Vec<InstanceId>,
    },
    /// Brings the old code back on these instances, and makes it permanent.
    HotBack {
        /// Which instances.
        instances: Vec<InstanceId>,
    },
}

/// Which way background work is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It begins.
    Activate,
    /// It ends.
    Quiesce,
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
            Self::Route {
                shares,
                commitment,
                testers,
                ..
            } => {
                f.write_str("route ")?;
                for (i, share) in shares.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{} to {}", share.weight, share.artifact.short())?;
                }
                if let Some(artifact) = testers {
                    write!(f, ", testers to {}", artifact.short())?;
                }
                match commitment {
                    Commitment::Committed => f.write_str(" (final)"),
                    Commitment::Leased { ttl_ms, .. } => {
                        write!(f, " (leased for {} s)", ttl_ms / 1000)
                    }
                }
            }
            Self::Prepare => f.write_str("prepare"),
            Self::Commit => f.write_str("commit"),
            Self::Drain { artifact } => write!(f, "drain {}", artifact.short()),
            Self::KeepWarm { instance, for_ms } => {
                write!(f, "keep {instance} warm for {} s", for_ms / 1000)
            }
            Self::Stop { instance } => write!(f, "stop {instance}"),
            Self::Background { instance, turn } => match turn {
                Turn::Activate => write!(f, "activate {instance}"),
                Turn::Quiesce => write!(f, "quiesce {instance}"),
            },
            Self::Ready { ready: true } => f.write_str("pass the readiness path"),
            Self::Ready { ready: false } => f.write_str("fail the readiness path"),
            Self::Hook { hook, .. } => write!(f, "run hook {hook}"),
            Self::Hot { work, instances } => {
                write!(f, "hot upgrade: {} {}", work.word(), Names(instances))
            }
            Self::HotBack { instances } => write!(f, "hot downgrade of {}", Names(instances)),
        }
    }
}

/// Instances, with commas.
struct Names<'a>(&'a [InstanceId]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook { hook } => write!(f, "run hook {hook}"),
            Self::Measure {
                analysis,
                metric,
                round,
            } => write!(
                f,
                "measure metric {metric} of analysis {analysis}, round {round}"
            ),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do { id, host, action } => write!(f, "#{} {host}: {action}", id.0),
            Self::Ask { id, errand } => write!(f, "#{} {errand}", id.0),
            Self::SetAside { host, why } => write!(f, "set {host} aside: {why}"),
            Self::WakeAt(tick) => write!(f, "wake at {tick}"),
            Self::MarkBad { artifact, .. } => write!(f, "mark {} bad", artifact.short()),
            Self::Decide { artifact } => write!(f, "decide for {}", artifact.short()),
            Self::Halt => f.write_str("halt"),
        }
    }
}
