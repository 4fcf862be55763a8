//! Looks at a host again and again, for as long as the engine wants it.

use std::sync::Arc;
use std::time::Duration;

use rollout::{StepRef, Watch};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::drive::Input;
use crate::host::Host;
use crate::interpret::Means;
use crate::observe;

/// What to look at, with the step it is for and how much of the host is not yet answered: what changes one
/// of them is looked at anew at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) watch: Watch,
    pub(super) step: Option<StepRef>,
    pub(super) awaited: usize,
}

pub(super) async fn look_on<H: Host>(
    host: H,
    clock: Clock,
    means: Arc<Means>,
    room: Arc<Semaphore>,
    mut looks: watch::Receiver<Option<Looked>>,
    inputs: UnboundedSender<Input>,
) {
    let every = Duration::from_millis(means.plan.timing.probe_every_ms.max(1));
    loop {
        let Some(looked) = looks.borrow_and_update().clone() else {
            if looks.changed().await.is_err() {
                return;
            }
            continue;
        };
        let (event, traffic) = {
            let _place = room.acquire().await;
            observe::look_in_time(&host, &clock, &means.plan, &looked.watch).await
        };
        let counted = traffic.map(|traffic| Input::Counted(looked.watch.host.clone(), traffic));
        for input in counted.into_iter().chain([Input::Event(event)]) {
            if inputs.send(input).is_err() {
                return;
            }
        }
        // A change of what to look at ends the pause.
        if let Ok(Err(_)) = tokio::time::timeout(every, looks.changed()).await {
            return;
        }
    }
}
