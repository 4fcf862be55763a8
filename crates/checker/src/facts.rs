//! What the files of two releases do not tell: processes, their states, supervisors' children.
//!
//! One value serves both directions: `older` and `newer` are the releases by age, not by the way gone.

mod child;

use std::collections::{BTreeMap, BTreeSet};

use beam::Term;

pub use child::Child;

/// What is known of a node beyond its files.
///
/// What is missing here is not there as far as the walk knows, but for one thing: a changed module that
/// says it has a process behaviour and has no [`ProcessFacts`] is reported as [`crate::Kind::Unseen`].
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// How the node loads code.
    pub code_loading: CodeLoading,
    /// Every kind of process that runs on a module of either release.
    pub processes: Vec<ProcessFacts>,
    /// Every supervisor with a list of children.
    pub supervisors: Vec<SupervisorFacts>,
    /// Which modules a module calls, where the two must be of one release.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// Of each module, the modules whose processes may hold a closure of it for long.
    pub closures: BTreeMap<String, BTreeSet<String>>,
    /// Modules that have old code before the script begins, from an upgrade before this one.
    pub old_code: BTreeSet<String>,
    /// Modules of whose processes nothing can be said: no debug information.
    pub unseen: BTreeSet<String>,
}

/// How a node loads code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeLoading {
    /// All of it at boot; a module not loaded is not there. What `mix release` sets.
    Embedded,
    /// At the first call, from the code path.
    Interactive,
}

/// Processes of one kind on one module.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessFacts {
    /// Their callback module, or the one whose loop they run; of an event manager, the handler.
    pub module: String,
    /// The application that they belong to.
    pub application: String,
    /// Whose loop they run.
    pub kind: ProcessKind,
    /// How `suspend` gets at them.
    pub reach: Reach,
    /// How their state differs between the releases.
    pub state: State,
    /// Whether their supervisor starts them again.
    pub restart: Restart,
    /// The longest that one callback is known to take, in milliseconds.
    pub busy_ms: Option<u64>,
}

/// Whose loop a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcessKind {
    /// `gen_server`'s.
    GenServer,
    /// `gen_statem`'s.
    GenStatem,
    /// `gen_event`'s.
    GenEvent,
    /// `supervisor`'s.
    Supervisor,
    /// Its module's own, which answers system messages (`sys`).
    Special,
    /// Its module's own, which knows nothing of system messages.
    Plain,
}

/// How `suspend`, `code_change`, `resume` and `stop` get at processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Their child specification lists these modules.
    Listed(Vec<String>),
    /// Their child specification says `dynamic`: asked for their modules, which only `gen_event` answers.
    Dynamic,
    /// Not at all: no supervisor of a started application knows them.
    Unsupervised,
}

/// How the state of processes differs between the releases.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Not at all.
    Unchanged,
    /// The code of one release does not fit the state of the other.
    Changed {
        /// What makes the newer state of the older.
        up: Migration,
        /// What makes the older state of the newer.
        down: Migration,
    },
    /// Nobody can tell.
    Unseen,
}

/// Whether `code_change` of the newer module converts a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Migration {
    /// It does, given this extra argument; with any where there is none.
    Handled {
        /// The only argument that it knows.
        extra: Option<Term>,
    },
    /// It leaves the state as it is, or there is none.
    Missing,
}

/// What a supervisor does when a child ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Starts it again, at least after a failure.
    Kept,
    /// Forgets it, with its specification (`temporary`).
    Temporary,
}

/// A supervisor.
#[derive(Debug, Clone, PartialEq)]
pub struct SupervisorFacts {
    /// The module that says what its children are.
    pub module: String,
    /// The application that it belongs to.
    pub application: String,
    /// The name that it is registered by.
    pub registered: Option<String>,
    /// Where `code_change` takes the children from.
    pub callback: SupervisorCallback,
    /// Its children in either release.
    pub children: Children,
}

/// Where a supervisor's `code_change` takes its children from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisorCallback {
    /// `init/1` of its module, on the current code.
    Module,
    /// The arguments it was started with (Elixir's `Supervisor.start_link(children, options)`, whose
    /// callback is `Supervisor.Default`): the old list again.
    Arguments,
}

/// A supervisor's children.
#[derive(Debug, Clone, PartialEq)]
pub enum Children {
    /// Those of the older and of the newer release; an absent supervisor has none.
    Listed {
        /// In the older release.
        older: Option<ChildList>,
        /// In the newer release.
        newer: Option<ChildList>,
    },
    /// Started at run time from one specification that is equal in both (`simple_one_for_one`, `DynamicSupervisor`).
    Started,
    /// Nobody can tell.
    Unseen,
}

/// What `init/1` of a supervisor answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ChildList {
    /// Strategy, intensity and the like.
    pub flags: Term,
    /// The children, in the order of their start.
    pub children: Vec<Child>,
}

impl Facts {
    /// Nothing known: right for two releases without any process of their own.
    #[must_use]
    pub fn none(code_loading: CodeLoading) -> Self {
        Self {
            code_loading,
            processes: Vec::new(),
            supervisors: Vec::new(),
            calls: BTreeMap::new(),
            closures: BTreeMap::new(),
            old_code: BTreeSet::new(),
            unseen: BTreeSet::new(),
        }
    }
}
