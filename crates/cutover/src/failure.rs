//! How a command fails: what happened, why, what to do next, and with which exit code.

mod from_agent;
mod from_coordinator;
mod from_project;

use std::error::Error;
use std::ops::Deref;
use std::process::ExitCode;

/// What sort of failure it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything else.
    Other,
    /// The command line is wrong.
    Usage,
    /// The settings or the Mix project are wrong.
    Configuration,
    /// The build failed.
    Build,
    /// An artifact or a signature is not what it should be.
    Verification,
    /// The rollout failed and all traffic is back with stable.
    Reverted,
    /// The rollout is unfinished and needs a person.
    Unfinished,
    /// Somebody else holds the lock.
    Locked,
    /// An agent or a host does not answer.
    Unreachable,
    /// A hot upgrade is not safe.
    NotSafe,
}

impl Kind {
    /// The documented exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Build => 4,
            Self::Verification => 5,
            Self::Reverted => 6,
            Self::Unfinished => 7,
            Self::Locked => 8,
            Self::Unreachable => 9,
            Self::NotSafe => 10,
        }
    }

    /// A stable word for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::Build => "build",
            Self::Verification => "verification",
            Self::Reverted => "reverted",
            Self::Unfinished => "unfinished",
            Self::Locked => "locked",
            Self::Unreachable => "unreachable",
            Self::NotSafe => "not_safe",
        }
    }
}

/// A failed command; small, for it is in every result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure(Box<Details>);

/// What is known of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) kind: Kind,
    /// What happened, to what.
    pub(crate) message: String,
    /// Why, outermost first.
    pub(crate) causes: Vec<String>,
    /// What another program printed, shown as it is before the error.
    pub(crate) verbatim: String,
    /// Lines that explain, such as the end of a log, shown beside a bar.
    pub(crate) output: Vec<String>,
    /// What to do next.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// Makes a failure with its message: lower case, no full stop.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            message: message.into(),
            causes: Vec::new(),
            verbatim: String::new(),
            output: Vec::new(),
            hints: Vec::new(),
        }))
    }

    /// Makes a failure of an error: its text is the message, its sources are the causes.
    pub(crate) fn of(kind: Kind, error: &(dyn Error + 'static)) -> Self {
        Self::new(kind, error.to_string()).chain(error.source())
    }

    /// Adds an error and its sources as causes.
    pub(crate) fn because(self, error: &(dyn Error + 'static)) -> Self {
        self.chain(Some(error))
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds what another program printed, such as Mix's own errors.
    pub(crate) fn verbatim(mut self, text: &str) -> Self {
        text.clone_into(&mut self.0.verbatim);
        self
    }

    /// Adds lines that explain, such as the end of an application's log.
    pub(crate) fn output(mut self, text: &str) -> Self {
        self.0.output.extend(text.lines().map(str::to_owned));
        self
    }

    /// The exit code of the process.
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }

    fn chain(mut self, mut error: Option<&(dyn Error + 'static)>) -> Self {
        while let Some(cause) = error {
            // Many errors already name their source at the end of their own text.
            let text = cause.to_string();
            let last = self.causes.last().unwrap_or(&self.message);
            if !last.ends_with(&text) {
                self.0.causes.push(text);
            }
            error = cause.source();
        }
        self
    }
}

impl Deref for Failure {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

/// Turns an error into a [`Failure`] in passing.
pub(crate) trait OrFail<T> {
    /// The error's text is the message.
    fn or_fail(self, kind: Kind) -> Result<T, Failure>;
    /// `message` says what was attempted, the error is its cause.
    fn or_fail_with(self, kind: Kind, message: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Error + 'static> OrFail<T> for Result<T, E> {
    fn or_fail(self, kind: Kind) -> Result<T, Failure> {
        self.map_err(|error| Failure::of(kind, &error))
    }

    fn or_fail_with(self, kind: Kind, message: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(kind, message()).because(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open it: {0}")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_cause_already_in_the_message_is_not_repeated() {
        let error = Outer(std::io::Error::other("disk gone"));
        let failure = Failure::of(Kind::Other, &error);
        assert_eq!(failure.message, "cannot open it: disk gone");
        assert!(failure.causes.is_empty());
        let failure = Failure::new(Kind::Build, "no build").because(&error);
        assert_eq!(failure.causes, ["cannot open it: disk gone"]);
    }
}
