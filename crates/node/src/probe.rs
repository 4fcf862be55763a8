//! What a look at a running node says.

mod read;
mod script;

use beam::etf::{Pid, Term};

/// How many there are of something that the node limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many there are.
    pub now: u64,
    /// How many there may be.
    pub limit: u64,
}

/// Memory in bytes, after `erlang:memory/0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All that the emulator has allocated.
    pub total: u64,
    /// The part used by processes.
    pub processes: u64,
    /// Binaries.
    pub binary: u64,
    /// ETS tables.
    pub ets: u64,
}

/// An application that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A mailbox among the largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Whose it is.
    pub pid: Pid,
    /// Messages in it.
    pub length: u64,
    /// The registered name of the process.
    pub name: Option<String>,
    /// The function that it is in, `module:name/arity`.
    pub current: Option<String>,
}

/// A child of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The application.
    pub application: String,
    /// The ids of the supervisors above it within the application, then its own. An id that is large is
    /// shortened to a hash.
    pub path: Vec<Term>,
    /// The supervisor that it belongs to.
    pub supervisor: Pid,
    /// What it does.
    pub state: ChildState,
}

/// What a child does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildState {
    /// It runs.
    Running(Pid),
    /// Its supervisor tries to start it again.
    Restarting,
    /// It does not run, and nobody tries: it ended as it may, or was stopped.
    Stopped,
}

/// A part of the supervision tree that was not looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The application.
    pub application: String,
    /// The ids down to the supervisor in question; none where it is the application's first.
    pub path: Vec<Term>,
    /// Why.
    pub reason: UnseenReason,
}

/// Why a part of the supervision tree was not looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnseenReason {
    /// The supervisor's heap is so large that listing its children could hold it up.
    Large,
    /// It gave no answer in time: it is busy starting or stopping children, or hangs.
    Silent,
    /// It ended meanwhile.
    Gone,
    /// It has more children than are listed.
    Many,
    /// The child says that it is a supervisor, but is none of OTP's or Elixir's; asking could crash it.
    Unknown,
}

/// One look at a running node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The OTP release, such as `25`.
    pub otp: String,
    /// The process id of the emulator, as the node knows it.
    pub os_pid: String,
    /// Whether the boot script has run to its end, so that all applications of the release are started.
    pub booted: bool,
    /// Milliseconds since the emulator started.
    pub uptime_ms: u64,
    /// Schedulers that run Erlang code.
    pub schedulers_online: u64,
    /// Processes and ports that wait for a scheduler: the least of three looks within this one.
    pub run_queue: u64,
    /// Memory.
    pub memory: Memory,
    /// Processes.
    pub processes: Count,
    /// Ports.
    pub ports: Count,
    /// Atoms.
    pub atoms: Count,
    /// The applications that run; none where the application controller gave no answer in time.
    pub applications: Option<Vec<Application>>,
    /// The largest mailboxes that are not empty, the largest first.
    pub mailboxes: Vec<Mailbox>,
    /// How many processes were looked into for [`mailboxes`](Self::mailboxes). Fewer than there are on
    /// a node with very many: then the registered ones and, up to a bound, the oldest.
    pub mailboxes_seen: u64,
    /// The children in the supervision trees of the applications that are not OTP's or Elixir's own.
    /// Children without an identity of their own (`simple_one_for_one`, `DynamicSupervisor`) are not
    /// among them.
    pub children: Vec<Child>,
    /// What of these trees was not looked into.
    pub unseen: Vec<Unseen>,
}
