//! What a verdict is made of.

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
    /// A changed module is in no instruction.
    ModuleUncovered,
    /// The independent checker refuses the script.
    ScriptRefused,
    /// What would tell cannot be seen: no debug information.
    Unseen,
}
