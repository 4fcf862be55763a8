//! What a verdict is made of.

use std::collections::BTreeSet;

use relup::Direction;

/// What the comparison of two releases says of a hot upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The way up.
    pub up: Answer,
    /// The way back.
    pub down: Answer,
    /// Every reason found, those against first.
    pub reasons: Vec<Reason>,
}

/// Whether one direction is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Proven so.
    Safe,
    /// Not so, or not seen to be so.
    NotSafe,
}

/// One thing that was seen, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// How much it weighs.
    pub severity: Severity,
    /// What kind of thing it is.
    pub kind: Kind,
    /// Where it was seen.
    pub place: Place,
    /// The direction that it speaks of; `None` for both.
    pub direction: Option<Direction>,
    /// What was seen.
    pub detail: String,
    /// What would make it safe, or what will be done about it.
    pub remedy: String,
}

/// Where a reason was seen; empty where it concerns the release as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The application.
    pub application: Option<String>,
    /// The module.
    pub module: Option<String>,
}

/// How much a reason weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A hot upgrade would do harm.
    Refusal,
    /// A hot upgrade might do harm; what would tell could not be seen.
    Doubt,
    /// Worth knowing; the upgrade takes care of it.
    Note,
}

/// What kind of thing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// ERTS differs.
    ErtsChanged,
    /// The version of OTP's or Elixir's own applications differs.
    RuntimeChanged,
    /// A native library or driver differs.
    NativeChanged,
    /// An application is new.
    ApplicationAdded,
    /// An application is gone.
    ApplicationRemoved,
    /// Children or strategy of a supervisor differ.
    SupervisionChanged,
    /// The state of a process module has another shape and nothing migrates it.
    StateShapeChanged,
    /// A process may hold a closure of a module that is replaced twice.
    ClosureHeld,
    /// A consolidated protocol differs.
    ProtocolChanged,
    /// A process on this module is not reached by `suspend`.
    Unreachable,
    /// The content of an application differs under the same version.
    VersionUnchanged,
    /// The application writes its own environment while it runs.
    EnvironmentWritten,
    /// Configuration differs.
    ConfigChanged,
    /// Files of `priv` differ.
    PrivChanged,
    /// A dependency changed and has no appup.
    AppupMissing,
    /// A changed module is in no instruction, or an instruction names one that is not there.
    ModuleUncovered,
    /// Between the replacement of two modules a call fails.
    CallWindow,
    /// A message sent before the change may have no clause after it.
    MessageUnhandled,
    /// What a process does when it starts differs, and a running one never did it.
    StartChanged,
    /// The independent checker refuses the script.
    ScriptRefused,
    /// What would tell cannot be seen: no debug information.
    Unseen,
}

impl Verdict {
    /// Weighs reasons: a direction is safe where neither a refusal nor a doubt speaks of it.
    #[must_use]
    pub fn of(mut reasons: Vec<Reason>) -> Self {
        join(&mut reasons);
        let answer = |direction| {
            let against = |reason: &Reason| {
                reason.severity != Severity::Note
                    && reason.direction.is_none_or(|way| way == direction)
            };
            if reasons.iter().any(against) {
                Answer::NotSafe
            } else {
                Answer::Safe
            }
        };
        Self {
            up: answer(Direction::Up),
            down: answer(Direction::Down),
            reasons,
        }
    }

    /// Whether the upgrade itself is safe. The way back may not be: then a rollback is a restart.
    #[must_use]
    pub fn is_hot(&self) -> bool {
        self.up == Answer::Safe
    }

    /// The answer for a direction.
    #[must_use]
    pub fn answer(&self, direction: Direction) -> Answer {
        match direction {
            Direction::Up => self.up,
            Direction::Down => self.down,
        }
    }
}

/// Sorts reasons, and makes one of two that are the same both ways.
fn join(reasons: &mut Vec<Reason>) {
    let all: BTreeSet<Reason> = reasons.drain(..).collect();
    for reason in &all {
        let with = |direction| Reason {
            direction,
            ..reason.clone()
        };
        let is_both = |reason: &Reason| {
            let way = reason.direction.map(Direction::reversed);
            all.contains(&with(None)) || all.contains(&with(way))
        };
        match reason.direction {
            Some(Direction::Down) if is_both(reason) => {}
            Some(Direction::Up) if all.contains(&with(None)) => {}
            Some(Direction::Up) if is_both(reason) => reasons.push(with(None)),
            _ => reasons.push(reason.clone()),
        }
    }
    reasons.sort();
}

