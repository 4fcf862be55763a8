//! What a seed chooses, as data: the rollout, the hosts, what goes wrong, and what people do.
//!
//! A world draws nothing else from its seed but delays. So a scenario can be made smaller, one fault, verb or
//! host at a time, for as long as it still fails.

mod choose;
mod fault;
mod strategy;

pub use choose::{choose, large};
pub use fault::{Ailment, Fault, Gap};

use rollout::{
    ArtifactId, Background, Chosen, Hook, HotVerdict, Moving, Purpose, ReleaseCommand, Request,
    ServiceKey, Strategy, Timing, Tolerance, Version,
};

/// When a world begins, in milliseconds since the epoch.
pub(crate) const BEGIN: u64 = 1_000_000;

/// Everything that makes a world, but delays.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The seed.
    pub seed: u64,
    /// Whether nothing goes wrong and nobody interferes.
    pub calm: bool,
    /// What is done.
    pub kind: Kind,
    /// How the version is changed.
    pub strategy: Strategy,
    /// What the comparison of the releases says of a hot upgrade.
    pub verdict: Option<HotVerdict>,
    /// The number of hosts.
    pub hosts: u32,
    /// Instances on each.
    pub instances: u32,
    /// How long the candidate takes to come up, in milliseconds.
    pub boot_ms: u64,
    /// Whether slots of an even host hold what an earlier rollout left.
    pub left_behind: bool,
    /// The release command.
    pub command: bool,
    /// How long it takes, in milliseconds.
    pub command_ms: u64,
    /// Whether background work is moved.
    pub background: bool,
    /// Whether testers are let at the candidate.
    pub preview: bool,
    /// The hooks.
    pub hooks: Vec<Hook>,
    /// Deadlines and durations.
    pub timing: Timing,
    /// What is put up with.
    pub tolerance: Tolerance,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// What people do, and when.
    pub verbs: Vec<(u64, Verb)>,
}

/// What a rollout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing served before.
    First,
    /// A version serves.
    Deploy,
    /// The version before comes back.
    Rollback,
}

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// To the next step.
    Promote,
    /// Past every pause.
    PromoteFull,
    /// No further.
    Pause,
    /// On again.
    Continue,
    /// Back to stable.
    Abort,
    /// Once more.
    Retry,
    /// Takes over, and says that the release command did its work.
    ResumeDone,
    /// Takes over, and has the release command run again.
    ResumeAgain,
}

impl Verb {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote_full",
            Self::Pause => "pause",
            Self::Continue => "continue",
            Self::Abort => "abort",
            Self::Retry => "retry",
            Self::ResumeDone => "resume_done",
            Self::ResumeAgain => "resume_again",
        }
    }
}

/// Names an artifact by a letter.
pub(crate) fn artifact(letter: char) -> ArtifactId {
    ArtifactId::parse(&letter.to_string().repeat(64)).expect("a hex digit, 64 times")
}

/// The service of every world.
pub(crate) fn service() -> ServiceKey {
    ServiceKey::parse("shop.production").expect("two words")
}

impl Scenario {
    /// The word of the strategy, as chosen.
    pub fn strategy_word(&self) -> &'static str {
        strategy::word(&self.strategy)
    }

    /// What a person asks for in this world.
    pub(crate) fn request(&self) -> Request {
        Request {
            service: service(),
            purpose: match self.kind {
                Kind::Rollback => Purpose::Rollback,
                Kind::First | Kind::Deploy => Purpose::Deploy,
            },
            strategy: self.strategy.clone(),
            candidate: Version {
                artifact: artifact('c'),
                vsn: "2".into(),
            },
            chosen: Chosen::ByRule,
            instances_per_host: self.instances,
            node: "shop".into(),
            applications: Vec::new(),
            timing: self.timing,
            tolerance: self.tolerance,
            moving: Moving::USUAL,
            release_command: (self.command && self.kind != Kind::Rollback).then(|| {
                ReleaseCommand {
                    args: vec!["eval".into(), "migrate".into()],
                    timeout_ms: 3_000,
                }
            }),
            background: if self.background {
                strategy::background()
            } else {
                Background::default()
            },
            hooks: self.hooks.clone(),
            preview: self.preview,
            verdict: self.verdict.clone(),
            unreachable: Vec::new(),
            behind: Vec::new(),
        }
    }

    /// The faults of a host's candidate.
    pub(crate) fn ailments(&self, host: u32) -> impl Iterator<Item = Ailment> {
        self.faults.iter().filter_map(move |fault| match fault {
            Fault::Candidate { host: at, ailment } if *at == host => Some(*ailment),
            _ => None,
        })
    }
}
