//! The rules that are checked, by the names of DESIGN's invariants, and what breaks one.

use std::fmt;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// I1: at least `min_available` instances take traffic.
    MinAvailable,
    /// I1: what has traffic is not stopped.
    StopsWhatServes,
    /// I2: new requests go to what has passed its gate.
    Gate,
    /// I2: what served is drained before it stops.
    Drained,
    /// I3: two versions of the rollout at most, and 100 percent.
    TwoVersions,
    /// I3: one version in the end, but on hosts that the ledger names.
    OneVersion,
    /// I4: an effect is journaled before it is performed.
    Journaled,
    /// I4: the journal, replayed, is the state.
    Replay,
    /// I5: no host obeys an older token.
    Fenced,
    /// I5: nobody writes with an older token.
    OneWriter,
    /// I6: what is given up comes back to stable, or the phase names who did not.
    WayBack,
    /// I7: weights that are not decided are leased or prepared.
    Leased,
    /// I7: a lease ends without its coordinator.
    LeaseEnds,
    /// I7: every proxy is prepared before the decision.
    Prepared,
    /// I7: what is prepared or decided never reverts alone.
    NeverAlone,
    /// I8: stable runs until the commit.
    StableRuns,
    /// I8: no more hosts at a time than allowed.
    AtATime,
    /// I8: the old release stays permanent until the commit.
    OldPermanent,
    /// I8: the old artifact stays.
    OldStays,
    /// I9: what did badly is marked, and not chosen again.
    Marked,
    /// The release command runs once for each time that it is allowed to, before traffic.
    Command,
    /// Background work is moved before the traffic.
    Background,
    /// Hooks run at their points and are heeded.
    Hooks,
    /// No more hosts are set aside than the budget has.
    Budget,
    /// It comes to an end, or says whom it waits for.
    Converges,
    /// Nothing of the loser is left running.
    NothingLeft,
    /// Without trouble it ends well.
    CalmEndsWell,
    /// The engine panics at nothing.
    NoPanic,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 28] = [
        Self::MinAvailable,
        Self::StopsWhatServes,
        Self::Gate,
        Self::Drained,
        Self::TwoVersions,
        Self::OneVersion,
        Self::Journaled,
        Self::Replay,
        Self::Fenced,
        Self::OneWriter,
        Self::WayBack,
        Self::Leased,
        Self::LeaseEnds,
        Self::Prepared,
        Self::NeverAlone,
        Self::StableRuns,
        Self::AtATime,
        Self::OldPermanent,
        Self::OldStays,
        Self::Marked,
        Self::Command,
        Self::Background,
        Self::Hooks,
        Self::Budget,
        Self::Converges,
        Self::NothingLeft,
        Self::CalmEndsWell,
        Self::NoPanic,
    ];

    /// Returns its name; those of DESIGN begin with the invariant's.
    pub fn name(self) -> &'static str {
        match self {
            Self::MinAvailable => "I1 min_available",
            Self::StopsWhatServes => "I1 what serves is not stopped",
            Self::Gate => "I2 gate before traffic",
            Self::Drained => "I2 drained before stopped",
            Self::TwoVersions => "I3 two versions, 100 percent",
            Self::OneVersion => "I3 one version in the end",
            Self::Journaled => "I4 journaled before performed",
            Self::Replay => "I4 replay is the state",
            Self::Fenced => "I5 no older token is obeyed",
            Self::OneWriter => "I5 one writer",
            Self::WayBack => "I6 back at stable",
            Self::Leased => "I7 undecided weights are leased",
            Self::LeaseEnds => "I7 a lease ends unaided",
            Self::Prepared => "I7 prepared before decided",
            Self::NeverAlone => "I7 decided never reverts",
            Self::StableRuns => "I8 stable runs until the commit",
            Self::AtATime => "I8 hosts at a time",
            Self::OldPermanent => "I8 old release permanent",
            Self::OldStays => "I8 old artifact stays",
            Self::Marked => "I9 marked",
            Self::Command => "release command once",
            Self::Background => "background work moved first",
            Self::Hooks => "hooks heeded",
            Self::Budget => "failure budget",
            Self::Converges => "converges",
            Self::NothingLeft => "nothing left running",
            Self::CalmEndsWell => "calm ends well",
            Self::NoPanic => "no panic",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// When, in milliseconds since the begin of the world.
    pub at_ms: u64,
    /// How.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ms: {}", self.rule, self.at_ms, self.detail)
    }
}

/// How often rules were looked at, and how often there was something to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looks {
    /// How often.
    pub checked: u64,
    /// How often the rule applied.
    pub applied: u64,
}
