//! What a person should know before a rollout.

use std::fmt;

/// Something a plan cannot prevent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Both versions run at once, and so do their jobs and crons.
    BothRunJobs,
    /// A static libcluster list must name every slot's node name.
    ClusterSlots {
        /// The node names.
        nodes: Vec<String>,
    },
    /// Mnesia ties its schema to a node name, which changes with the slot.
    MnesiaSlots {
        /// The node names.
        nodes: Vec<String>,
    },
    /// The release command's work stays when traffic goes back.
    SchemaStays,
    /// There is nothing to fall back to.
    NoStable,
    /// A warm version gives way, so that going back to it needs a start.
    WarmGivesWay {
        /// The instances.
        instances: Vec<String>,
    },
    /// It was marked bad, and asked for by name all the same.
    MarkedBad {
        /// Why it was marked.
        why: String,
    },
    /// More sockets are open than the pace can move in time; the rest is cut.
    SocketsOverBudget {
        /// Open sockets and streams.
        open: u64,
        /// How many can be moved within `drain_timeout`.
        movable: u64,
    },
    /// An analysis comes before the candidate has traffic, so that there is nothing to compare.
    NothingToCompare {
        /// Whether metrics of it are left to be judged.
        metrics: bool,
    },
    /// Hosts serve another version than the rest, since an earlier rollout left them behind.
    HostsBehind {
        /// Each with what it serves.
        hosts: Vec<String>,
    },
    /// The ledger and the proxies disagree on the current version.
    CurrentDiffers {
        /// What the ledger says.
        ledger: String,
        /// What serves.
        serving: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BothRunJobs => f.write_str(
                "both versions run background jobs at once until the earlier one stops; jobs and crons must bear that",
            ),
            Self::ClusterSlots { nodes } => write!(
                f,
                "the release uses libcluster: a static list must name every slot ({})",
                nodes.join(", ")
            ),
            Self::MnesiaSlots { nodes } => write!(
                f,
                "the release uses Mnesia, whose schema belongs to one node name; the slots are {}",
                nodes.join(", ")
            ),
            Self::SchemaStays => {
                f.write_str("rollback does not undo the schema: what the release command changes stays")
            }
            Self::NoStable => f.write_str("nothing serves yet, so there is nothing to fall back to"),
            Self::WarmGivesWay { instances } => write!(
                f,
                "{} gives way to the candidate: going back to that version will need a start",
                instances.join(", ")
            ),
            Self::MarkedBad { why } => write!(f, "this artifact was marked bad: {why}"),
            Self::SocketsOverBudget { open, movable } => write!(
                f,
                "{open} sockets and streams are open, but only {movable} can be moved within drain_timeout at \
                 this pace; the rest will be cut"
            ),
            Self::NothingToCompare { metrics: true } => f.write_str(
                "before the candidate has traffic there is nothing to compare with stable's: the analysis \
                 there judges its metrics alone",
            ),
            Self::NothingToCompare { metrics: false } => f.write_str(
                "before the candidate has traffic there is nothing to compare with stable's: the analysis \
                 there is left out; give it metrics, or place it after the traffic",
            ),
            Self::HostsBehind { hosts } => write!(
                f,
                "an earlier rollout left hosts behind, which go back to what they serve now: {}",
                hosts.join(", ")
            ),
            Self::CurrentDiffers { ledger, serving } => {
                write!(f, "the ledger names {ledger} as current, but {serving} serves; the latter is taken as stable")
            }
        }
    }
}
