//! Ending everything that an agent ever started: instances, then the proxy, then name servers.

use std::sync::PoisonError;

use host::process::Ended;
use rustix::process::Signal;
use sys::process::ProcessId;
use tokio::task::JoinSet;

use crate::agent::Agent;

/// How an agent goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Going {
    /// Alone: instances and the proxy go on.
    Alone,
    /// With everything that it started.
    WithEverything,
}

/// Stops every instance and then the proxy, which serves until then, and the epmds that no node uses.
pub(crate) async fn end_everything(agent: &Agent) {
    let mut stopping = JoinSet::new();
    for instance in agent.instances.all() {
        stopping.spawn(async move { instance.stop(None).await });
    }
    while let Some(stopped) = stopping.join_next().await {
        match stopped {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an instance could not be stopped"),
            Err(error) => tracing::warn!(%error, "an instance could not be stopped"),
        }
    }
    agent.keeper.abort();
    // One that was started this moment does not answer yet, and must not be left behind.
    let answering = agent.proxy.status().await.ok();
    let answering = answering.and_then(|status| ProcessId::of(i32::try_from(status.pid).ok()?));
    let started = agent
        .proxy_started
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let mut ended: Option<ProcessId> = None;
    for process in answering.into_iter().chain(started) {
        if ended.as_ref() == Some(&process) || !process.is_alive() {
            continue;
        }
        process.signal(Signal::TERM);
        match Ended::of(&process) {
            Ok(ended) => ended.wait().await,
            Err(error) => tracing::warn!(%error, "the proxy's end cannot be watched"),
        }
        ended = Some(process);
    }
    crate::epmds::end(&agent.home);
}
