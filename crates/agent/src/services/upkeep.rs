//! Bringing the proxy up to date, and nothing else: weights, commitment and the end of a lease stay.

use std::time::{Duration, Instant};

use proxy::control::v1::{Commitment, Readiness, ServiceConfig, ServiceStatus};

use super::kept::Service;
use super::{Services, translate};
use crate::api::v1::Ready;
use crate::refusal::Refusal;

/// Pause before another attempt to tell the proxy; it doubles.
const REFRESH_PAUSE: Duration = Duration::from_millis(250);
const REFRESH_PAUSE_LONGEST: Duration = Duration::from_secs(10);
/// A lease with less time than this is left to run out rather than sent again.
const LEASE_LEFT_MIN_MS: u64 = 500;

impl Services {
    /// Makes proxy and memory agree after either was away.
    pub(super) async fn catch_up(&self) {
        match self.proxy.status().await {
            Ok(status) => {
                for (key, status) in &status.services {
                    if self.kept.get(key).is_none()
                        && let Err(error) = self.kept.put(key, Service::of(status))
                    {
                        tracing::warn!(service = key, %error, "not kept");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the proxy does not tell what it serves"),
        }
        for key in self.kept.keys() {
            self.refresh(&key).await;
        }
    }

    /// Brings addresses and health at the proxy up to date, or all of it if it lost the service. Tried
    /// until it is done, or there is no proxy: all is sent when one comes up.
    pub(super) async fn refresh(&self, key: &str) {
        let mut pause = REFRESH_PAUSE;
        while *self.lives.borrow() > 0 {
            let turn = self.turn(key);
            let refreshed = {
                let _turn = turn.lock().await;
                self.refresh_in_turn(key).await
            };
            let Err(refusal) = refreshed else {
                return;
            };
            tracing::warn!(service = key, %refusal, "the proxy could not be brought up to date");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(REFRESH_PAUSE_LONGEST);
        }
    }

    async fn refresh_in_turn(&self, key: &str) -> Result<(), Refusal> {
        if self.kept.get(key).is_none() {
            return Ok(());
        }
        loop {
            let asked = sys::clock::monotonic();
            let status = self.known_to_proxy(key).await?;
            let wanted = translate::now(&self.instances, status.config.clone());
            if wanted == status.config || self.resend(key, &status, asked, wanted).await?.is_some()
            {
                return Ok(());
            }
        }
    }

    /// Passes or fails the readiness path of a service: the one that is named, or that of its route.
    pub(crate) async fn ready(&self, key: &str, ready: &Ready) -> Result<ServiceStatus, Refusal> {
        let turn = self.turn(key);
        let _turn = turn.lock().await;
        self.proxy_is_up().await?;
        if self.kept.get(key).is_none() {
            return self.status(key).await;
        }
        loop {
            let asked = sys::clock::monotonic();
            let status = self.known_to_proxy(key).await?;
            let mut wanted = status.config.clone();
            let known = wanted.readiness.take().map(|readiness| readiness.path);
            let Some(path) = ready.path.clone().or(known) else {
                let message = format!(
                    "{key} has no readiness path, so no balancer can be told: set one, and deploy"
                );
                return Err(Refusal::conflict("no_readiness", message));
            };
            wanted.readiness = Some(Readiness {
                path,
                ready: ready.ready,
            });
            if wanted == status.config {
                return Ok(self.with_memory(key, status));
            }
            if let Some(status) = self.resend(key, &status, asked, wanted).await? {
                return Ok(self.with_memory(key, status));
            }
        }
    }

    /// What the proxy has of a kept service, after it was told again if it had lost it.
    async fn known_to_proxy(&self, key: &str) -> Result<ServiceStatus, Refusal> {
        let status = match self.proxy.status().await?.services.remove(key) {
            Some(status) => status,
            None => {
                let kept = self.kept.get(key).ok_or_else(|| unknown(key))?;
                tracing::warn!(service = key, "the proxy had lost it: sent again");
                let config = translate::now(&self.instances, kept.to_send_again());
                self.proxy.put(key, &config).await?
            }
        };
        self.remember(key, &status);
        Ok(status)
    }

    /// Sends a service again with something changed, and the time left on its lease; nothing where that is
    /// about to run out: then it is waited for, and the caller looks again.
    async fn resend(
        &self,
        key: &str,
        status: &ServiceStatus,
        asked: Instant,
        wanted: ServiceConfig,
    ) -> Result<Option<ServiceStatus>, Refusal> {
        if let Some(left) = status.lease_left_ms
            && left < LEASE_LEFT_MIN_MS
        {
            tokio::time::sleep(Duration::from_millis(left + 10)).await;
            return Ok(None);
        }
        let gone = u64::try_from(sys::clock::since(asked).as_millis()).unwrap_or(0);
        let left = status.lease_left_ms;
        let left = left.map(|left| left.saturating_sub(gone).max(1));
        let status = self.proxy.put(key, &with_time_left(wanted, left)).await?;
        self.remember(key, &status);
        Ok(Some(status))
    }

    /// Keeps what the proxy says, and that a lease ran out before.
    fn remember(&self, key: &str, status: &ServiceStatus) {
        let mut service = Service::of(status);
        if let Some(before) = self.kept.get(key) {
            service = service.or_reverted(&before);
        }
        self.kept.put_or_warn(key, service);
    }
}

pub(super) fn unknown(key: &str) -> Refusal {
    Refusal::unknown("unknown_service", format!("no traffic goes to {key} yet"))
}

/// Keeps the end of a lease where it was.
fn with_time_left(mut config: ServiceConfig, left: Option<u64>) -> ServiceConfig {
    if let (Commitment::Leased { ttl_ms, .. }, Some(left)) = (&mut config.commitment, left) {
        *ttl_ms = left;
    }
    config
}
