//! `cutover.toml` as it is written: every key optional, every value with its place.
//!
//! The JSON Schema is made from these types, and the docstrings are its descriptions.

mod analysis;
mod hooks;
mod strategy;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use analysis::{Analysis, Metric, PrometheusSection};
pub(crate) use hooks::{Hook, HookAt, HookOn, HostEntry, OnFailure};
pub(crate) use strategy::{
    BlueGreenSection, CanarySection, CanaryStep, HotSection, Job, Pause, RollingSection,
    Stickiness, Strategy,
};

use super::bounded::{Count, Size};
use super::command_line::CommandLine;
use super::duration::Time;
use super::host_count::HostCount;
use super::names::{HeaderName, HostName, Name, UrlPath, Variable};
use super::place::At;
use super::port::{Listen, PortChoice};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// From a tenth of a second to an hour.
pub(crate) type Wait = Time<100, HOUR>;
/// From nothing to a day.
pub(crate) type Window = Time<0, { 24 * HOUR }>;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[schemars(title = "cutover.toml")]
pub(crate) struct File {
    /// The name of the service; the project's application unless given.
    pub(crate) service: Option<At<Name>>,
    /// The release to build, where the project has several.
    release: Option<At<Name>>,
    /// How the release is built.
    build: Option<Build>,
    /// Variables handed to every instance. They win over those of `env_file`.
    env: Option<BTreeMap<Variable, At<String>>>,
    /// A file of NAME=value lines, handed to every instance; relative to this file.
    env_file: Option<At<PathBuf>>,
    /// Ports of an instance, by the variable that tells it: "auto" or a number.
    ports: Option<BTreeMap<Variable, At<PortChoice>>>,
    /// The variable in `[ports]` whose port takes the traffic.
    http_port: Option<At<Variable>>,
    /// How to tell that an instance is healthy.
    health: Option<HealthSection>,
    /// Where the service is reached, and within which limits.
    proxy: Option<ProxySection>,
    /// How the version that serves is changed.
    deploy: Option<DeploySection>,
    /// How an instance runs.
    instance: Option<InstanceSection>,
    /// How logs are kept.
    logs: Option<LogsSection>,
    /// How a candidate is judged, by the name that steps use.
    analysis: Option<BTreeMap<Name, At<Analysis>>>,
    /// Where metrics are queried.
    prometheus: Option<PrometheusSection>,
    /// Commands and webhooks at points of a rollout.
    hooks: Option<At<Vec<Hook>>>,
    /// The hosts; this machine alone unless given.
    hosts: Option<At<Vec<HostEntry>>>,
    /// What differs in an environment, by its name: any key of this file but `service`.
    pub(crate) environments: Option<BTreeMap<Name, Sections>>,
}

/// All that an environment, or the command line, may say otherwise.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Sections {
    /// The release to build, where the project has several.
    pub(crate) release: Option<At<Name>>,
    /// How the release is built.
    pub(crate) build: Option<Build>,
    /// Variables handed to every instance, beside those of the whole file.
    pub(crate) env: Option<BTreeMap<Variable, At<String>>>,
    /// A file of NAME=value lines, instead of the whole file's; relative to this file.
    pub(crate) env_file: Option<At<PathBuf>>,
    /// Ports of an instance, beside those of the whole file.
    pub(crate) ports: Option<BTreeMap<Variable, At<PortChoice>>>,
    /// The variable in `[ports]` whose port takes the traffic.
    pub(crate) http_port: Option<At<Variable>>,
    /// How to tell that an instance is healthy.
    pub(crate) health: Option<HealthSection>,
    /// Where the service is reached, and within which limits.
    pub(crate) proxy: Option<ProxySection>,
    /// How the version that serves is changed.
    pub(crate) deploy: Option<DeploySection>,
    /// How an instance runs.
    pub(crate) instance: Option<InstanceSection>,
    /// How logs are kept.
    pub(crate) logs: Option<LogsSection>,
    /// How a candidate is judged, beside those of the whole file.
    pub(crate) analysis: Option<BTreeMap<Name, At<Analysis>>>,
    /// Where metrics are queried.
    pub(crate) prometheus: Option<PrometheusSection>,
    /// Commands and webhooks at points of a rollout, instead of the whole file's.
    pub(crate) hooks: Option<At<Vec<Hook>>>,
    /// The hosts of this environment.
    pub(crate) hosts: Option<At<Vec<HostEntry>>>,
}

