//! `cutover agent run`.

use std::path::PathBuf;

use crate::context::Context;
use crate::daemon_log;
use crate::failure::{Failure, Kind, OrFail};

/// Run the agent in the foreground
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The agent's directory [default: `agent` in the directory of CUTOVER_HOME]
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let options = agent::Options {
        home: args.home.unwrap_or_else(|| context.agent_home()),
        binary: crate::context::binary()?,
    };
    daemon_log::begin(&options.home, "agent.log", &context.environment)?;
    agent::run(options).or_fail(Kind::Other)
}
