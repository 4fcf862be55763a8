//! Low-level instructions: what `release_handler` performs, one after another.

mod print;
mod read;

use beam::Term;

use super::Timeout;

/// A low-level instruction.
#[derive(Debug, Clone, PartialEq)]
pub enum Low {
    /// Reads the object code of modules from the application's new directory.
    LoadObjectCode {
        /// The application.
        application: String,
        /// Its version there.
        vsn: String,
        /// The modules.
        modules: Vec<String>,
    },
    /// From here on a failure restarts the node.
    PointOfNoReturn,
    /// Makes read code current.
    Load {
        /// The module.
        module: String,
        /// How processes on old code are treated.
        purges: Purges,
    },
    /// Makes the current code of a module old.
    Remove {
        /// The module.
        module: String,
        /// How processes on old code are treated.
        purges: Purges,
    },
    /// Purges the old code of modules, killing processes on it.
    Purge(Vec<String>),
    /// Suspends the processes of modules, in this order.
    Suspend(Vec<(String, Option<Timeout>)>),
    /// Resumes the processes of modules, in this order.
    Resume(Vec<String>),
    /// Has the suspended processes of modules change their state.
    CodeChange {
        /// Whether to the newer or back to the older code.
        mode: CodeChange,
        /// Each module with its extra argument.
        modules: Vec<(String, Term)>,
    },
    /// Stops the processes of modules through their supervisors.
    Stop(Vec<String>),
    /// Starts the processes of modules, stopped before, through their supervisors.
    Start(Vec<String>),
    /// Waits for other nodes to be at the same instruction.
    SyncNodes {
        /// What names the meeting.
        id: Term,
        /// The nodes, a list of atoms, or a `{M, F, A}` that tells them.
        nodes: Term,
    },
    /// Calls a function.
    Apply {
        /// The module.
        module: String,
        /// The function.
        function: String,
        /// Its arguments.
        args: Vec<Term>,
    },
    /// Restarts the emulator on the new ERTS, then goes on.
    RestartNewEmulator,
    /// Restarts the emulator at the end.
    RestartEmulator,
}

/// Which `code_change` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeChange {
    /// To the newer code.
    Up,
    /// Back to the older code.
    Down,
}

/// How a process still on old code is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    /// It lets the release upgrade fail, or keeps its code.
    Soft,
    /// It is killed.
    Brutal,
}

/// The two purges of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purges {
    /// Before the new code is made current.
    pub pre: Purge,
    /// After it was.
    pub post: Purge,
}

impl Purges {
    /// Both brutal: what instructions have where they say nothing.
    pub const BRUTAL: Self = Self {
        pre: Purge::Brutal,
        post: Purge::Brutal,
    };
}
