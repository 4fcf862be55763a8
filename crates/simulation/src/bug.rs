//! Planted bugs: mutations around the production logic, each of which a rule must catch.
//!
//! None is in the production code. They change the plan before it runs, what passes between the engine and
//! the world, or how a host obeys.

use ::proxy::control::v1::Commitment;
use coordinator::Hot;
use rollout::{ArtifactId, HostCount, HotWork, Plan, Work};

use crate::machine::{Answer, Call, Denial, Machine};
use crate::rule::Rule;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// Now and then an entry is not written, and its effects are performed.
    JournalSkipped,
    /// Effects are performed, then journaled.
    EffectsFirst,
    /// Whoever takes over reads one entry too few.
    ReplayOneLess,
    /// Agents obey older tokens.
    AgentIgnoresFence,
    /// Agents obey before the token is on disk.
    TokenNotOnDisk,
    /// Agents obey calls that come after later ones.
    AgentIgnoresOrder,
    /// The ledger takes entries with older tokens.
    LedgerIgnoresFence,
    /// A candidate that has just started counts as healthy.
    HealthyEarly,
    /// A candidate need not be healthy for any time.
    GateSkipped,
    /// Stable stops before it is drained.
    StopBeforeDrain,
    /// Stable stops before the commit.
    StopBeforeCommit,
    /// Stable's instances are cleared away at the start.
    ClearsStable,
    /// Leases are not renewed.
    NoRenewals,
    /// Leases last far longer than asked for.
    LeaseForever,
    /// A proxy that was not asked counts as prepared.
    PreparedUnasked,
    /// Proxies commit when they are asked to prepare.
    CommitAtPrepare,
    /// A proxy goes back by itself after the decision.
    RevertsAlone,
    /// A version of no one's rollout gets traffic.
    AnotherVersion,
    /// The mark is not written.
    MarkSkipped,
    /// More hosts at a time than allowed.
    MoreAtATime,
    /// More hosts are set aside than the budget has.
    BudgetIgnored,
    /// The ledger does not name hosts that were set aside.
    AsideUnnamed,
    /// The decision is not written.
    DecisionUnwritten,
    /// The release command runs again with every question.
    CommandRepeats,
    /// The release command runs after the candidate has traffic.
    CommandLate,
    /// An unknown outcome counts as done.
    UnknownIsDone,
    /// The candidate's work begins before stable's has ended.
    ActivateFirst,
    /// Stable's work is not ended.
    QuiesceSkipped,
    /// Background work stays where it is on the way back.
    WorkLeftBehind,
    /// A hot upgrade is permanent at once.
    HotPermanentEarly,
    /// Hooks count as good, and did not run.
    HooksUnrun,
    /// Wakes are lost.
    WakesLost,
    /// Hosts do not leave the balancer before stable stops.
    LeaveSkipped,
    /// The candidate is left running when it was given up.
    LoserLeft,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 34] = [
        Self::JournalSkipped,
        Self::EffectsFirst,
        Self::ReplayOneLess,
        Self::AgentIgnoresFence,
        Self::TokenNotOnDisk,
        Self::AgentIgnoresOrder,
        Self::LedgerIgnoresFence,
        Self::HealthyEarly,
        Self::GateSkipped,
        Self::StopBeforeDrain,
        Self::StopBeforeCommit,
        Self::ClearsStable,
        Self::NoRenewals,
        Self::LeaseForever,
        Self::PreparedUnasked,
        Self::CommitAtPrepare,
        Self::RevertsAlone,
        Self::AnotherVersion,
        Self::MarkSkipped,
        Self::MoreAtATime,
        Self::BudgetIgnored,
        Self::AsideUnnamed,
        Self::DecisionUnwritten,
        Self::CommandRepeats,
        Self::CommandLate,
        Self::UnknownIsDone,
        Self::ActivateFirst,
        Self::QuiesceSkipped,
        Self::WorkLeftBehind,
        Self::HotPermanentEarly,
        Self::HooksUnrun,
        Self::WakesLost,
        Self::LeaveSkipped,
        Self::LoserLeft,
    ];

    /// Returns the rules of which one must catch it first.
    pub fn caught_by(self) -> &'static [Rule] {
        match self {
            Self::JournalSkipped | Self::EffectsFirst => &[Rule::Journaled],
            Self::ReplayOneLess => &[Rule::Replay],
            Self::AgentIgnoresFence | Self::TokenNotOnDisk => &[Rule::Fenced],
            Self::AgentIgnoresOrder => &[
                Rule::WayBack,
                Rule::OneVersion,
                Rule::Leased,
                Rule::LeaseEnds,
                Rule::NeverAlone,
                Rule::Prepared,
            ],
            Self::LedgerIgnoresFence => &[Rule::OneWriter],
            Self::HealthyEarly | Self::GateSkipped => &[Rule::Gate],
            Self::StopBeforeDrain => &[Rule::Drained],
            Self::StopBeforeCommit => &[Rule::StableRuns],
            Self::ClearsStable => &[Rule::StopsWhatServes],
            Self::NoRenewals => &[Rule::CalmEndsWell],
            Self::LeaseForever => &[Rule::LeaseEnds],
            Self::PreparedUnasked => &[Rule::Prepared],
            Self::CommitAtPrepare => &[Rule::Leased],
            Self::RevertsAlone => &[Rule::NeverAlone],
            Self::AnotherVersion => &[Rule::TwoVersions],
            Self::MarkSkipped => &[Rule::Marked],
            Self::MoreAtATime => &[Rule::AtATime],
            Self::BudgetIgnored => &[Rule::Budget],
            Self::AsideUnnamed => &[Rule::OneVersion, Rule::NothingLeft],
            Self::DecisionUnwritten => &[Rule::WayBack],
            Self::CommandRepeats | Self::CommandLate => &[Rule::Command],
            Self::UnknownIsDone => &[
                Rule::WayBack,
                Rule::OneVersion,
                Rule::NothingLeft,
                Rule::Drained,
                Rule::StopsWhatServes,
                Rule::Prepared,
            ],
            Self::ActivateFirst | Self::QuiesceSkipped | Self::WorkLeftBehind => {
                &[Rule::Background]
            }
            Self::HotPermanentEarly => &[Rule::OldPermanent],
            Self::HooksUnrun => &[Rule::Hooks],
            Self::WakesLost => &[Rule::Converges],
            Self::LeaveSkipped => &[Rule::StopsWhatServes],
            Self::LoserLeft => &[Rule::NothingLeft],
        }
    }

    /// Says whether this one is planted.
    pub(crate) fn is(planted: Option<Self>, bug: Self) -> bool {
        planted == Some(bug)
    }

    /// Changes a plan before it runs.
    pub(crate) fn change(planted: Option<Self>, plan: &mut Plan) {
        let steps = &mut plan.steps;
        let find = |steps: &[rollout::Step], work: fn(&Work) -> bool| {
            steps.iter().position(|step| work(&step.work))
        };
        match planted {
            Some(Self::GateSkipped) => plan.timing.min_healthy_time_ms = 0,
            Some(Self::StopBeforeDrain) => {
                swap(
                    steps,
                    |work| *work == Work::Drain,
                    |work| *work == Work::Keep,
                );
            }
            Some(Self::StopBeforeCommit) => {
                plan.timing.rollback_window_ms = 0;
                swap(
                    steps,
                    |work| matches!(work, Work::Commit { .. }),
                    |work| *work == Work::Keep,
                );
            }
            Some(Self::ActivateFirst) => {
                swap(
                    steps,
                    |work| *work == Work::Quiesce,
                    |work| *work == Work::Activate,
                );
            }
            Some(Self::QuiesceSkipped) => steps.retain(|step| step.work != Work::Quiesce),
            Some(Self::LeaveSkipped) => {
                steps.retain(|step| !matches!(step.work, Work::Leave { .. }));
            }
            Some(Self::ClearsStable) => {
                for host in &mut plan.hosts {
                    host.clear.extend(host.stable.first().cloned());
                }
            }
            Some(Self::BudgetIgnored) => {
                plan.tolerance.failure_budget = HostCount::Percent(100);
            }
            Some(Self::CommandLate) => {
                if let (Some(from), Some(to)) = (
                    find(steps, |work| *work == Work::Command),
                    find(steps, |work| {
                        matches!(work, Work::Watch { .. } | Work::Settle { .. })
                    }),
                ) {
                    let step = steps.remove(from);
                    steps.insert(to, step);
                }
            }
            Some(Self::MoreAtATime) => merge_batches(steps),
            _ => {}
        }
    }

    /// Has a host obey, as the bug has it.
    pub(crate) fn obey(
        planted: Option<Self>,
        machine: &mut Machine,
        call: &Call,
    ) -> Result<Answer, Denial> {
        let mut call = call.clone();
        match (planted, &mut call) {
            (Some(Self::LeaseForever), Call::Route(route)) => {
                if let Commitment::Leased { ttl_ms, .. } = &mut route.commitment {
                    *ttl_ms *= 20;
                }
            }
            (Some(Self::LeaseForever), Call::Renew(ttl_ms)) => *ttl_ms *= 20,
            (Some(Self::CommitAtPrepare), Call::Prepare) => call = Call::Commit,
            (Some(Self::LoserLeft), Call::Stop(_)) => return Ok(Answer::Done),
            _ => {}
        }
        let answer = machine.obey(&call)?;
        match (planted, &call) {
            (Some(Self::RevertsAlone), Call::Commit) => machine.proxy.reverted = true,
            (Some(Self::AnotherVersion), Call::Route(_)) => {
                let other = ArtifactId::parse(&"e".repeat(64)).expect("a hex digit, 64 times");
                if let Some(version) = machine
                    .proxy
                    .versions
                    .iter_mut()
                    .find(|version| version.weight > 0)
                {
                    version.artifact = other;
                }
            }
            (Some(Self::HotPermanentEarly), Call::Hot(Hot::Do(HotWork::Install), ids)) => {
                for id in ids {
                    if let Some(instance) = machine.instances.get_mut(id) {
                        instance.permanent = instance.artifact.clone();
                    }
                }
            }
            _ => {}
        }
        Ok(answer)
    }
}