impl File {
    /// The file's own sections, as the lowest layer.
    pub(crate) fn sections(&self) -> Sections {
        let file = self.clone();
        Sections {
            release: file.release,
            build: file.build,
            env: file.env,
            env_file: file.env_file,
            ports: file.ports,
            http_port: file.http_port,
            health: file.health,
            proxy: file.proxy,
            deploy: file.deploy,
            instance: file.instance,
            logs: file.logs,
            analysis: file.analysis,
            prometheus: file.prometheus,
            hooks: file.hooks,
            hosts: file.hosts,
        }
    }
}

/// `[build]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Build {
    /// `MIX_ENV` of the build.
    pub(crate) mix_env: Option<At<Name>>,
    /// Build from nothing each time, not from what the last build left.
    pub(crate) clean: Option<At<bool>>,
    /// Commands run in the project before `mix release`, such as "mix assets.deploy".
    pub(crate) before: Option<At<Vec<CommandLine>>>,
    /// Variables of the build.
    pub(crate) env: Option<BTreeMap<Variable, At<String>>>,
}

/// `[health]`: HTTP where there is a path, a command where there is one, else TCP.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct HealthSection {
    /// The path that answers 2xx while the instance is healthy.
    pub(crate) path: Option<At<UrlPath>>,
    /// Only connect to the port.
    pub(crate) tcp: Option<At<bool>>,
    /// Time for one check.
    pub(crate) timeout: Option<At<Time<100, { 5 * MINUTE }>>>,
    /// A program on the host, with the instance's environment, that ends with 0 while it is healthy.
    pub(crate) command: Option<At<CommandLine>>,
    /// Time between two checks.
    pub(crate) interval: Option<At<Time<100, { 5 * MINUTE }>>>,
    /// What the running node must be like as well, as it says itself.
    pub(crate) beam: Option<At<BeamSection>>,
}

/// `[health.beam]`: the node answers, its applications run, and it keeps to limits: these, and usual ones
/// where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[schemars(inline)]
pub(crate) struct BeamSection {
    /// Time for the node to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Time<100, MINUTE>>,
    /// Applications that must run, such as your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) applications: Option<Vec<Name>>,
    /// Processes ready to run, for each scheduler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_queue_max: Option<Count<1, 1_000_000>>,
    /// Messages in any one mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mailbox_max: Option<Count<1, 100_000_000>>,
    /// Restarts by supervisors since the instance started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) restarts_max: Option<Count<0, 1_000_000>>,
    /// Crash reports in its log since the instance started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crash_reports_max: Option<Count<0, 1_000_000>>,
    /// Memory of the VM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_max: Option<Size<{ 1 << 20 }, { 1 << 44 }>>,
}

/// `[proxy]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct ProxySection {
    /// The address that clients connect to; services may share one.
    pub(crate) listen: Option<At<Listen>>,
    /// The host names of the service; none means all.
    pub(crate) hosts: Option<At<Vec<HostName>>>,
    /// The paths of the service: this one and all below it.
    pub(crate) path_prefix: Option<At<UrlPath>>,
    /// Time for a client to send the head of its request.
    pub(crate) header_timeout: Option<At<Wait>>,
    /// Time without a byte before a connection is given up; not for WebSockets.
    pub(crate) idle_timeout: Option<At<Wait>>,
    /// Time to connect to an instance.
    pub(crate) connect_timeout: Option<At<Wait>>,
    /// Time for an instance to begin its answer.
    pub(crate) response_timeout: Option<At<Wait>>,
    /// Client connections open at once.
    pub(crate) connections_max: Option<At<Count<1, 1_000_000>>>,
    /// Size of the head of a request.
    pub(crate) header_size_max: Option<At<Size<1024, { 1 << 20 }>>>,
    /// How long a request waits while no healthy instance is there.
    pub(crate) hold: Option<At<Time<0, { 5 * MINUTE }>>>,
    /// Requests that wait at once.
    pub(crate) held_max: Option<At<Count<0, 1_000_000>>>,
    /// The cookie by which a client stays with its version during a canary.
    pub(crate) sticky_cookie: Option<At<Name>>,
    /// A second address, all of whose requests go to the new version before it gets traffic.
    pub(crate) preview: Option<At<Listen>>,
    /// Requests with this header go to the new version before it gets traffic.
    pub(crate) testers: Option<At<Testers>>,
    /// A path that the proxy answers itself, for a balancer in front: 200 while the host takes traffic.
    pub(crate) readiness: Option<At<UrlPath>>,
}

