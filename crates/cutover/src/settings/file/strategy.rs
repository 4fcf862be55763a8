//! The strategies and their tables under `[deploy]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HOUR, Window};
use crate::settings::bounded::Count;
use crate::settings::command_line::CommandLine;
use crate::settings::duration::Time;
use crate::settings::host_count::HostCount;
use crate::settings::names::Name;
use crate::settings::place::At;

/// A strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum Strategy {
    /// The running nodes change their code.
    Hot,
    /// Batches of hosts, one after the other.
    Rolling,
    /// The new version gets a growing part of the traffic.
    Canary,
    /// The new version starts beside the old one, then takes all traffic at once.
    BlueGreen,
    /// Hot where it is proven safe, else the fallback.
    Auto,
}

/// `[deploy.rolling]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct RollingSection {
    /// Hosts at a time, after the first one, which goes alone.
    pub(crate) max_parallel: Option<At<HostCount>>,
    /// Start the new version beside the old one; without it there is room for one only.
    pub(crate) surge: Option<At<bool>>,
    /// Without surge: how long a host fails its readiness path before it stops the old version.
    pub(crate) lb_notice: Option<At<Time<0, HOUR>>>,
}

/// `[deploy.hot]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct HotSection {
    /// Hosts at a time, after the first one, which goes alone.
    pub(crate) max_parallel: Option<At<HostCount>>,
    /// How long a host is watched with the new code before it is made permanent.
    pub(crate) watch: Option<At<Time<0, HOUR>>>,
}

/// `[deploy.canary]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct CanarySection {
    /// What is done, in order: `{ set_weight = 20 }`, `{ pause = { for = "5m" } }`, `{ pause = {} }`,
    /// `{ analysis = "NAME" }`. The last weight is 100.
    pub(crate) steps: Option<At<Vec<CanaryStep>>>,
    /// Whether a client stays with its version.
    pub(crate) stickiness: Option<At<Stickiness>>,
}

/// A step of a canary: exactly one of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(inline)]
pub(crate) enum CanaryStep {
    /// Gives the new version that part of the traffic, in percent.
    SetWeight(Count<1, 100>),
    /// Waits: for a time, or until promoted.
    Pause(Pause),
    /// Judges the new version by `[analysis.NAME]`.
    Analysis(Name),
}

/// A pause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table, such as `{ for = \"5m\" }` or `{}`"
)]
#[schemars(inline)]
pub(crate) struct Pause {
    /// How long; without it until promoted.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<Window>,
}

/// Whether a client stays with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum Stickiness {
    /// By a cookie of the proxy.
    Cookie,
    /// Each request is dealt anew.
    Off,
}

/// `[deploy.blue_green]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct BlueGreenSection {
    /// Judge the new version by `[analysis.NAME]` at its preview address, before the switch.
    pub(crate) pre_promotion: Option<At<Name>>,
    /// Wait before the switch: `{}` until promoted, or `{ for = "10m" }`.
    pub(crate) pause: Option<At<Pause>>,
    /// Judge the new version by `[analysis.NAME]` with all traffic, before the commit.
    pub(crate) post_promotion: Option<At<Name>>,
}

/// How an instance is told to begin or end its background work. Exactly one of `rpc` and `command`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table, such as `{ rpc = \"Shop.Jobs.start()\" }`"
)]
#[schemars(inline)]
pub(crate) struct Job {
    /// An expression that the running node evaluates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rpc: Option<String>,
    /// A program on the host, with the instance's environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<CommandLine>,
    /// Time for it; a minute unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Window>,
}