/// Swaps the work of every step of one kind with that of the next one of another kind.
fn swap(steps: &mut [rollout::Step], one: fn(&Work) -> bool, other: fn(&Work) -> bool) {
    let mut waiting = None;
    for place in 0..steps.len() {
        if one(&steps[place].work) {
            waiting = Some(place);
        } else if other(&steps[place].work)
            && let Some(first) = waiting.take()
        {
            let work = steps[first].work;
            steps[first].work = steps[place].work;
            steps[place].work = work;
        }
    }
}

/// Does the second batch together with the third.
fn merge_batches(steps: &mut Vec<rollout::Step>) {
    let third: Vec<u32> = steps
        .iter()
        .filter(|step| step.batch == Some(3))
        .flat_map(|step| step.hosts.clone())
        .collect();
    if third.is_empty() {
        return;
    }
    let decides = steps
        .iter()
        .any(|step| step.batch == Some(3) && step.work == Work::Commit { decides: true });
    steps.retain(|step| step.batch != Some(3));
    for step in steps.iter_mut().filter(|step| step.batch == Some(2)) {
        step.hosts.extend(&third);
        step.hosts.sort_unstable();
        step.hosts.dedup();
        if let Work::Commit { decides: last } = &mut step.work {
            *last |= decides;
        }
    }
}
