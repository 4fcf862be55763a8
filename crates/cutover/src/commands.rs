//! The commands, one in each file: `Args` with its help, then `run`.

pub(crate) mod completions;
pub(crate) mod config;

use crate::context::Context;
use crate::failure::Failure;

/// A command and its arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Config(config::Args),
    Completions(completions::Args),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Config(args) => config::run(&args, context),
            Self::Completions(args) => completions::run(&args, context),
        }
    }
}
