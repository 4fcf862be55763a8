//! High-level instructions: what an appup says, before it is translated.

mod print;
mod read;

use beam::Term;

use super::{Low, Purges};

/// An instruction of an appup.
#[derive(Debug, Clone, PartialEq)]
pub enum High {
    /// Replaces the code of a module under its suspended processes.
    Update(Update),
    /// Replaces the code of a module.
    LoadModule {
        /// The module.
        module: String,
        /// How processes on old code are treated.
        purges: Purges,
        /// The modules it depends on.
        depends: Vec<String>,
    },
    /// Loads a module that was not there.
    AddModule {
        /// The module.
        module: String,
        /// The modules it depends on.
        depends: Vec<String>,
    },
    /// Unloads a module that is not there any more.
    DeleteModule {
        /// The module.
        module: String,
        /// The modules it depends on.
        depends: Vec<String>,
    },
    /// Loads and starts an application.
    AddApplication {
        /// The application.
        application: String,
        /// How it is started.
        start: beam::rel::StartType,
    },
    /// Stops and unloads an application.
    RemoveApplication {
        /// The application.
        application: String,
    },
    /// Stops an application, replaces its code and starts it.
    RestartApplication {
        /// The application.
        application: String,
    },
    /// A low-level instruction.
    Low(Low),
}

/// An `update` instruction in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The module.
    pub module: String,
    /// Whether its processes change their state before or after the code on the way down.
    pub module_type: ModuleType,
    /// How long a process may take to be suspended.
    pub timeout: Timeout,
    /// How its processes change.
    pub change: Change,
    /// How processes on old code are treated.
    pub purges: Purges,
    /// The modules it depends on.
    pub depends: Vec<String>,
}

impl Update {
    /// An update without `code_change`, with the defaults of `{update, Module}`.
    pub fn soft(module: impl Into<String>) -> Self {
        Self {
            module: module.into(),
            module_type: ModuleType::Dynamic,
            timeout: Timeout::Default,
            change: Change::Soft,
            purges: Purges::BRUTAL,
            depends: Vec::new(),
        }
    }

    /// An update with `code_change`, with the defaults of `{update, Module, {advanced, Extra}}`.
    pub fn advanced(module: impl Into<String>, extra: Term) -> Self {
        Self {
            change: Change::Advanced(extra),
            ..Self::soft(module)
        }
    }

    /// What `{update, Module, supervisor}` stands for.
    pub fn supervisor(module: impl Into<String>) -> Self {
        Self {
            module_type: ModuleType::Static,
            ..Self::advanced(module, Term::List(Vec::new()))
        }
    }
}

/// How processes of an updated module change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// They go on with their state as it is.
    Soft,
    /// `code_change` is called with this argument.
    Advanced(Term),
}

/// What a module's processes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleType {
    /// Behaviour modules: on the way down they change before the older code is loaded.
    Dynamic,
    /// Supervisors and the like: always after.
    Static,
}

/// How long to wait for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// As long as `sys` does by default.
    Default,
    /// For ever.
    Infinity,
    /// That many milliseconds.
    Milliseconds(u64),
}
