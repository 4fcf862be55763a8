//! The wire twin of a warning.

use super::twin::choice;

choice!(
    /// See [`crate::Warning`].
    Warning = crate::Warning {
        BothRunJobs,
        ClusterSlots { nodes: Vec<String> },
        MnesiaSlots { nodes: Vec<String> },
        SchemaStays,
        NoStable,
        WarmGivesWay { instances: Vec<String> },
        MarkedBad { why: String },
        SocketsOverBudget { open: u64, movable: u64 },
        NothingToCompare { metrics: bool },
        HostsBehind { hosts: Vec<String> },
        CurrentDiffers { ledger: String, serving: String },
    }
);
