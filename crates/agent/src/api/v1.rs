//! Version 1 of what is said over the agent's socket.
//!
//! | call | request | answer |
//! |---|---|---|
//! | `GET /v1/agent` | | [`AgentInfo`] |
//! | `POST /v1/agent/stop` | [`StopAgent`] | ends the agent; instances and proxy go on unless asked otherwise |
//! | `POST /v1/artifacts` | [`ImportArtifact`] | [`ArtifactInfo`] |
//! | `GET /v1/artifacts` | | `[ArtifactInfo]` |
//! | `GET /v1/instances` | | `[InstanceStatus]` |
//! | `PUT /v1/instances/ID` | [`InstanceSpec`] | [`InstanceStatus`]: starts it; the same spec again changes nothing |
//! | `GET /v1/instances/ID` | | [`InstanceStatus`] |
//! | `POST /v1/instances/ID/stop` | [`Stop`] | [`InstanceStatus`], once it has ended |
//! | `POST /v1/instances/ID/restart` | | [`InstanceStatus`] |
//! | `POST /v1/instances/ID/probe` | | [`ProbeResult`] |
//! | `POST /v1/instances/ID/warm` | [`Warm`] | [`InstanceStatus`] |
//! | `DELETE /v1/instances/ID` | | removes the root of a stopped instance |
//! | `GET /v1/instances/ID/logs?lines=N&follow=0\|1` | | text, streamed |
//! | `GET /v1/instances/ID/launch` | | [`Launch`]: how to run the release's launcher |
//! | `PUT /v1/runs/ID` | [`Run`] | [`RunStatus`]: runs a command at most once for that ID |
//! | `GET /v1/runs/ID` | | [`RunStatus`] |
//! | `PUT /v1/services/KEY/route` | [`Route`] | [`proxy::control::v1::ServiceStatus`] |
//! | `GET /v1/services/KEY/route` | | the same |
//! | `POST /v1/services/KEY/renew` | [`proxy::control::v1::Renew`] | the same |
//! | `POST /v1/services/KEY/prepare` and `/commit` | | the same |
//! | `POST /v1/services/KEY/drain` | [`proxy::control::v1::Drain`] | the same |
//! | `POST /v1/services/KEY/ready` | [`Ready`] | the same; refused with `no_readiness` where neither it nor the route has such a path |
//! | `GET /v1/services/KEY/traffic` | | [`proxy::control::v1::Traffic`] |
//! | `POST /v1/ledger` | `ledger::wire::v1::Call` | `ledger::wire::v1::Reply` |
//! | `GET /metrics` | | the proxy's and the agent's figures, Prometheus text |
//!
//! KEY is `service.environment`. Calls that change a service or an instance carry the header
//! `cutover-token: N`, the fencing token of its lease; the agent persists the highest one of each
//! service before it obeys, and refuses an older one with 409 `stale_token` (invariant I5). A person's
//! call outside a rollout (restart) carries none. Calls that move traffic may carry `cutover-order: N`, which
//! grows within a token: one that comes after a later one was given up, and is refused with 409 `stale_order`.
//! Errors are `4xx`/`5xx` with a [`proxy::control::v1::ErrorBody`]. Every call may be repeated.

mod health;
mod hook;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

pub use health::{BeamFigures, BeamHealth, HealthCheck, ProbeResult};
pub use hook::{HookOutcome, HookPoint, LifecycleHook, OnHookFailure};
use proxy::control::v1::{Commitment, Limits, Preview, Readiness, Status, Sticky, Testers};
use serde::{Deserialize, Serialize};

/// The header with the fencing token.
pub const TOKEN_HEADER: &str = "cutover-token";

/// The header with the number of a call that moves traffic; it grows within a token.
pub const ORDER_HEADER: &str = "cutover-order";

/// What the agent says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentInfo {
    /// The version of the binary.
    pub version: String,
    /// The agent's process id.
    pub pid: u32,
    /// The name of the host: the one given with `agent run --name`, or the machine's own.
    pub host: String,
    /// The agent's directory.
    pub home: PathBuf,
    /// When it started, in milliseconds since the epoch.
    pub started_ms: u64,
    /// What the proxy says of itself, or nothing while it does not answer.
    pub proxy: Option<Status>,
    /// The highest fencing token of each service.
    pub tokens: BTreeMap<String, u64>,
}

/// Ends the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopAgent {
    /// Also stops every instance, the proxy, and the epmds that it started and no node uses.
    pub everything: bool,
}

/// Takes an artifact from a file on this host into the agent's store, verified first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportArtifact {
    /// The artifact file.
    pub path: PathBuf,
    /// The id it must have.
    pub artifact: String,
}

/// An artifact in the agent's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactInfo {
    /// The artifact id.
    pub artifact: String,
    /// The release's name.
    pub release: String,
    /// The release's version.
    pub vsn: String,
    /// Whether it was there before.
    pub already: bool,
}

