//! What every command is given: where things are, who is asked, and the printer.

use std::future::Future;
use std::path::PathBuf;

use crate::cli::Globals;
use crate::environment::Environment;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::Printer;

/// The surroundings of a command.
#[derive(Debug)]
pub(crate) struct Context {
    /// The directory of everything we keep.
    pub(crate) home: PathBuf,
    /// The options that every command takes.
    pub(crate) globals: Globals,
    /// The environment variables.
    pub(crate) environment: Environment,
    /// The owner of stdout and stderr.
    pub(crate) printer: Printer,
}

impl Context {
    /// Gathers the surroundings.
    pub(crate) fn new(globals: Globals, environment: Environment, printer: Printer) -> Self {
        let is_root = rustix::process::geteuid().is_root();
        let home = environment.cutover_home(is_root);
        Self {
            // Other processes get this path, and they have another working directory.
            home: std::path::absolute(&home).unwrap_or(home),
            globals,
            environment,
            printer,
        }
    }

    /// The agent's directory.
    pub(crate) fn agent_home(&self) -> PathBuf {
        self.home.join("agent")
    }

    /// Where packed artifacts are kept.
    pub(crate) fn artifacts_dir(&self) -> PathBuf {
        self.home.join("artifacts")
    }

    /// Where the signing keys are kept.
    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.home.join("keys")
    }

    /// Runs a future to its end on this thread.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .or_fail_with(Kind::Other, || "cannot start the event loop".to_owned())?;
        Ok(runtime.block_on(future))
    }
}
