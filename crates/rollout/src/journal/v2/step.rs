//! The wire twin of a step. Its hosts are written as ranges of places, for most are all of them.

use serde::{Deserialize, Serialize};

use super::twin::{Twin, words};
use crate::journal::ReadError;

/// See [`crate::Step`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the domain's")]
pub struct Step {
    pub name: String,
    #[serde(flatten)]
    pub work: Work,
    /// From one place to another, both included.
    pub hosts: Vec<(u32, u32)>,
    pub batch: Option<u32>,
    pub expected_ms: u64,
    pub longest_ms: u64,
}

/// See [`crate::Work`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum Work {
    Hook { hook: u32 },
    Clear,
    Start,
    Command,
    Quiesce,
    Activate,
    Preview,
    Weight { weight: u8 },
    Pause { for_ms: Option<u64> },
    Analysis { analysis: u32 },
    Watch { for_ms: u64 },
    Commit { decides: bool },
    Drain,
    Keep,
    Leave { lb_notice_ms: u64 },
    Vacate,
    Return,
    Hot { part: HotWork },
    Settle { for_ms: u64 },
}

words!(
    /// See [`crate::HotWork`].
    HotWork = crate::HotWork { Probe, Unpack, Install, Verify, Commit }
);

impl Step {
    pub(super) fn write(step: &crate::Step) -> Option<Self> {
        Some(Self {
            name: step.name.clone(),
            work: Work::write(step.work)?,
            hosts: ranges(&step.hosts),
            batch: step.batch,
            expected_ms: step.expected_ms,
            longest_ms: step.longest_ms,
        })
    }

    /// Reads a step of a plan with so many hosts.
    pub(super) fn read(self, hosts: usize) -> Result<crate::Step, ReadError> {
        let mut places = Vec::new();
        for (from, to) in self.hosts {
            let follows = places.last().is_none_or(|last| *last < from);
            if !follows || from > to || to as usize >= hosts {
                return Err(ReadError::Invalid {
                    what: format!("step {}", self.name),
                    why: format!("places {from} to {to} of {hosts} hosts"),
                });
            }
            places.extend(from..=to);
        }
        Ok(crate::Step {
            name: self.name,
            work: self.work.read()?,
            hosts: places,
            batch: self.batch,
            expected_ms: self.expected_ms,
            longest_ms: self.longest_ms,
        })
    }
}

fn ranges(places: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for place in places {
        match ranges.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*place) => *to = *place,
            _ => ranges.push((*place, *place)),
        }
    }
    ranges
}

impl Work {
    /// Steps of the way back are in no plan.
    fn write(work: crate::Work) -> Option<Self> {
        Some(match work {
            crate::Work::Hook(hook) => Self::Hook { hook },
            crate::Work::Clear => Self::Clear,
            crate::Work::Start => Self::Start,
            crate::Work::Command => Self::Command,
            crate::Work::Quiesce => Self::Quiesce,
            crate::Work::Activate => Self::Activate,
            crate::Work::Preview => Self::Preview,
            crate::Work::Weight(weight) => Self::Weight { weight },
            crate::Work::Pause { for_ms } => Self::Pause { for_ms },
            crate::Work::Analysis(analysis) => Self::Analysis { analysis },
            crate::Work::Watch { for_ms } => Self::Watch { for_ms },
            crate::Work::Commit { decides } => Self::Commit { decides },
            crate::Work::Drain => Self::Drain,
            crate::Work::Keep => Self::Keep,
            crate::Work::Leave { lb_notice_ms } => Self::Leave { lb_notice_ms },
            crate::Work::Vacate => Self::Vacate,
            crate::Work::Return => Self::Return,
            crate::Work::Hot(part) => Self::Hot {
                part: HotWork::write(&part),
            },
            crate::Work::Settle { for_ms } => Self::Settle { for_ms },
            crate::Work::AwaitCommand
            | crate::Work::Restore
            | crate::Work::QuiesceBack
            | crate::Work::ActivateBack
            | crate::Work::RouteBack
            | crate::Work::DrainBack
            | crate::Work::StopBack
            | crate::Work::HotBack => return None,
        })
    }

    fn read(self) -> Result<crate::Work, ReadError> {
        Ok(match self {
            Self::Hook { hook } => crate::Work::Hook(hook),
            Self::Clear => crate::Work::Clear,
            Self::Start => crate::Work::Start,
            Self::Command => crate::Work::Command,
            Self::Quiesce => crate::Work::Quiesce,
            Self::Activate => crate::Work::Activate,
            Self::Preview => crate::Work::Preview,
            Self::Weight { weight } if weight <= 100 => crate::Work::Weight(weight),
            Self::Weight { weight } => {
                return Err(ReadError::Invalid {
                    what: "a weight".into(),
                    why: format!("{weight} %"),
                });
            }
            Self::Pause { for_ms } => crate::Work::Pause { for_ms },
            Self::Analysis { analysis } => crate::Work::Analysis(analysis),
            Self::Watch { for_ms } => crate::Work::Watch { for_ms },
            Self::Commit { decides } => crate::Work::Commit { decides },
            Self::Drain => crate::Work::Drain,
            Self::Keep => crate::Work::Keep,
            Self::Leave { lb_notice_ms } => crate::Work::Leave { lb_notice_ms },
            Self::Vacate => crate::Work::Vacate,
            Self::Return => crate::Work::Return,
            Self::Hot { part } => crate::Work::Hot(part.read()?),
            Self::Settle { for_ms } => crate::Work::Settle { for_ms },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_ranges() {
        assert_eq!(ranges(&[]), []);
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), [(0, 2), (5, 5), (7, 8)]);
    }

    #[test]
    fn places_that_are_not_there_or_come_twice_are_refused() {
        let step = |hosts: &[(u32, u32)]| Step {
            name: "start".into(),
            work: Work::Start,
            hosts: hosts.to_vec(),
            batch: None,
            expected_ms: 0,
            longest_ms: 0,
        };
        assert_eq!(step(&[(0, 1), (3, 3)]).read(4).unwrap().hosts, [0, 1, 3]);
        for bad in [
            [(0, 4)].as_slice(),
            &[(2, 1)],
            &[(0, 1), (1, 2)],
            &[(0, u32::MAX)],
        ] {
            assert!(step(bad).read(4).is_err(), "{bad:?}");
        }
    }
}
