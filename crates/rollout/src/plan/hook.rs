//! Commands and webhooks of the user at points of a rollout.

use std::fmt;

/// A hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// When.
    pub point: HookPoint,
    /// What people call it; unique within its point.
    pub name: String,
    /// What is done.
    pub run: HookRun,
    /// Time for it, in milliseconds.
    pub timeout_ms: u64,
    /// What its failure means. A failure of `on-abort` and of what comes after the decision never turns
    /// anything around.
    pub on_failure: OnFailure,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookPoint {
    /// Before anything else; Flagger's `confirm-rollout`: waits until it agrees.
    ConfirmRollout,
    /// Before the candidate starts.
    PreDeploy,
    /// When the candidate is healthy, before it gets traffic; Flagger's `pre-rollout`.
    PreRollout,
    /// Before a host of a hot upgrade changes its code; Distillery's `pre_upgrade`.
    PreUpgrade,
    /// When it runs the new code; Distillery's `post_upgrade`.
    PostUpgrade,
    /// Before its weight grows; Flagger's `confirm-traffic-increase`: waits until it agrees.
    ConfirmTrafficIncrease,
    /// Before the commit; Flagger's `confirm-promotion`: waits until it agrees.
    ConfirmPromotion,
    /// At the end, whatever it is; Flagger's `post-rollout`.
    PostRollout,
    /// At a good end.
    PostDeploy,
    /// When stable is back after a candidate was given up.
    OnAbort,
}

/// What a hook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookRun {
    /// A program with its arguments, without a shell.
    Command {
        /// The program, then its arguments.
        words: Vec<String>,
        /// Where it runs.
        site: HookSite,
    },
    /// A POST that agrees with 2xx.
    Webhook {
        /// Where it is called.
        url: String,
    },
}

/// Where a hook's command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookSite {
    /// Beside the coordinator.
    Operator,
    /// On every host of the step.
    EachHost,
    /// On the first host.
    FirstHost,
}

/// What the failure of a hook means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The candidate is given up.
    Abort,
    /// It is told, and the rollout goes on.
    Continue,
}

impl HookPoint {
    /// Returns its word, as in settings and journals.
    pub fn word(self) -> &'static str {
        match self {
            Self::ConfirmRollout => "confirm-rollout",
            Self::PreDeploy => "pre-deploy",
            Self::PreRollout => "pre-rollout",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::ConfirmTrafficIncrease => "confirm-traffic-increase",
            Self::ConfirmPromotion => "confirm-promotion",
            Self::PostRollout => "post-rollout",
            Self::PostDeploy => "post-deploy",
            Self::OnAbort => "on-abort",
        }
    }

    /// Says whether a refusal means that it is asked again, and not that it failed.
    pub fn waits(self) -> bool {
        matches!(
            self,
            Self::ConfirmRollout | Self::ConfirmTrafficIncrease | Self::ConfirmPromotion
        )
    }
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
