//! `[[hooks]]` and `[[hosts]]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Window;
use crate::settings::command_line::CommandLine;
use crate::settings::names::{HostName, Name, Url};

/// A hook: a command, or a webhook. Exactly one of `run` and `url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table, such as `{ at = \"pre-deploy\", run = \"script/check\" }`"
)]
pub(crate) struct Hook {
    /// When.
    pub(crate) at: HookAt,
    /// What people call it; the program or the URL's host unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Name>,
    /// A command, without a shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<CommandLine>,
    /// A webhook: a POST that agrees with 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<Url>,
    /// Where a command runs; beside the deploy unless given. What belongs to an instance runs on its host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<HookOn>,
    /// Time for it; a minute unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Window>,
    /// What its failure means; `abort` unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_failure: Option<OnFailure>,
}

/// When a hook runs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum HookAt {
    /// Before the build.
    PreBuild,
    /// After the build, with the artifact.
    PostBuild,
    /// Before anything else: waits until it agrees.
    ConfirmRollout,
    /// Before the new version starts.
    PreDeploy,
    /// When the new version is healthy, before it gets traffic.
    PreRollout,
    /// A webhook that is asked during each analysis.
    Rollout,
    /// Before its weight grows: waits until it agrees.
    ConfirmTrafficIncrease,
    /// Before the commit: waits until it agrees.
    ConfirmPromotion,
    /// A webhook that is asked all along: the rollout is given up when it agrees.
    Rollback,
    /// A webhook that is told of every change.
    Event,
    /// At the end, whatever it is.
    PostRollout,
    /// At a good end.
    PostDeploy,
    /// When the old version is back after the new one was given up.
    OnAbort,
    /// On a host, before an instance's root is made.
    PreConfigure,
    /// On a host, after that.
    PostConfigure,
    /// On a host, before an instance starts.
    PreStart,
    /// On a host, after its start.
    PostStart,
    /// On a host, before an instance stops.
    PreStop,
    /// On a host, after its stop.
    PostStop,
    /// On a host, before a hot upgrade.
    PreUpgrade,
    /// On a host, after it.
    PostUpgrade,
}

/// Where a hook's command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum HookOn {
    /// Where the deploy runs.
    Operator,
    /// On every host.
    EachHost,
    /// On the first host.
    FirstHost,
}

/// What the failure of a hook means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum OnFailure {
    /// The new version is given up.
    Abort,
    /// It is told, and the rollout goes on.
    Continue,
}

/// A host of the environment, the first one leads: it keeps the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table, such as `{ name = \"a\", home = \"/var/lib/cutover-a\" }`"
)]
pub(crate) struct HostEntry {
    /// What people call it.
    pub(crate) name: HostName,
    /// The directory of its agent on this machine.
    pub(crate) home: PathBuf,
}
