//! What a coordinator needs of a host.

use std::future::Future;

use agent::api::v1::{
    AgentInfo, ArtifactInfo, InstanceSpec, InstanceStatus, ProbeResult, Ready, Route, Run,
    RunStatus,
};
use ledger::wire::v1::{Call, Reply};
use proxy::control::v1::{Drain, ServiceStatus, Traffic};
use rollout::{HotWork, InstanceId};

/// A host, as its agent's client shows it. Calls may be repeated.
pub trait Host: Clone + Send + Sync + 'static {
    /// Returns the same host with calls that carry a lease's fencing token.
    #[must_use]
    fn with_token(&self, token: u64) -> Self;
    /// Returns the same host with calls that carry this number, which grows with each effect: one about
    /// traffic that was given up is not obeyed after a later one.
    #[must_use]
    fn with_order(&self, order: u64) -> Self;
    /// Asks the agent about itself.
    fn info(&self) -> impl Future<Output = Result<AgentInfo, HostError>> + Send;
    /// Lists the artifacts in its store.
    fn artifacts(&self) -> impl Future<Output = Result<Vec<ArtifactInfo>, HostError>> + Send;
    /// Lists its instances.
    fn instances(&self) -> impl Future<Output = Result<Vec<InstanceStatus>, HostError>> + Send;
    /// Asks about an instance.
    fn instance(&self, id: &str) -> impl Future<Output = Result<InstanceStatus, HostError>> + Send;
    /// Starts an instance.
    fn start(
        &self,
        id: &str,
        spec: &InstanceSpec,
    ) -> impl Future<Output = Result<InstanceStatus, HostError>> + Send;
    /// Starts an instance as it was last started.
    fn restart(&self, id: &str) -> impl Future<Output = Result<InstanceStatus, HostError>> + Send;
    /// Stops an instance.
    fn stop(&self, id: &str) -> impl Future<Output = Result<InstanceStatus, HostError>> + Send;
    /// Keeps an instance running for a time.
    fn warm(
        &self,
        id: &str,
        for_ms: u64,
    ) -> impl Future<Output = Result<InstanceStatus, HostError>> + Send;
    /// Removes a stopped instance.
    fn remove(&self, id: &str) -> impl Future<Output = Result<(), HostError>> + Send;
    /// Checks the health of an instance once.
    fn probe(&self, id: &str) -> impl Future<Output = Result<ProbeResult, HostError>> + Send;
    /// Reads the end of an instance's log.
    fn log_tail(
        &self,
        id: &str,
        lines: usize,
    ) -> impl Future<Output = Result<String, HostError>> + Send;
    /// Begins a launcher command, at most once for `id`.
    fn run(&self, id: &str, run: &Run)
    -> impl Future<Output = Result<RunStatus, HostError>> + Send;
    /// Asks what became of it.
    fn run_status(&self, id: &str) -> impl Future<Output = Result<RunStatus, HostError>> + Send;
    /// Sets where a service's traffic goes.
    fn route(
        &self,
        service: &str,
        route: &Route,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// Asks where it goes.
    fn routed(
        &self,
        service: &str,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// Renews the lease on its weights.
    fn renew(
        &self,
        service: &str,
        ttl_ms: u64,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// First phase of the commit.
    fn prepare(
        &self,
        service: &str,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// Second phase of the commit.
    fn commit(
        &self,
        service: &str,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// Takes a version out of service gently.
    fn drain(
        &self,
        service: &str,
        drain: &Drain,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// Passes or fails the path that a balancer in front asks.
    fn ready(
        &self,
        service: &str,
        ready: &Ready,
    ) -> impl Future<Output = Result<ServiceStatus, HostError>> + Send;
    /// Does a part of a hot upgrade of these instances, or takes it back; at most once each. Returns what is
    /// worth keeping of how it was done, or nothing while it is under way.
    ///
    /// A kind of host that cannot change the code of running nodes refuses.
    fn hot(
        &self,
        service: &str,
        hot: Hot,
        instances: &[InstanceId],
    ) -> impl Future<Output = Result<Option<Vec<String>>, HostError>> + Send {
        let (_, _, _) = (service, hot, instances);
        std::future::ready(Err(HostError::Refused {
            kind: "hot".into(),
            message: "the code of running nodes cannot be changed on this host: it takes an upgrade package, \
                      which no command makes yet"
                .into(),
        }))
    }
    /// Reads a service's counters.
    fn traffic(&self, service: &str) -> impl Future<Output = Result<Traffic, HostError>> + Send;
    /// Makes a call to the ledger kept there.
    fn ledger(&self, call: &Call) -> impl Future<Output = Result<Reply, HostError>> + Send;
}

/// What is done to the code of running nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hot {
    /// A part of an upgrade.
    Do(HotWork),
    /// The old code again, for good.
    Back,
}

/// A call to a host that failed, told apart by what is known of the deed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The host said no, for a reason that stays; it did nothing.
    #[error("{message}")]
    Refused {
        /// The stable word for programs.
        kind: String,
        /// The sentence for people.
        message: String,
    },
    /// There is no such thing on the host.
    #[error("{message}")]
    Absent {
        /// The sentence for people.
        message: String,
    },
    /// Another coordinator has the service: this one must stop.
    #[error("{message}")]
    Stale {
        /// The sentence for people.
        message: String,
    },
    /// The host tried, and failed.
    #[error("{message}")]
    Failed {
        /// The sentence for people.
        message: String,
    },
    /// It was not done, or nobody knows: it is to be asked for again.
    #[error("{message}")]
    Unanswered {
        /// What was seen.
        message: String,
    },
}
