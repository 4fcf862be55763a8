//! The lease of a service: taken, kept, given back.

use std::time::Duration;

use ledger::wire::v1::{Call, Holder, Lease, Refusal, Reply, Requested, Verb};
use rollout::ServiceKey;
use tokio::sync::mpsc::UnboundedSender;

use crate::drive::Input;
use crate::error::Error;
use crate::host::Host;
use crate::ledger_door::{Denied, Ledger, unexpected};

/// How long a lease lasts without renewal, in milliseconds.
pub(crate) const TTL_MS: u64 = 30_000;
/// Time between two renewals.
const RENEW_EVERY: Duration = Duration::from_millis(TTL_MS / 6);

/// What came of asking for a lease.
#[derive(Debug)]
pub(crate) enum Asked {
    Acquired {
        lease: Lease,
        taken_over: Option<Lease>,
    },
    Held(Lease),
}

/// Asks for the lease once.
pub(crate) async fn acquire<H: Host>(
    ledger: &Ledger<H>,
    service: &ServiceKey,
    holder: &Holder,
    above: u64,
) -> Result<Asked, Error> {
    const OPERATION: &str = "take the lease";
    let call = Call::Acquire {
        service: service.to_string(),
        holder: holder.clone(),
        ttl_ms: TTL_MS,
        above,
    };
    match ledger.call(OPERATION, &call).await? {
        Reply::Acquired { lease, taken_over } => Ok(Asked::Acquired { lease, taken_over }),
        Reply::Held { lease } => Ok(Asked::Held(lease)),
        _ => Err(unexpected(OPERATION)),
    }
}

/// Gives the lease back. If that is lost, it runs out, or is taken over once this process is gone.
pub(crate) async fn release<H: Host>(ledger: &Ledger<H>, lease: &Lease) {
    let call = Call::Release {
        service: lease.service.clone(),
        token: lease.token,
    };
    if let Err(denied) = ledger.try_call(&call).await {
        tracing::warn!(?denied, "the lease could not be given back");
    }
}

/// Renews the lease for as long as it runs, and tells when it is gone or an abort is wanted.
pub(crate) async fn keep<H: Host>(ledger: Ledger<H>, lease: Lease, inputs: UnboundedSender<Input>) {
    let call = Call::Renew {
        service: lease.service.clone(),
        token: lease.token,
        ttl_ms: TTL_MS,
    };
    let mut told = false;
    loop {
        tokio::time::sleep(if told {
            RENEW_EVERY
        } else {
            RENEW_EVERY.min(Duration::from_secs(1))
        })
        .await;
        let input = match ledger.try_call(&call).await {
            Ok(Reply::Renewed { requests }) if !told => {
                let abort = requests.into_iter().find(|it| it.verb == Verb::Abort);
                let Some(Requested { by, .. }) = abort else {
                    continue;
                };
                told = true;
                Input::Event(rollout::Event::Abort { by })
            }
            Err(Denied::Rule(Refusal::NotHolder, detail)) => Input::Fenced(detail),
            _ => continue,
        };
        if inputs.send(input).is_err() {
            return;
        }
    }
}
