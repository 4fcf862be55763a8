//! Renews the lease of a host's proxy while there may be one. Whether it held is seen by looking.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rollout::HostId;
use tokio::sync::{Semaphore, watch};

use crate::host::Host;
use crate::interpret::Means;

/// Longest time for one renewal.
const ANSWER_MAX: Duration = Duration::from_secs(15);

pub(super) async fn renew_on<H: Host>(
    id: HostId,
    host: H,
    means: Arc<Means>,
    room: Arc<Semaphore>,
    mut leased: watch::Receiver<BTreeMap<HostId, u64>>,
) {
    loop {
        let given = leased.wait_for(|leases| leases.contains_key(&id)).await;
        let ttl_ms = match given.map(|leases| leases.get(&id).copied()) {
            Ok(Some(ttl_ms)) => ttl_ms,
            Ok(None) => continue,
            Err(_) => return,
        };
        let every = Duration::from_millis((ttl_ms / 4).max(1));
        // A lease for a much longer or shorter time has its own rhythm; that of a wait gets shorter all along.
        let other = leased.wait_for(|leases| {
            leases
                .get(&id)
                .is_none_or(|now| *now > ttl_ms.saturating_mul(2) || *now < ttl_ms / 2)
        });
        match tokio::time::timeout(every, other)
            .await
            .map(|told| told.is_ok())
        {
            Err(_) => {}
            Ok(true) => continue,
            Ok(false) => return,
        }
        let _place = room.acquire().await;
        let renewed = host.renew(means.plan.service.as_str(), ttl_ms);
        match tokio::time::timeout((every * 2).min(ANSWER_MAX), renewed).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(host = %id, %error, "a lease was not renewed"),
            Err(_) => tracing::debug!(host = %id, "a renewal was not answered in time"),
        }
    }
}
