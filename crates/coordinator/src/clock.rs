//! The clock that a coordinator goes by.

use std::fmt;
use std::sync::Arc;

/// Tells milliseconds since the epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// The machine's own, as it stood when this was called, and from there on by the clock that nobody sets:
    /// a step of the wall clock must not shorten a drain.
    pub fn system() -> Self {
        let (wall_ms, began) = (sys::clock::now_ms(), sys::clock::monotonic());
        Self(Arc::new(move || {
            let passed = sys::clock::since(began).as_millis();
            wall_ms.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
        }))
    }

    /// Any other, such as a paused one.
    pub fn new(now_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// Returns milliseconds since the epoch.
    pub fn now_ms(&self) -> u64 {
        (self.0)()
    }

    pub(crate) fn now(&self) -> rollout::Tick {
        rollout::Tick::from_ms(self.now_ms())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
