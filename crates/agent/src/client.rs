//! The agent seen from another process: a typed call each.
//!
//! A call opens its own connection, so a client may be cloned and used from many tasks, and a restart of
//! the agent is seen by no more than the calls under way.

mod connection;
mod error;
mod logs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::v1::{
    AgentInfo, ArtifactInfo, ImportArtifact, InstanceSpec, InstanceStatus, Launch, ProbeResult,
    Ready, Route, Run, RunStatus, Stop, StopAgent, Warm,
};
use connection::{Call, NOTHING};
pub use error::{Error, Retry};
pub use logs::Logs;
use proxy::control::v1::{Drain, Renew, ServiceStatus, Traffic};

/// Time for an ordinary answer.
const ORDINARY: Duration = Duration::from_secs(30);
/// Time for an answer that comes only when something long has ended: an import, a start, a stop.
const LONG: Duration = Duration::from_secs(900);

/// A client of one agent.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    marks: Marks,
}

/// What tells the calls of coordinators apart.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    token: Option<u64>,
    order: Option<u64>,
}

impl Client {
    /// Names the agent whose directory is `agent_home`; nothing is connected yet.
    pub fn at_home(agent_home: &Path) -> Self {
        Self::at_socket(agent_home.join("agent.sock"))
    }

    /// Names the agent behind a socket; nothing is connected yet.
    pub fn at_socket(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            marks: Marks::default(),
        }
    }

    /// Returns a client whose calls carry the fencing token of a lease.
    #[must_use]
    pub fn with_token(&self, token: u64) -> Self {
        Self {
            socket: self.socket.clone(),
            marks: Marks {
                token: Some(token),
                ..self.marks
            },
        }
    }

    /// Returns a client whose calls carry that number: none is obeyed after one with a higher number.
    #[must_use]
    pub fn with_order(&self, order: u64) -> Self {
        Self {
            socket: self.socket.clone(),
            marks: Marks {
                order: Some(order),
                ..self.marks
            },
        }
    }

    /// The agent's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Asks the agent about itself.
    pub async fn info(&self) -> Result<AgentInfo, Error> {
        self.get("/v1/agent").await
    }

    /// Ends the agent, which answers before it is gone.
    pub async fn stop_agent(&self, stop: &StopAgent) -> Result<(), Error> {
        let _: serde_json::Value = self.post("/v1/agent/stop", stop, ORDINARY).await?;
        Ok(())
    }

    /// Takes an artifact from a file into the agent's store.
    pub async fn import(&self, import: &ImportArtifact) -> Result<ArtifactInfo, Error> {
        self.post("/v1/artifacts", import, LONG).await
    }

    /// Lists the artifacts in the agent's store.
    pub async fn artifacts(&self) -> Result<Vec<ArtifactInfo>, Error> {
        self.get("/v1/artifacts").await
    }

    /// Lists the instances.
    pub async fn instances(&self) -> Result<Vec<InstanceStatus>, Error> {
        self.get("/v1/instances").await
    }

    /// Starts an instance; the same spec again changes nothing. Answers once its hooks have ended.
    pub async fn start(&self, id: &str, spec: &InstanceSpec) -> Result<InstanceStatus, Error> {
        let hooks = spec.hooks.iter().map(|hook| hook.timeout_ms);
        let hooks = Duration::from_millis(hooks.fold(0, u64::saturating_add));
        let call = self.call(Method::PUT, format!("/v1/instances/{id}"), Some(spec));
        call.json(LONG.saturating_add(hooks)).await
    }

    /// Asks about one instance.
    pub async fn instance(&self, id: &str) -> Result<InstanceStatus, Error> {
        self.get(&format!("/v1/instances/{id}")).await
    }

    /// Stops an instance; answers once it has ended.
    pub async fn stop(&self, id: &str, stop: &Stop) -> Result<InstanceStatus, Error> {
        self.post(&format!("/v1/instances/{id}/stop"), stop, LONG)
            .await
    }

    /// Stops an instance if it runs, and starts it again.
    pub async fn restart(&self, id: &str) -> Result<InstanceStatus, Error> {
        self.post(&format!("/v1/instances/{id}/restart"), NOTHING, LONG)
            .await
    }

    /// Checks the health of an instance once.
    pub async fn probe(&self, id: &str) -> Result<ProbeResult, Error> {
        self.post(&format!("/v1/instances/{id}/probe"), NOTHING, LONG)
            .await
    }

    /// Keeps an instance for a way back, and stops it at the end.
    pub async fn warm(&self, id: &str, warm: &Warm) -> Result<InstanceStatus, Error> {
        self.post(&format!("/v1/instances/{id}/warm"), warm, ORDINARY)
            .await
    }

    /// Removes a stopped instance.
    pub async fn remove(&self, id: &str) -> Result<(), Error> {
        let call = self.call::<()>(Method::DELETE, format!("/v1/instances/{id}"), None);
        let _: serde_json::Value = call.json(LONG).await?;
        Ok(())
    }

    /// Reads the last `lines` lines of an instance's log, and with [`Follow::Yes`] what comes after.
    pub async fn logs(&self, id: &str, lines: usize, follow: Follow) -> Result<Logs, Error> {
        let follow = u8::from(follow == Follow::Yes);
        let path = format!("/v1/instances/{id}/logs?lines={lines}&follow={follow}");
        let call = self.call::<()>(Method::GET, path, None);
        Ok(Logs::new(call.open(ORDINARY).await?))
    }

    /// Reads the last `lines` lines of an instance's log as text.
    pub async fn log_tail(&self, id: &str, lines: usize) -> Result<String, Error> {
        let mut logs = self.logs(id, lines, Follow::No).await?;
        let mut text = Vec::new();
        while let Some(chunk) = logs.next().await? {
            text.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Asks how to run the launcher of an instance's release.
    pub async fn launch(&self, id: &str) -> Result<Launch, Error> {
        self.get(&format!("/v1/instances/{id}/launch")).await
    }

    /// Begins a launcher command, at most once for `id`; answers at once.
    pub async fn run(&self, id: &str, run: &Run) -> Result<RunStatus, Error> {
        self.put(&format!("/v1/runs/{id}"), run).await
    }

    /// Asks what became of a run.
    pub async fn run_status(&self, id: &str) -> Result<RunStatus, Error> {
        self.get(&format!("/v1/runs/{id}")).await
    }

    /// Tells the proxy where a service's traffic goes.
    pub async fn route(&self, service: &str, route: &Route) -> Result<ServiceStatus, Error> {
        self.put(&format!("/v1/services/{service}/route"), route)
            .await
    }

    /// Asks where a service's traffic goes.
    pub async fn routed(&self, service: &str) -> Result<ServiceStatus, Error> {
        self.get(&format!("/v1/services/{service}/route")).await
    }

    /// Renews the lease on a service's weights.
    pub async fn renew(&self, service: &str, renew: &Renew) -> Result<ServiceStatus, Error> {
        self.post(&format!("/v1/services/{service}/renew"), renew, ORDINARY)
            .await
    }

    /// Passes or fails the readiness path of a service.
    pub async fn ready(&self, service: &str, ready: &Ready) -> Result<ServiceStatus, Error> {
        let path = format!("/v1/services/{service}/ready");
        self.post(&path, ready, ORDINARY).await
    }

    /// First phase of the commit: the proxy keeps its weights until told.
    pub async fn prepare(&self, service: &str) -> Result<ServiceStatus, Error> {
        self.post(
            &format!("/v1/services/{service}/prepare"),
            NOTHING,
            ORDINARY,
        )
        .await
    }

    /// Second phase of the commit: the weights are final.
    pub async fn commit(&self, service: &str) -> Result<ServiceStatus, Error> {
        self.post(&format!("/v1/services/{service}/commit"), NOTHING, ORDINARY)
            .await
    }

    /// Takes a version out of service gently.
    pub async fn drain(&self, service: &str, drain: &Drain) -> Result<ServiceStatus, Error> {
        self.post(&format!("/v1/services/{service}/drain"), drain, ORDINARY)
            .await
    }

    /// Reads a service's counters.
    pub async fn traffic(&self, service: &str) -> Result<Traffic, Error> {
        self.get(&format!("/v1/services/{service}/traffic")).await
    }

    /// Makes a call to the ledger that the agent keeps.
    pub async fn ledger(
        &self,
        call: &ledger::wire::v1::Call,
    ) -> Result<ledger::wire::v1::Reply, Error> {
        self.post("/v1/ledger", call, ORDINARY).await
    }

    /// Reads the proxy's and the agent's figures in Prometheus text.
    pub async fn metrics(&self) -> Result<String, Error> {
        let call = self.call::<()>(Method::GET, "/metrics".to_owned(), None);
        let bytes = call.bytes(ORDINARY).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn get<R: DeserializeOwned>(&self, path: &str) -> Result<R, Error> {
        self.call::<()>(Method::GET, path.to_owned(), None)
            .json(ORDINARY)
            .await
    }

    async fn put<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<R, Error> {
        self.call(Method::PUT, path.to_owned(), Some(body))
            .json(LONG)
            .await
    }

    async fn post<B, R>(&self, path: &str, body: &B, time: Duration) -> Result<R, Error>
    where
        B: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        self.call(Method::POST, path.to_owned(), Some(body))
            .json(time)
            .await
    }

    fn call<'a, B: Serialize + ?Sized>(
        &'a self,
        method: Method,
        path: String,
        body: Option<&B>,
    ) -> Call<'a> {
        Call::new(&self.socket, self.marks, method, path, body)
    }
}

/// Whether a log is read on as it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// What is there, and no more.
    No,
    /// Until the reader goes away.
    Yes,
}