/// How testers are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table, such as `{ header = \"x-tester\" }`"
)]
#[schemars(inline)]
pub(crate) struct Testers {
    /// The name of the header, lower case.
    pub(crate) header: HeaderName,
    /// Its value; any unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
}

/// `[deploy]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct DeploySection {
    /// How the new version takes over.
    pub(crate) strategy: Option<At<Strategy>>,
    /// Instances of a version.
    pub(crate) instances: Option<At<Count<1, 16>>>,
    /// How long the new version must have been healthy before it gets traffic.
    pub(crate) min_healthy_time: Option<At<Time<0, HOUR>>>,
    /// When the new version must be healthy, from its start.
    pub(crate) healthy_deadline: Option<At<Wait>>,
    /// The longest time that a rollout may go without progress.
    pub(crate) progress_deadline: Option<At<Window>>,
    /// How long the new version is watched under traffic before the commit.
    pub(crate) watch: Option<At<Time<0, { 24 * HOUR }>>>,
    /// Time for requests and sockets of the old version to end.
    pub(crate) drain_timeout: Option<At<Window>>,
    /// WebSockets and event streams asked to move, each second.
    pub(crate) sockets_per_second: Option<At<Count<1, 100_000>>>,
    /// The close code that moved WebSockets get.
    pub(crate) close_code: Option<At<Count<1001, 4999>>>,
    /// How long the old version is kept running, for an instant rollback.
    pub(crate) rollback_window: Option<At<Window>>,
    /// How long the new version is counted after the drain, for the receipt.
    pub(crate) observe_after: Option<At<Time<0, HOUR>>>,
    /// After how long without word from the deploy all traffic returns to the old version.
    pub(crate) orphan_timeout: Option<At<Time<{ 5 * SECOND }, HOUR>>>,
    /// Run once before the new version gets traffic: arguments of the release's launcher, such as
    /// "eval 'Shop.Release.migrate()'".
    pub(crate) release_command: Option<At<CommandLine>>,
    /// Time for the release command.
    pub(crate) release_command_timeout: Option<At<Window>>,
    /// Begins an instance's background work: on the new version around the switch.
    pub(crate) activate: Option<At<Job>>,
    /// Ends an instance's background work: on the old version around the switch.
    pub(crate) quiesce: Option<At<Job>>,
    /// Hosts that may fail or be lost before the new version is given up; they are set aside.
    pub(crate) failure_budget: Option<At<HostCount>>,
    /// Instances that take traffic at every instant; a plan that cannot keep to it is refused.
    pub(crate) min_available: Option<At<HostCount>>,
    /// The longest that a pause may last; then the old version is back.
    pub(crate) pause_max: Option<At<Time<{ 10 * SECOND }, { 14 * 24 * HOUR }>>>,
    /// What `auto` does where hot is not proven safe.
    pub(crate) fallback: Option<At<Strategy>>,
    /// Settings of the strategy `hot`.
    pub(crate) hot: Option<HotSection>,
    /// Settings of the strategy `rolling`.
    pub(crate) rolling: Option<RollingSection>,
    /// Settings of the strategy `canary`.
    pub(crate) canary: Option<CanarySection>,
    /// Settings of the strategy `blue-green`.
    pub(crate) blue_green: Option<BlueGreenSection>,
}

/// `[instance]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct InstanceSection {
    /// The first part of the node name, before the slot; the service's name unless given.
    pub(crate) node: Option<At<Name>>,
    /// Time for an instance to stop before it is killed.
    pub(crate) stop_timeout: Option<At<Wait>>,
}

/// `[logs]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct LogsSection {
    /// The size at which a log file is rotated.
    pub(crate) size: Option<At<Size<{ 64 << 10 }, { 1 << 30 }>>>,
    /// Rotated log files kept.
    pub(crate) files: Option<At<Count<1, 100>>>,
}

/// The JSON Schema of the file.
pub(crate) fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|s| {
        // Tables are plain objects: there is no null in TOML.
        s.inline_subschemas = true;
    });
    settings
        .into_generator()
        .into_root_schema_for::<File>()
        .to_value()
}
