//! Ctrl-C while a rollout is under way.

use std::future::Future;

use crate::failure::{Failure, Kind};

/// Does the work, unless a person interrupts it: it is dropped then, which is safe at any point, and the
/// failure says how it is ended.
pub(crate) async fn unless_interrupted<T, E: Into<Failure>>(
    service: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done.map_err(Into::into),
        _ = tokio::signal::ctrl_c() => Err(interrupted(service)),
    }
}

/// The failure of a command that a person left while it drove a rollout.
pub(crate) fn interrupted(service: &str) -> Failure {
    Failure::new(
        Kind::Unfinished,
        format!(
            "interrupted; what serves {service} goes on, and a rollout that had begun is unfinished"
        ),
    )
    .hint("`cutover resume` brings it to its end, `cutover abort` returns to the earlier version")
}
