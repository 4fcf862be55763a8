//! What a host, or the coordinator itself, does for a step.

use crate::plan::HotWork;
use crate::seen::StepRef;

/// Something that is asked for with one effect. Numbers are places of instances on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    Clear(u16),
    Start(u16),
    Run(u32),
    AwaitRun(u32),
    Quiesce(u16),
    Activate(u16),
    /// Gives the candidate that part of the traffic, leased where stable runs.
    Route(u8),
    /// The weights as they are, leased for the time of a wait; or again, where a proxy has others.
    Lease,
    Prepare,
    Commit,
    /// Where a proxy does not know what to commit: the same weights, final.
    RouteFinal,
    Drain,
    Keep(u16),
    Leave,
    Vacate(u16),
    Return,
    Hot(HotWork),
    /// Of a step: the same hook may be in several.
    Hook(StepRef),
    /// A metric, and which measurement of it.
    Measure(u32, u32),
    Restore(u16),
    QuiesceBack(u16),
    ActivateBack(u16),
    RouteBack,
    DrainBack,
    Stop(u16),
    HotBack,
}

impl Task {
    /// Says whether what was seen of a host before its reply says nothing any more.
    pub(crate) fn changes_what_is_seen(self) -> bool {
        match self {
            Self::Start(_)
            | Self::Route(_)
            | Self::Lease
            | Self::RouteFinal
            | Self::RouteBack
            | Self::Drain
            | Self::DrainBack
            | Self::Vacate(_)
            | Self::Restore(_)
            | Self::Hot(HotWork::Install)
            | Self::HotBack => true,
            Self::Clear(_)
            | Self::Run(_)
            | Self::AwaitRun(_)
            | Self::Quiesce(_)
            | Self::Activate(_)
            | Self::Prepare
            | Self::Commit
            | Self::Keep(_)
            | Self::Leave
            | Self::Return
            | Self::Hot(_)
            | Self::Hook(_)
            | Self::Measure(..)
            | Self::QuiesceBack(_)
            | Self::ActivateBack(_)
            | Self::Stop(_) => false,
        }
    }

    /// Says whether something of the user's is run: its failure is another thing than a refusal.
    pub(crate) fn runs_something(self) -> bool {
        matches!(
            self,
            Self::Hook(_)
                | Self::Quiesce(_)
                | Self::Activate(_)
                | Self::QuiesceBack(_)
                | Self::ActivateBack(_)
        )
    }
}
