//! Where each service's traffic goes: coordinators say it by instances, the proxy hears it by addresses.
//!
//! The proxy is the one who knows: it keeps its state over its own restarts. What it last said of each
//! service is kept here as well (`services.json`), to be sent again should it have lost that. Whether an
//! instance may take requests is the agent's part in it: each change of health goes to the proxy at once
//! (invariant I2), and changes nothing else: weights, commitment and the time left on a lease stay.

mod kept;
mod translate;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use proxy::control::client::{Client, ClientError};
use proxy::control::v1::{Drain, Renew, ServiceStatus, Traffic};
use sys::file::FileError;
use tokio::sync::mpsc;

use crate::api::v1::Route;
use crate::instance::{Instances, Notice};
use crate::proxy_keeper::Lives;
use crate::refusal::Refusal;
use kept::{Kept, Service};

/// Time for the proxy to come up before a call is refused.
const PROXY_TIME: Duration = Duration::from_secs(10);

/// The services of this host.
#[derive(Debug)]
pub(crate) struct Services {
    instances: Arc<Instances>,
    proxy: Client,
    lives: Lives,
    kept: Kept,
    /// One change of a service at a time.
    turns: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Services {
    pub(crate) fn open(
        path: std::path::PathBuf,
        instances: Arc<Instances>,
        proxy: Client,
        lives: Lives,
    ) -> Result<Self, FileError> {
        Ok(Self {
            instances,
            proxy,
            lives,
            kept: Kept::open(path)?,
            turns: Mutex::default(),
        })
    }

    /// Sends a route to the proxy. Instances that get traffic are no longer merely kept warm.
    pub(crate) async fn route(&self, key: &str, route: Route) -> Result<ServiceStatus, Refusal> {
        let turn = self.turn(key);
        let _turn = turn.lock().await;
        self.proxy_is_up().await?;
        // Before its health is looked at: one whose time is over this instant is seen stopped then.
        let mut were_warm = Vec::new();
        for instance in translate::that_take_requests(&route) {
            let instance = self.instances.get(instance)?;
            if let Some(until_ms) = instance.life().kept.warm_until_ms {
                instance.warm(None).await?;
                were_warm.push((instance, until_ms));
            }
        }
        let config = translate::config(&self.instances, &route).await?;
        if let Some(refusal) = translate::nowhere_to_go(key, &config) {
            for (instance, until_ms) in were_warm {
                instance.warm(Some(until_ms)).await?;
            }
            return Err(refusal);
        }
        let status = self.proxy.put(key, &config).await?;
        self.kept.put(key, Service::of(&status))?;
        Ok(status)
    }

    /// What the proxy says of a service.
    pub(crate) async fn status(&self, key: &str) -> Result<ServiceStatus, Refusal> {
        self.proxy_is_up().await?;
        let status = self.proxy.status().await?.services.remove(key);
        let status = status.ok_or_else(|| upkeep::unknown(key))?;
        Ok(self.with_memory(key, status))
    }

    pub(crate) async fn renew(&self, key: &str, renew: &Renew) -> Result<ServiceStatus, Refusal> {
        self.firm(key, self.proxy.renew(key, renew)).await
    }

    pub(crate) async fn prepare(&self, key: &str) -> Result<ServiceStatus, Refusal> {
        self.firm(key, self.proxy.prepare(key)).await
    }

    pub(crate) async fn commit(&self, key: &str) -> Result<ServiceStatus, Refusal> {
        self.firm(key, self.proxy.commit(key)).await
    }

    pub(crate) async fn drain(&self, key: &str, drain: &Drain) -> Result<ServiceStatus, Refusal> {
        let turn = self.turn(key);
        let _turn = turn.lock().await;
        self.proxy_is_up().await?;
        let status = self.proxy.drain(key, drain).await?;
        Ok(self.with_memory(key, status))
    }

    pub(crate) async fn traffic(&self, key: &str) -> Result<Traffic, Refusal> {
        self.proxy_is_up().await?;
        Ok(self.proxy.traffic(key).await?)
    }

    /// A call that makes weights firmer. A lease that ran out is remembered here too: a change of health
    /// sent since then makes the proxy forget it, and a commit must not be acknowledged after that.
    async fn firm(
        &self,
        key: &str,
        call: impl Future<Output = Result<ServiceStatus, ClientError>>,
    ) -> Result<ServiceStatus, Refusal> {
        let turn = self.turn(key);
        let _turn = turn.lock().await;
        if self.kept.get(key).is_some_and(|service| service.reverted) {
            let message =
                format!("the lease of {key}'s weights ran out: all traffic is back at stable");
            return Err(Refusal::conflict("reverted", message));
        }
        self.proxy_is_up().await?;
        let status = call.await?;
        self.kept.put(key, Service::of(&status))?;
        Ok(status)
    }

    fn with_memory(&self, key: &str, mut status: ServiceStatus) -> ServiceStatus {
        status.reverted |= self.kept.get(key).is_some_and(|service| service.reverted);
        status
    }

    /// Hears what instances tell, and what becomes of the proxy, until the agent ends.
    pub(crate) async fn tend(self: Arc<Self>, mut notices: mpsc::UnboundedReceiver<Notice>) {
        let mut lives = self.lives.clone();
        loop {
            tokio::select! {
                notice = notices.recv() => match notice {
                    Some(notice) => {
                        tokio::spawn(self.clone().heed(notice));
                    }
                    None => return,
                },
                changed = lives.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if *lives.borrow_and_update() > 0 {
                        let this = self.clone();
                        tokio::spawn(async move { this.catch_up().await });
                    }
                }
            }
        }
    }

    async fn heed(self: Arc<Self>, notice: Notice) {
        match notice {
            Notice::Changed { id, told } => {
                for key in self.kept.services_of(&id) {
                    self.refresh(&key).await;
                }
                // The one who waits may have given up.
                let _gone = told.map(|told| told.send(()));
            }
            Notice::WarmOver { id, may_stop } => {
                let may = !self.takes_requests(&id).await;
                let _gone = may_stop.send(may);
            }
        }
    }

    /// Whether requests are sent to an instance; asked of the proxy, or of memory while it is away.
    async fn takes_requests(&self, id: &str) -> bool {
        let now = self.proxy.status().await.ok();
        self.kept.services_of(id).into_iter().any(|key| {
            let known = now.as_ref().and_then(|status| status.services.get(&key));
            let config = known.map(|status| status.config.clone());
            let config = config.or_else(|| self.kept.get(&key).map(|service| service.config));
            config.is_some_and(|config| translate::gives_requests(&config, id))
        })
    }

    async fn proxy_is_up(&self) -> Result<(), Refusal> {
        let mut lives = self.lives.clone();
        let up = tokio::time::timeout(PROXY_TIME, lives.wait_for(|life| *life > 0)).await;
        match up {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Refusal::later(
                "proxy_unreachable",
                "the proxy does not run; see proxy/proxy.log in the agent's directory",
            )),
        }
    }

    fn turn(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(key.to_owned()).or_default().clone()
    }
}
