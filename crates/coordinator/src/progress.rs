//! What a person sees while a rollout is under way.

use serde::Serialize;

/// Something that a person may want to see; as JSON, one line each.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "progress", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the fields are named for what they are; times are in milliseconds"
)]
pub enum Progress {
    /// The lease is held.
    Leased {
        service: String,
        token: u64,
        taken_over_from: Option<String>,
    },
    /// The rollout is in the ledger.
    Began { rollout: String, resumed: bool },
    /// A person should know this.
    Warning { text: String },
    /// A step of the plan began.
    StepStarted { step: String, at_ms: u64 },
    /// A step of the plan ended.
    StepFinished { step: String, took_ms: u64 },
    /// A host was asked for something.
    Asked { host: String, what: String },
    /// The coordinator does something itself: a hook, a measurement.
    Errand { what: String },
    /// Somebody asked for something, and it was journaled.
    Told {
        verb: &'static str,
        by: String,
        why: Option<String>,
    },
    /// A host was set aside; the rollout goes on without it.
    SetAside { host: String, why: String },
    /// An instance's health changed, or its words did.
    Health {
        host: String,
        instance: String,
        healthy: bool,
        detail: String,
    },
    /// What the proxy of a host counts: the candidate's answers, and stable's connections that are left.
    Traffic {
        host: String,
        requests_per_s: f64,
        failed: u64,
        stable_open: u64,
        candidate_open: u64,
    },
    /// A host does not answer.
    HostLost { host: String, detail: String },
    /// A host answers again.
    HostBack { host: String },
    /// The ledger does not answer; nothing new is begun until it does.
    LedgerLost { detail: String },
    /// The ledger answers again.
    LedgerBack,
    /// Somebody else has to act first.
    Waiting { what: String },
    /// It waits for a person.
    Paused { why: String },
    /// It goes back to stable.
    Reverting { cause: String },
    /// It is past the point of no return.
    Decided { artifact: String },
    /// It is at its end, or needs a person.
    Ended { phase: &'static str, finished: bool },
}

/// Whoever shows progress.
pub trait Observer: Send {
    /// Shows one thing. It must not block.
    fn on(&mut self, progress: &Progress);
}

impl<F: FnMut(&Progress) + Send> Observer for F {
    fn on(&mut self, progress: &Progress) {
        self(progress);
    }
}
