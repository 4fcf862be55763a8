//! The agent as one thing: what its API calls act on.

use std::fmt::Write as _;
use std::sync::Arc;

use ledger::wire::v1::Call;
use proxy::control::client::Client;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::api::v1::{AgentInfo, InstanceState};
use crate::farewell::Going;
use crate::home::Home;
use crate::instance::{Instances, Site};
use crate::ledger_door::LedgerDoor;
use crate::orders::Orders;
use crate::proxy_keeper::Started;
use crate::refusal::{Refusal, blocking};
use crate::runs::Runs;
use crate::services::Services;
use crate::tokens::Tokens;

/// The agent.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) home: Home,
    pub(crate) site: Arc<Site>,
    pub(crate) started_ms: u64,
    pub(crate) tokens: Tokens,
    pub(crate) orders: Orders,
    pub(crate) instances: Arc<Instances>,
    pub(crate) services: Arc<Services>,
    pub(crate) runs: Runs,
    pub(crate) proxy: Client,
    pub(crate) ledger: Arc<LedgerDoor>,
    /// The task that keeps the proxy alive.
    pub(crate) keeper: AbortHandle,
    /// The proxy that it started last.
    pub(crate) proxy_started: Started,
    /// How to go, once it is told to.
    pub(crate) going: watch::Sender<Option<Going>>,
}

impl Agent {
    /// What the agent says of itself.
    pub(crate) async fn info(&self) -> AgentInfo {
        AgentInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            host: self.site.identity.name.clone(),
            home: self.home.dir().to_owned(),
            started_ms: self.started_ms,
            proxy: self.proxy.status().await.ok(),
            tokens: self.tokens.all(),
        }
    }

    /// Ends the agent, once this call is answered.
    pub(crate) fn stop(&self, going: Going) {
        self.going.send_replace(Some(going));
    }

    /// Passes a call on to the ledger.
    pub(crate) async fn ledger(&self, call: Call) -> Result<ledger::wire::v1::Reply, Refusal> {
        let ledger = self.ledger.clone();
        blocking(move || Ok(ledger.handle(call, sys::clock::now_ms()))).await
    }

    /// The proxy's and the agent's figures.
    pub(crate) async fn metrics(&self) -> String {
        let mut text = self.proxy.metrics().await.unwrap_or_default();
        let own = figures(&self.instances);
        text.push_str(&own);
        text
    }
}

fn figures(instances: &Instances) -> String {
    let all: Vec<_> = instances.all().iter().map(|i| i.status()).collect();
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(usize) -> u64| {
        let mut lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (at, status) in all.iter().enumerate() {
            // Names are checked where they come in: none needs quoting.
            let labels = format!(
                "service=\"{}\",instance=\"{}\",artifact=\"{}\"",
                status.service, status.id, status.artifact
            );
            if writeln!(lines, "{name}{{{labels}}} {}", value(at)).is_err() {
                return;
            }
        }
        text.push_str(&lines);
    };
    family(
        "cutover_instance_running",
        "gauge",
        "Whether the instance's process runs.",
        &|at| u64::from(all[at].state == InstanceState::Running),
    );
    family(
        "cutover_instance_healthy",
        "gauge",
        "Whether new requests may go to the instance.",
        &|at| u64::from(all[at].healthy == Some(true)),
    );
    family(
        "cutover_instance_restarts_total",
        "counter",
        "Restarts after a crash since the instance was started on purpose.",
        &|at| u64::from(all[at].restarts),
    );
    text
}
