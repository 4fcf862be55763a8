//! The drain of a version: sockets asked to go at a pace, and a deadline for all.
//!
//! It is not kept on disk. What it is about are connections, and these end with the proxy: one that is
//! told to stop moves every socket itself (`run`), and one that starts finds nothing open that could be
//! drained. The version's weight of 0, which keeps new requests away, is kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::control::v1::Drain;
use crate::version::VersionState;

/// How often sockets are asked.
const STEP: Duration = Duration::from_millis(50);
/// After the cut, requests notice within their check interval.
const AFTER_CUT: Duration = Duration::from_secs(3);

/// Asks the first sockets of a version to go; returns what [`run`] goes on with.
pub(crate) fn begin(version: &VersionState, drain: &Drain) -> u64 {
    let count = budget(drain.sockets_per_second, Duration::ZERO);
    version.sockets.ask_to_move(0, count, drain.close_code)
}

/// Drains a version; returns once nothing of it is open any more, or nothing more can be done.
pub(crate) async fn run(version: Arc<VersionState>, drain: Drain, mut next: u64) {
    let start = Instant::now();
    let deadline = start + Duration::from_millis(drain.deadline_ms);
    let mut asked = budget(drain.sockets_per_second, Duration::ZERO);
    while version.open() > 0 && Instant::now() < deadline {
        let due = budget(drain.sockets_per_second, start.elapsed());
        if due > asked {
            next = version
                .sockets
                .ask_to_move(next, due - asked, drain.close_code);
            asked = due;
        }
        sleep(STEP.min(deadline.saturating_duration_since(Instant::now()))).await;
    }
    if version.open() > 0 {
        version.cut();
        let given_up = Instant::now() + AFTER_CUT;
        while version.open() > 0 && Instant::now() < given_up {
            sleep(STEP).await;
        }
    }
}

/// How many sockets may have been asked after so long: at least one at once.
fn budget(per_second: u32, passed: Duration) -> usize {
    let due = u128::from(per_second) * passed.as_millis() / 1000 + 1;
    usize::try_from(due).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_kept() {
        assert_eq!(budget(100, Duration::ZERO), 1);
        assert_eq!(budget(100, Duration::from_millis(500)), 51);
        assert_eq!(
            budget(u32::MAX, Duration::from_secs(86_400)),
            371_085_174_288_001usize
        );
        assert_eq!(budget(0, Duration::from_secs(9)), 1);
    }
}
