//! What a person asks of a rollout under way.

use rollout::{Event, Extent, Rollout, Tick, WaitFor};

/// A verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Goes on from where it waits for a person.
    Promote,
    /// Goes on past all pauses, analyses and partial weights that are left.
    PromoteFull,
    /// Goes no further than the step under way.
    Pause,
    /// Takes a pause back.
    Continue,
    /// Brings stable back.
    Abort,
    /// Tries again what was refused, lost or set aside.
    Retry,
}

/// A verb with who gives it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub verb: Verb,
    /// Why, if it is said.
    pub why: Option<String>,
}

impl Verb {
    /// All of them, in the order in which people are offered them.
    pub const ALL: [Self; 6] = [
        Self::Promote,
        Self::PromoteFull,
        Self::Pause,
        Self::Continue,
        Self::Retry,
        Self::Abort,
    ];

    /// Returns its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::PromoteFull => "promote --full",
            Self::Pause => "pause",
            Self::Continue => "continue",
            Self::Abort => "abort",
            Self::Retry => "retry",
        }
    }

    /// Makes the engine's event of it.
    pub(crate) fn event(self, by: String, why: Option<String>) -> Event {
        match self {
            Self::Promote => Event::Promote {
                by,
                why,
                extent: Extent::Next,
            },
            Self::PromoteFull => Event::Promote {
                by,
                why,
                extent: Extent::Full,
            },
            Self::Pause => Event::Pause { by, why },
            Self::Continue => Event::Continue { by, why },
            Self::Abort => Event::Abort { by, why },
            Self::Retry => Event::Retry { by, why },
        }
    }

    /// Makes the ledger's word of it; `at` is the step under way, which a promotion to the next one is for.
    pub(crate) fn wire(self, at: Option<String>) -> ledger::wire::v1::Verb {
        use ledger::wire::v1::{Extent, Verb};
        match self {
            Self::Promote => Verb::Promote {
                extent: Extent::Next,
                at,
            },
            Self::PromoteFull => Verb::Promote {
                extent: Extent::Full,
                at: None,
            },
            Self::Pause => Verb::Pause,
            Self::Continue => Verb::Continue,
            Self::Abort => Verb::Abort,
            Self::Retry => Verb::Retry,
        }
    }

    /// Reads the ledger's word of it, with the step that it is for.
    pub(crate) fn read(verb: ledger::wire::v1::Verb) -> (Self, Option<String>) {
        use ledger::wire::v1::{Extent, Verb};
        let verb = match verb {
            Verb::Promote {
                extent: Extent::Next,
                at,
            } => return (Self::Promote, at),
            Verb::Abort => Self::Abort,
            Verb::Promote {
                extent: Extent::Full,
                ..
            } => Self::PromoteFull,
            Verb::Pause => Self::Pause,
            Verb::Continue => Self::Continue,
            Verb::Retry => Self::Retry,
        };
        (verb, None)
    }
}

/// Reads which verb an event is, with who and why; a resume is none of them.
pub(crate) fn verb_of(event: &Event) -> Option<(Verb, &str, Option<&str>)> {
    let (verb, by, why) = match event {
        Event::Abort { by, why } => (Verb::Abort, by, why),
        Event::Promote { by, why, extent } => match extent {
            Extent::Next => (Verb::Promote, by, why),
            Extent::Full => (Verb::PromoteFull, by, why),
        },
        Event::Pause { by, why } => (Verb::Pause, by, why),
        Event::Continue { by, why } => (Verb::Continue, by, why),
        Event::Retry { by, why } => (Verb::Retry, by, why),
        _ => return None,
    };
    Some((verb, by, why.as_deref()))
}

/// Lists the verbs that would do something now.
pub(crate) fn possible(state: &Rollout, now: Tick) -> impl Iterator<Item = Verb> {
    Verb::ALL
        .into_iter()
        .filter(move |verb| does_something(state, *verb, now))
}

/// Says whether a verb would change anything now.
pub(crate) fn does_something(state: &Rollout, verb: Verb, now: Tick) -> bool {
    let event = verb.event(String::new(), None);
    let (after, effects) = rollout::step(state.clone(), event, now);
    !effects.is_empty() || after.revision() != state.revision()
}

/// Says why a verb would do nothing.
pub(crate) fn nothing(state: &Rollout, verb: Verb) -> String {
    let at = state
        .current()
        .map_or("its end", |(_, step)| step.name.as_str());
    let why = match verb {
        _ if state.is_finished() => "the rollout is at its end".into(),
        Verb::Abort if state.is_decided() => "it is past its point of no return".into(),
        Verb::Abort => "it is on its way back already".into(),
        Verb::Promote | Verb::PromoteFull => match state.waiting().map(|waiting| &waiting.what) {
            Some(WaitFor::Person { .. }) => {
                "a person paused it: `cutover resume` takes that back".into()
            }
            Some(WaitFor::Command) => {
                "it waits to hear what became of the release command: `cutover resume --release-command`"
                    .into()
            }
            _ => format!("it does not wait for a person at `{at}`"),
        },
        Verb::Pause if state.is_reversible() => "it is paused already".into(),
        Verb::Pause => format!("at `{at}` it cannot stop in between"),
        Verb::Continue => "nobody paused it".into(),
        Verb::Retry => "nothing was refused, lost or set aside".into(),
    };
    format!("nothing: {why}")
}
