//! The background check of one instance.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::judge::Judge;
use super::probe::check;
use crate::api::v1::InstanceState;
use crate::instance::{Life, Notice};

/// Between two checks of a healthy instance.
const CALM: Duration = Duration::from_secs(1);
/// Between two checks of one that is not.
const ANXIOUS: Duration = Duration::from_millis(250);

/// Checks an instance as long as its life is told, and tells each change of the verdict. A process that
/// is gone makes it unhealthy at once.
pub(crate) async fn watch(
    id: String,
    mut life: watch::Receiver<Life>,
    verdict: watch::Sender<Option<bool>>,
    notices: mpsc::UnboundedSender<Notice>,
) {
    let mut run = 0;
    let mut judge = Judge::default();
    loop {
        let now = life.borrow_and_update().clone();
        let checked = match (now.state, &now.spec) {
            (InstanceState::Running, Some(spec)) => Some((spec.clone(), now.address())),
            _ => None,
        };
        let Some((spec, address)) = checked else {
            judge = Judge::default();
            let gone = now.spec.as_ref().map(|_| false);
            tell(&id, &verdict, &notices, gone);
            if life.changed().await.is_err() {
                return;
            }
            continue;
        };
        if run != now.kept.run {
            run = now.kept.run;
            judge = Judge::default();
        }
        let seen = tokio::select! {
            seen = check(&spec.health, address) => seen,
            changed = life.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
        };
        let healthy = judge.hear(seen.passed);
        if *verdict.borrow() != Some(healthy) {
            tracing::info!(
                instance = id,
                healthy,
                detail = seen.detail,
                "health changed"
            );
        }
        tell(&id, &verdict, &notices, Some(healthy));
        let pause = if healthy { CALM } else { ANXIOUS };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = life.changed() => if changed.is_err() { return },
        }
    }
}

fn tell(
    id: &str,
    verdict: &watch::Sender<Option<bool>>,
    notices: &mpsc::UnboundedSender<Notice>,
    now: Option<bool>,
) {
    let changed = verdict.send_if_modified(|before| {
        let changed = *before != now;
        *before = now;
        changed
    });
    if changed {
        let id = id.to_owned();
        if notices.send(Notice::Changed { id, told: None }).is_err() {
            tracing::debug!("nobody hears of health any more");
        }
    }
}
