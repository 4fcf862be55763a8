//! The lease of a service: taken, kept, given back.

use std::time::Duration;

use ledger::wire::v1::{Call, Holder, Lease, Refusal, Reply};
use rollout::ServiceKey;
use tokio::sync::mpsc::UnboundedSender;

use crate::drive::Input;
use crate::error::Error;
use crate::host::Host;
use crate::ledger_door::{Denied, Ledger, unexpected};
use crate::order::Verb;

/// How long a lease lasts without renewal, in milliseconds.
pub(crate) const TTL_MS: u64 = 30_000;
/// Time between two renewals: with each the holder hears what people ask of its rollout.
const RENEW_EVERY: Duration = Duration::from_secs(1);

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

/// Renews the lease for as long as it runs, and tells when it is gone and what people ask for.
pub(crate) async fn keep<H: Host>(ledger: Ledger<H>, lease: Lease, inputs: UnboundedSender<Input>) {
    let call = Call::Renew {
        service: lease.service.clone(),
        token: lease.token,
        ttl_ms: TTL_MS,
    };
    let mut told = 0;
    loop {
        let asked = match ledger.try_call(&call).await {
            Ok(Reply::Renewed { requests }) => requests,
            Err(Denied::Rule(Refusal::NotHolder, detail)) => {
                if inputs.send(Input::Fenced(detail)).is_err() {
                    return;
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        for request in asked {
            // Numbers grow, and a request is told until it is taken.
            if request.id <= told {
                continue;
            }
            told = request.id;
            let (verb, at) = Verb::read(request.verb);
            let event = verb.event(request.by, request.why);
            let id = request.id;
            if inputs.send(Input::Requested { id, event, at }).is_err() {
                return;
            }
        }
        tokio::time::sleep(RENEW_EVERY).await;
    }
}

/// Says who holds a lease.
pub(crate) fn who(holder: &Holder) -> String {
    format!(
        "{}@{} (`{}`, pid {})",
        holder.user, holder.host, holder.command, holder.process.pid
    )
}