impl Answer {
    /// Its name in the machine-readable form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::NotSafe => "not_safe",
        }
    }
}

impl Severity {
    /// Its name in the machine-readable form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refusal => "refusal",
            Self::Doubt => "doubt",
            Self::Note => "note",
        }
    }
}

impl Kind {
    /// Its name in the machine-readable form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ErtsChanged => "erts_changed",
            Self::RuntimeChanged => "runtime_changed",
            Self::NativeChanged => "native_changed",
            Self::ApplicationAdded => "application_added",
            Self::ApplicationRemoved => "application_removed",
            Self::SupervisionChanged => "supervision_changed",
            Self::StateShapeChanged => "state_shape_changed",
            Self::ClosureHeld => "closure_held",
            Self::ProtocolChanged => "protocol_changed",
            Self::Unreachable => "unreachable",
            Self::VersionUnchanged => "version_unchanged",
            Self::EnvironmentWritten => "environment_written",
            Self::ConfigChanged => "config_changed",
            Self::PrivChanged => "priv_changed",
            Self::AppupMissing => "appup_missing",
            Self::ModuleUncovered => "module_uncovered",
            Self::CallWindow => "call_window",
            Self::MessageUnhandled => "message_unhandled",
            Self::StartChanged => "start_changed",
            Self::ScriptRefused => "script_refused",
            Self::Unseen => "unseen",
        }
    }
}

impl Place {
    /// The release as a whole.
    #[must_use]
    pub fn release() -> Self {
        Self::default()
    }

    /// An application.
    #[must_use]
    pub fn application(name: impl Into<String>) -> Self {
        Self {
            application: Some(name.into()),
            module: None,
        }
    }

    /// A module of an application.
    #[must_use]
    pub fn module(application: impl Into<String>, module: impl Into<String>) -> Self {
        Self {
            application: Some(application.into()),
            module: Some(module.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(severity: Severity, direction: Option<Direction>) -> Reason {
        Reason {
            severity,
            kind: Kind::PrivChanged,
            place: Place::release(),
            direction,
            detail: String::new(),
            remedy: String::new(),
        }
    }

    #[test]
    fn what_is_the_same_both_ways_is_one_reason() {
        let (up, down) = (Some(Direction::Up), Some(Direction::Down));
        let directions = |ways: &[Option<Direction>]| {
            let reasons = ways.iter().map(|way| reason(Severity::Doubt, *way));
            let verdict = Verdict::of(reasons.collect());
            let reasons = verdict.reasons.into_iter();
            reasons.map(|reason| reason.direction).collect::<Vec<_>>()
        };
        assert_eq!(directions(&[down, up, up]), [None]);
        assert_eq!(directions(&[down, None]), [None]);
        assert_eq!(directions(&[up, None]), [None]);
        assert_eq!(directions(&[up]), [up]);
        assert_eq!(directions(&[down]), [down]);
        let other = Reason {
            detail: "another".to_owned(),
            ..reason(Severity::Doubt, up)
        };
        let verdict = Verdict::of(vec![other, reason(Severity::Doubt, down)]);
        assert_eq!(verdict.reasons.len(), 2);
    }

    #[test]
    fn a_doubt_speaks_against_its_direction_and_a_note_against_none() {
        let answers = |reasons| {
            let verdict = Verdict::of(reasons);
            (verdict.up, verdict.down)
        };
        use Answer::{NotSafe, Safe};
        assert_eq!(answers(vec![]), (Safe, Safe));
        assert_eq!(answers(vec![reason(Severity::Note, None)]), (Safe, Safe));
        assert_eq!(
            answers(vec![reason(Severity::Doubt, None)]),
            (NotSafe, NotSafe)
        );
        let down = reason(Severity::Refusal, Some(Direction::Down));
        assert_eq!(answers(vec![down]), (Safe, NotSafe));
        let up = reason(Severity::Doubt, Some(Direction::Up));
        assert_eq!(answers(vec![up]), (NotSafe, Safe));
    }
}
