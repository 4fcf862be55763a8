//! The background check of one instance.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::checker::Checker;
use super::judge::Judge;
use super::probe::Seen;
use crate::api::v1::InstanceState;
use crate::instance::{Life, Notice, Scene};

/// Between two checks of a healthy instance.
const CALM: Duration = Duration::from_secs(1);
/// Between two checks of one that is not.
pub(crate) const ANXIOUS: Duration = Duration::from_millis(250);

/// Checks an instance as long as its life is told, and tells each change of the verdict. A process that
/// is gone makes it unhealthy at once.
pub(crate) async fn watch(
    id: String,
    checker: Arc<Checker>,
    mut life: watch::Receiver<Life>,
    verdict: watch::Sender<Option<bool>>,
    notices: mpsc::UnboundedSender<Notice>,
) {
    let mut run = 0;
    let mut judge = Judge::default();
    loop {
        let now = life.borrow_and_update().clone();
        let scene = now.scene().filter(|_| now.state == InstanceState::Running);
        let Some(scene) = scene else {
            judge = Judge::default();
            let gone = now.spec.as_ref().map(|_| false);
            tell(&id, &verdict, &notices, gone);
            if life.changed().await.is_err() {
                return;
            }
            continue;
        };
        if run != scene.kept.run {
            run = scene.kept.run;
            judge = Judge::default();
        }
        let seen = tokio::select! {
            seen = gated(&checker, &scene) => seen,
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

/// Checks once; one whose hooks keep it from its traffic is not asked.
async fn gated(checker: &Checker, scene: &Scene) -> Seen {
    match scene.gate() {
        Some(reason) => Seen::failed(reason),
        None => checker.check(scene).await,
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
