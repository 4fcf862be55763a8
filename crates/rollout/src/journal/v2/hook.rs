//! The wire twins of hooks and background work.

use super::twin::{choice, record, words};

record!(
    /// See [`crate::Hook`].
    Hook = crate::Hook {
        point: HookPoint,
        name: String,
        run: HookRun,
        timeout_ms: u64,
        on_failure: OnFailure,
    }
);
words!(
    /// See [`crate::HookPoint`].
    HookPoint = crate::HookPoint {
        ConfirmRollout,
        PreDeploy,
        PreRollout,
        PreUpgrade,
        PostUpgrade,
        ConfirmTrafficIncrease,
        ConfirmPromotion,
        PostRollout,
        PostDeploy,
        OnAbort,
    }
);
choice!(
    /// See [`crate::HookRun`].
    HookRun = crate::HookRun {
        Command { words: Vec<String>, site: HookSite },
        Webhook { url: String },
    }
);
words!(
    /// See [`crate::HookSite`].
    HookSite = crate::HookSite { Operator, EachHost, FirstHost }
);
words!(
    /// See [`crate::OnFailure`].
    OnFailure = crate::OnFailure { Abort, Continue }
);
record!(
    /// See [`crate::Background`].
    Background = crate::Background { activate: Option<Job>, quiesce: Option<Job> }
);
record!(
    /// See [`crate::Job`].
    Job = crate::Job { run: JobRun, timeout_ms: u64 }
);
choice!(
    /// See [`crate::JobRun`].
    JobRun = crate::JobRun {
        Rpc { expression: String },
        Command { words: Vec<String> },
    }
);
