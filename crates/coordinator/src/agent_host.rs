//! A host behind its agent's client.

use agent::api::v1::{
    AgentInfo, ArtifactInfo, InstanceSpec, InstanceStatus, ProbeResult, Ready, Route, Run,
    RunStatus, Stop, Warm,
};
use agent::client::{Client, Error, Retry};
use ledger::wire::v1::{Call, Reply};
use proxy::control::v1::{Drain, Renew, ServiceStatus, Traffic};

use crate::host::{Host, HostError};

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match &error {
            Error::Refused { kind, .. } if kind == "stale_token" => Self::Stale { message },
            // A later call went before this one, which is to be made again if it is still wanted.
            Error::Refused { kind, .. } if kind == "stale_order" => Self::Unanswered { message },
            Error::Refused { status, .. } if status.as_u16() == 404 => Self::Absent { message },
            Error::Refused { kind, .. } if error.retry() == Retry::Never => Self::Refused {
                kind: kind.clone(),
                message,
            },
            // A bad gateway is the proxy's silence, and nobody knows what it did.
            Error::Refused { status, .. } if matches!(status.as_u16(), 500 | 507) => {
                Self::Failed { message }
            }
            _ if error.retry() == Retry::Never => Self::Refused {
                kind: "request".into(),
                message,
            },
            _ => Self::Unanswered { message },
        }
    }
}

impl Host for Client {
    fn with_token(&self, token: u64) -> Self {
        Client::with_token(self, token)
    }

    fn with_order(&self, order: u64) -> Self {
        Client::with_order(self, order)
    }

    async fn info(&self) -> Result<AgentInfo, HostError> {
        Ok(Client::info(self).await?)
    }

    async fn artifacts(&self) -> Result<Vec<ArtifactInfo>, HostError> {
        Ok(Client::artifacts(self).await?)
    }

    async fn instances(&self) -> Result<Vec<InstanceStatus>, HostError> {
        Ok(Client::instances(self).await?)
    }

    async fn instance(&self, id: &str) -> Result<InstanceStatus, HostError> {
        Ok(Client::instance(self, id).await?)
    }

    async fn start(&self, id: &str, spec: &InstanceSpec) -> Result<InstanceStatus, HostError> {
        Ok(Client::start(self, id, spec).await?)
    }

    async fn restart(&self, id: &str) -> Result<InstanceStatus, HostError> {
        Ok(Client::restart(self, id).await?)
    }

    async fn stop(&self, id: &str) -> Result<InstanceStatus, HostError> {
        Ok(Client::stop(self, id, &Stop { timeout_ms: None }).await?)
    }

    async fn warm(&self, id: &str, for_ms: u64) -> Result<InstanceStatus, HostError> {
        Ok(Client::warm(self, id, &Warm { for_ms }).await?)
    }

    async fn remove(&self, id: &str) -> Result<(), HostError> {
        Ok(Client::remove(self, id).await?)
    }

    async fn probe(&self, id: &str) -> Result<ProbeResult, HostError> {
        Ok(Client::probe(self, id).await?)
    }

    async fn log_tail(&self, id: &str, lines: usize) -> Result<String, HostError> {
        Ok(Client::log_tail(self, id, lines).await?)
    }

    async fn run(&self, id: &str, run: &Run) -> Result<RunStatus, HostError> {
        Ok(Client::run(self, id, run).await?)
    }

    async fn run_status(&self, id: &str) -> Result<RunStatus, HostError> {
        Ok(Client::run_status(self, id).await?)
    }

    async fn route(&self, service: &str, route: &Route) -> Result<ServiceStatus, HostError> {
        Ok(Client::route(self, service, route).await?)
    }

    async fn routed(&self, service: &str) -> Result<ServiceStatus, HostError> {
        Ok(Client::routed(self, service).await?)
    }

    async fn renew(&self, service: &str, ttl_ms: u64) -> Result<ServiceStatus, HostError> {
        Ok(Client::renew(self, service, &Renew { ttl_ms }).await?)
    }

    async fn prepare(&self, service: &str) -> Result<ServiceStatus, HostError> {
        Ok(Client::prepare(self, service).await?)
    }

    async fn commit(&self, service: &str) -> Result<ServiceStatus, HostError> {
        Ok(Client::commit(self, service).await?)
    }

    async fn drain(&self, service: &str, drain: &Drain) -> Result<ServiceStatus, HostError> {
        Ok(Client::drain(self, service, drain).await?)
    }

    async fn ready(&self, service: &str, ready: &Ready) -> Result<ServiceStatus, HostError> {
        Ok(Client::ready(self, service, ready).await?)
    }

    async fn traffic(&self, service: &str) -> Result<Traffic, HostError> {
        Ok(Client::traffic(self, service).await?)
    }

    async fn ledger(&self, call: &Call) -> Result<Reply, HostError> {
        Ok(Client::ledger(self, call).await?)
    }
}
