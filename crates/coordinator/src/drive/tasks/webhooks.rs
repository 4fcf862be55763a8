//! Webhooks beside the plan: those that are told, and those that may turn the rollout back.

use std::sync::Arc;
use std::time::Duration;

use rollout::Event;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::drive::Input;
use crate::errand::{Notice, rollback_wanted, tell};
use crate::interpret::{Means, Moment};
use crate::request::NamedUrl;

/// Things to tell that wait at most; more are dropped.
const WAITING_MAX: usize = 64;
/// Time between two questions to a rollback webhook.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// How long the end of a rollout waits for its webhooks to hear of it.
const FAREWELL: Duration = Duration::from_secs(3);

/// Whether stable can still come back, and where the rollout stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Reversible {
    pub(super) holds: bool,
    pub(super) moment: Moment,
}

/// Starts telling webhooks; nothing where there are none.
pub(super) fn teller(means: &Arc<Means>) -> Option<(mpsc::Sender<Notice>, JoinHandle<()>)> {
    if means.settings.webhooks.event.is_empty() {
        return None;
    }
    let (sender, mut notices) = mpsc::channel::<Notice>(WAITING_MAX);
    let means = means.clone();
    let telling = async move {
        while let Some(notice) = notices.recv().await {
            for hook in &means.settings.webhooks.event {
                tell(&means, &notice, hook).await;
            }
        }
    };
    Some((sender, tokio::spawn(telling)))
}

/// Waits a little until what is to be told was told.
pub(super) async fn farewell(mut teller: JoinHandle<()>) {
    if tokio::time::timeout(FAREWELL, &mut teller).await.is_err() {
        teller.abort();
    }
}

/// Asks a webhook again and again whether to turn back, while that is possible.
pub(super) async fn ask_on(
    means: Arc<Means>,
    hook: NamedUrl,
    mut stands: watch::Receiver<Reversible>,
    inputs: UnboundedSender<Input>,
) {
    loop {
        let moment = match stands.wait_for(|stands| stands.holds).await {
            Ok(stands) => stands.moment.clone(),
            Err(_) => return,
        };
        if rollback_wanted(&means, &moment, &hook).await {
            let event = Event::Abort {
                by: format!("webhook {}", hook.name),
                why: None,
            };
            if inputs.send(Input::Event(event)).is_err() {
                return;
            }
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