/// Everything needed to run one instance; kept with the instance (mode 0600).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSpec {
    /// `service.environment`.
    pub service: String,
    /// The artifact to run.
    pub artifact: String,
    /// The slot, from 1; the node name is `NODE_SLOT@host`.
    pub slot: u32,
    /// The first part of the node name.
    pub node: String,
    /// The environment handed to the instance.
    pub env: BTreeMap<String, String>,
    /// Ports by the variable that tells the instance; `None` picks a free one.
    pub ports: BTreeMap<String, Option<u16>>,
    /// The variable of the port that the proxy and the health check talk to.
    pub http_port: String,
    /// How to tell that it is healthy.
    pub health: HealthCheck,
    /// What its node must be like as well, for a probe to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beam: Option<BeamHealth>,
    /// Commands around its life.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<LifecycleHook>,
    /// How long it may take to stop before it is killed.
    pub stop_timeout_ms: u64,
    /// Size at which a log file is rotated, in bytes.
    pub log_bytes_max: u64,
    /// How many rotated log files are kept.
    pub log_files: u32,
}

/// An instance as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// The instance id, `service.environment-slot`.
    pub id: String,
    /// The service key.
    pub service: String,
    /// The artifact it runs.
    pub artifact: String,
    /// The release's version.
    pub vsn: String,
    /// Its slot.
    pub slot: u32,
    /// The node name, `app_1@host`.
    pub node: String,
    /// Where it is in its life.
    pub state: InstanceState,
    /// The pid of the VM while it runs.
    pub pid: Option<i32>,
    /// Its ports, by variable.
    pub ports: BTreeMap<String, u16>,
    /// Where its HTTP port is reached.
    pub address: SocketAddr,
    /// When this run started, in milliseconds since the epoch.
    pub started_ms: Option<u64>,
    /// How often it was restarted after a crash since it was last started on purpose.
    pub restarts: u32,
    /// How the last run ended, in words, if it ended.
    pub last_exit: Option<String>,
    /// When it stops being kept warm, in milliseconds since the epoch.
    pub warm_until_ms: Option<u64>,
    /// The last result of its health check.
    pub healthy: Option<bool>,
    /// What became of the hooks of the last start, and of the stop after it.
    #[serde(default)]
    pub hooks: Vec<HookOutcome>,
}

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// Its process runs.
    Running,
    /// It crashed and is started again after a pause.
    BackingOff,
    /// It is being stopped.
    Stopping,
    /// It was stopped on purpose.
    Stopped,
}

/// Stops an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Time before it is killed; its own `stop_timeout_ms` where absent.
    pub timeout_ms: Option<u64>,
}

/// Keeps an instance running for a way back; the agent itself stops it at the end, unless it is routed
/// to again by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warm {
    /// How long, in milliseconds from receipt.
    pub for_ms: u64,
}

/// How to run the launcher of an instance's release, for `cutover app`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The launcher.
    pub program: PathBuf,
    /// The instance's environment.
    pub env: BTreeMap<String, String>,
    /// The instance's root.
    pub root: PathBuf,
}

/// Runs a command with an instance's release and environment: one of the launcher, or any program.
///
/// At the time limit it is killed with all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The instance.
    pub instance: String,
    /// The launcher's arguments, such as `["eval", "Shop.Release.migrate()"]`; empty where `words` are given.
    #[serde(default)]
    pub args: Vec<String>,
    /// A program and its arguments instead of the launcher. No shell is between: the first word is looked
    /// for in the instance's `PATH`, or below its root where it holds a `/` and is not absolute. It runs in
    /// the root; where the instance was never started here, in the agent's directory with what instances
    /// take over from their host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Variables beside those of the instance; they win.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Time before it is killed, in milliseconds.
    pub timeout_ms: u64,
    /// What its id begins with, a `-` after it: while another run whose id begins so is under way, this one
    /// does not begin, and is told as [`RunStatus::Running`]. It is to be asked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<String>,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunStatus {
    /// It is under way.
    Running,
    /// It ended.
    Finished {
        /// The exit code; 128 + n for signal n.
        exit: i32,
        /// The end of what it printed.
        output: String,
    },
    /// It began, and the agent died before it saw the end.
    Unknown,
    /// There is no run of that ID.
    Absent,
}

/// Tells the proxy where a service's traffic goes. The agent fills in addresses and health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Host names claimed; empty claims all.
    pub hosts: Vec<String>,
    /// The path prefix claimed.
    pub path_prefix: String,
    /// Timeouts and limits.
    pub limits: Limits,
    /// Which instances take traffic, by artifact.
    pub versions: Vec<RouteVersion>,
    /// Whether the weights, and what is beside them, are final.
    pub commitment: Commitment,
    /// Whether a client keeps its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Whose requests go to one version whatever its weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testers: Option<Testers>,
    /// Where one version is reached whatever its weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Preview>,
    /// What a balancer in front is told. `ready` and [`Ready`] say the same: the last word holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
}

/// Passes or fails the readiness path of a service, and changes nothing else of its route.
///
/// A path that is named becomes that of the route: settings may have got one since the route was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Whether a balancer in front is to send traffic here.
    pub ready: bool,
    /// The path that the balancer asks; that of the route where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// One version in a [`Route`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteVersion {
    /// The artifact id.
    pub artifact: String,
    /// Percent of new clients.
    pub weight: u8,
    /// Its instances.
    pub instances: Vec<String>,
}
