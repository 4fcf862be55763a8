//! What cannot be generated, and why.

use crate::Direction;

use super::Role;

/// Something that a generated appup cannot do safely.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The application.
    pub application: String,
    /// The module, where it is about one.
    pub module: Option<String>,
    /// The way that it concerns; `None` for both.
    pub direction: Option<Direction>,
    /// Why.
    pub why: Why,
}

/// Why something is not generated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Why {
    /// Processes of one kind would go on in a module of another kind.
    RoleChanged {
        /// What ran on it.
        from: Role,
        /// What it is in the target.
        to: Role,
    },
    /// A module is deleted on which processes may run that no supervisor is told to end.
    ProcessModuleDeleted,
    /// For a moment a call fails: what is called is gone before its caller is replaced, or is not there
    /// yet when it already is.
    CallWindow {
        /// The other module.
        callee: String,
        /// The function called, with its arity.
        function: String,
    },
    /// A supervisor differs in a way that cannot be brought to the running one.
    Supervision {
        /// What differs, and why it cannot.
        what: String,
    },
    /// It cannot be seen whether a supervisor differs.
    SupervisionUnseen {
        /// What could not be seen.
        why: String,
    },
    /// The application's callback module differs: what was started by one would be stopped by another.
    CallbackChanged {
        /// The module that started it.
        from: Option<String>,
        /// The one in the target.
        to: Option<String>,
    },
    /// Included applications differ: nothing loads or starts them.
    IncludedChanged,
}
