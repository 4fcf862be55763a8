//! Where a rollout stands, in one word.

use std::fmt;

/// The phase of a rollout, as people and programs are told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It is planned and nothing was done.
    Planned,
    /// It is under way.
    Progressing,
    /// It waits for a person.
    Paused,
    /// Some host is not as it should be; the rollout names it.
    Degraded,
    /// The candidate serves for good.
    Healthy,
    /// The candidate was given up; stable serves.
    Aborted,
    /// An earlier version serves again, as asked.
    RolledBack,
}

impl Phase {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Progressing => "progressing",
            Self::Paused => "paused",
            Self::Degraded => "degraded",
            Self::Healthy => "healthy",
            Self::Aborted => "aborted",
            Self::RolledBack => "rolled back",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
