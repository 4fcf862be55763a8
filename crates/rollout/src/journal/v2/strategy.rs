//! The wire twin of a strategy. `auto` was resolved before anything was written down.

use serde::{Deserialize, Serialize};

use super::analysis::Analysis;
use super::twin::{Twin, choice, record, words};
use crate::journal::ReadError;

/// See [`crate::Strategy`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum Strategy {
    Hot(Hot),
    Rolling(Rolling),
    Canary(Canary),
    BlueGreen(BlueGreen),
}

impl Twin for Strategy {
    type Domain = crate::Strategy;

    fn write(it: &crate::Strategy) -> Self {
        match it {
            crate::Strategy::Hot(hot) => Self::Hot(Hot::write(hot)),
            crate::Strategy::Rolling(rolling) => Self::Rolling(Rolling::write(rolling)),
            crate::Strategy::Canary(canary) => Self::Canary(Canary::write(canary)),
            crate::Strategy::BlueGreen(settings) => Self::BlueGreen(BlueGreen::write(settings)),
            // No plan has it.
            crate::Strategy::Auto { fallback, .. } => Self::write(fallback),
        }
    }

    fn read(self) -> Result<crate::Strategy, ReadError> {
        Ok(match self {
            Self::Hot(hot) => crate::Strategy::Hot(hot.read()?),
            Self::Rolling(rolling) => crate::Strategy::Rolling(rolling.read()?),
            Self::Canary(canary) => crate::Strategy::Canary(canary.read()?),
            Self::BlueGreen(settings) => crate::Strategy::BlueGreen(settings.read()?),
        })
    }
}

/// See [`crate::HostCount`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum HostCount {
    Hosts(u32),
    Percent(u8),
}

impl Twin for HostCount {
    type Domain = crate::HostCount;

    fn write(it: &crate::HostCount) -> Self {
        match *it {
            crate::HostCount::Hosts(count) => Self::Hosts(count),
            crate::HostCount::Percent(percent) => Self::Percent(percent),
        }
    }

    fn read(self) -> Result<crate::HostCount, ReadError> {
        Ok(match self {
            Self::Hosts(count) => crate::HostCount::Hosts(count),
            Self::Percent(percent) => crate::HostCount::Percent(percent),
        })
    }
}

record!(
    /// See [`crate::Hot`].
    Hot = crate::Hot { max_parallel: HostCount, watch_ms: u64 }
);
record!(
    /// See [`crate::Rolling`].
    Rolling = crate::Rolling { max_parallel: HostCount, surge: Surge }
);
choice!(
    /// See [`crate::Surge`].
    Surge = crate::Surge {
        Beside,
        Instead { lb_notice_ms: u64 },
    }
);
record!(
    /// See [`crate::Canary`].
    Canary = crate::Canary { steps: Vec<CanaryStep>, stickiness: Stickiness }
);
words!(
    /// See [`crate::Stickiness`].
    Stickiness = crate::Stickiness { Cookie, Off }
);
record!(
    /// See [`crate::BlueGreen`].
    BlueGreen = crate::BlueGreen {
        pre_promotion: Option<Analysis>,
        pause: Option<Pause>,
        post_promotion: Option<Analysis>,
    }
);
record!(
    /// See [`crate::Pause`].
    Pause = crate::Pause { for_ms: Option<u64> }
);

/// See [`crate::CanaryStep`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum CanaryStep {
    SetWeight(u8),
    Pause { for_ms: Option<u64> },
    Analysis(Analysis),
}

impl Twin for CanaryStep {
    type Domain = crate::CanaryStep;

    fn write(it: &crate::CanaryStep) -> Self {
        match it {
            crate::CanaryStep::SetWeight(weight) => Self::SetWeight(*weight),
            crate::CanaryStep::Pause { for_ms } => Self::Pause { for_ms: *for_ms },
            crate::CanaryStep::Analysis(analysis) => Self::Analysis(Analysis::write(analysis)),
        }
    }

    fn read(self) -> Result<crate::CanaryStep, ReadError> {
        Ok(match self {
            Self::SetWeight(weight) => crate::CanaryStep::SetWeight(weight),
            Self::Pause { for_ms } => crate::CanaryStep::Pause { for_ms },
            Self::Analysis(analysis) => crate::CanaryStep::Analysis(analysis.read()?),
        })
    }
}
