//! One timer for a connection, moved as seldom as can be.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is only touched when it would fire too late, or fired too early.
#[derive(Debug)]
pub(crate) struct Timer(Pin<Box<Sleep>>);

impl Timer {
    /// Set to `deadline`.
    pub(crate) fn new(deadline: Instant) -> Self {
        Self(Box::pin(sleep_until(deadline)))
    }

    /// Ready once `deadline` has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if self.0.deadline() > deadline {
            self.0.as_mut().reset(deadline);
        }
        loop {
            ready!(self.0.as_mut().poll(cx));
            if self.0.deadline() >= deadline {
                return Poll::Ready(());
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_fires_at_the_latest_deadline_asked_for() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut timer = Timer::new(after(100));
        for ms in [300, 200, 250] {
            std::future::poll_fn(|cx| {
                assert!(timer.poll(cx, after(5_000)).is_pending());
                timer.poll(cx, after(ms))
            })
            .await;
            assert!(Instant::now() >= after(ms));
        }
    }
}
