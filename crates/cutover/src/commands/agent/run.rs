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
    /// What this host is called, where several agents of one machine stand for hosts; kept
    ///
    /// Such an agent has a name server of its own for the nodes of its instances.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let options = agent::Options {
        home: args.home.unwrap_or_else(|| context.agent_home()),
        binary: crate::context::binary()?,
        name: args.name,
    };
    daemon_log::begin(&options.home, "agent.log", &context.environment)?;
    agent::run(options).or_fail(Kind::Other)
}
