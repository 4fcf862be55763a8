//! `cutover agent`.

mod run;
mod status;
mod stop;

use crate::context::Context;
use crate::failure::Failure;

/// The control process of this host
///
/// It is started by `cutover deploy` on first use, and outlives it. Instances and the proxy go on
/// without it.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Args),
    Status(status::Args),
    Stop(stop::Args),
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::Run(args) => run::run(args, context),
        Command::Status(args) => status::run(&args, context),
        Command::Stop(args) => stop::run(&args, context),
    }
}
