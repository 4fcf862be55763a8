//! The small process between the agent and one program: `cutover shim DIRECTORY`.
//!
//! It leads a session of its own, starts the program of [`Launch`] in a process group of its own, writes
//! what it prints to rotated logs, reaps it, and leaves an [`Exit`]. Files in the directory:
//!
//! | file | writer | what |
//! |---|---|---|
//! | `launch.json` | agent | what to run (0600: it holds the environment) |
//! | `shim.lock` | shim | held (flock) as long as the shim lives |
//! | `run.json` | shim | who runs: [`Record`], written before and after the start |
//! | `output` | shim | the FIFO that the program prints to |
//! | `logs/current.log`, `.1` … | shim | what it printed |
//! | `exit.json` | shim | how the run ended: [`Exit`] |
//!
//! **Killed shims.** The program holds the FIFO open for both reading and writing, so it never sees a
//! broken pipe when its shim is killed; what it prints waits there (and it with it, once 64 kB wait). A
//! new shim on the directory finds the program by its identity, or, where the shim died in the instant
//! between start and record, by who has the FIFO as its output; it adopts it: logs go on, the end is
//! seen. Only the exit code of an adopted program cannot be known, and is recorded as such.

mod directory;
mod leftovers;
mod output;
mod program;
mod session;
mod starter;
mod wire;

pub use directory::{Directory, Lock};
pub use session::{Error, run};
pub use starter::{StartError, start};
pub use wire::{Exit, Launch, LogLimits, Record};
