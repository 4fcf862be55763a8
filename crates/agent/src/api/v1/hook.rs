//! Commands of the user around the life of an instance.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A command that the agent runs on its host at a point in the life of an instance.
///
/// No shell is between: the first word is the program, looked for in the instance's `PATH`, or below the
/// working directory where it holds a `/` and is not absolute. It has the instance's environment, and
///
/// | variable | value |
/// |---|---|
/// | `CUTOVER_HOOK` | the point, such as `pre-start` |
/// | `CUTOVER_SERVICE`, `CUTOVER_ENVIRONMENT` | the service, and its environment |
/// | `CUTOVER_INSTANCE`, `CUTOVER_SLOT` | the instance id, and its slot |
/// | `CUTOVER_ARTIFACT`, `CUTOVER_VSN` | the artifact id, and the release's version |
/// | `CUTOVER_PORT` | the port that the proxy and the health check talk to |
/// | `CUTOVER_ROOT` | the instance's root |
/// | `CUTOVER_NODE`, `CUTOVER_HOST` | the node name, and the name of the host |
///
/// Its working directory is the instance's root; for `pre-configure`, which may come before there is one,
/// the directory around it. What it prints goes to the instance's log. At the time limit it is killed with
/// all below it. Hooks of a point run one after the other, in the order given.
///
/// The hooks around start run with each start, also one after a crash; those around stop with each stop on
/// purpose, and with none after a crash. A stop that comes while hooks before the start run waits for them;
/// those of `post-start` it ends. Where the agent is killed in the middle, the next one ends what is left of
/// a hook before it runs another, and runs the hooks of a start that was not over, or of a stop whose
/// program still runs, again: they must bear that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleHook {
    /// When.
    pub point: HookPoint,
    /// What it is called, for people.
    pub name: String,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Time for it to end, in milliseconds.
    pub timeout_ms: u64,
    /// What becomes of the instance if it fails: another exit than 0, or none in time.
    pub on_failure: OnHookFailure,
}

/// A point in the life of an instance; those of Distillery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookPoint {
    /// Before the root is made, with its cookie and what belongs to this artifact.
    PreConfigure,
    /// After it, and before anything runs.
    PostConfigure,
    /// Before the program starts.
    PreStart,
    /// Once the program passed its health check for the first time; it counts as unhealthy until these
    /// have ended. The time limit of the first one includes the wait for that.
    PostStart,
    /// Before the program is asked to stop, after the proxy was told.
    PreStop,
    /// After it has ended.
    PostStop,
    /// Before a running node gets another version. Kept with the instance for the one who does that.
    PreUpgrade,
    /// After that.
    PostUpgrade,
}

impl HookPoint {
    /// All points, in the order of an instance's life.
    pub const ALL: [Self; 8] = [
        Self::PreConfigure,
        Self::PostConfigure,
        Self::PreStart,
        Self::PostStart,
        Self::PreStop,
        Self::PostStop,
        Self::PreUpgrade,
        Self::PostUpgrade,
    ];

    /// Its name, as in `CUTOVER_HOOK`.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreConfigure => "pre-configure",
            Self::PostConfigure => "post-configure",
            Self::PreStart => "pre-start",
            Self::PostStart => "post-start",
            Self::PreStop => "pre-stop",
            Self::PostStop => "post-stop",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
        }
    }
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What becomes of an instance whose hook fails. A stop goes on in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnHookFailure {
    /// The start is refused with `hook_failed`; for `post-start` the program is stopped first.
    Refuse,
    /// For `post-start`: it runs on, and counts as unhealthy until it is started anew. For the other points
    /// of a start the same as [`Self::Refuse`].
    Unhealthy,
    /// It is written down, and nothing else.
    Ignore,
}

/// What became of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookOutcome {
    /// When it ran.
    pub point: HookPoint,
    /// Its name.
    pub name: String,
    /// When it began, in milliseconds since the epoch.
    pub at_ms: u64,
    /// The exit code, 128 + n for signal n; nothing where it could not be run, or did not end in time.
    pub exit: Option<i32>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The end of what it printed, or why it could not be run.
    pub output: String,
}

impl HookOutcome {
    /// Whether it ended as it should.
    pub fn passed(&self) -> bool {
        self.exit == Some(0)
    }
}
