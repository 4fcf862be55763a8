//! `cutover app`.

mod launcher;
mod lifecycle;
mod logs;
mod target;

use clap::Subcommand;

use self::launcher::{Needs, exec};
use self::target::Target;
use crate::context::Context;
use crate::failure::Failure;

/// Speak to a running instance through its release's launcher
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start an instance that was stopped
    Start(Target),
    /// Stop an instance; it stays stopped
    Stop(Target),
    /// Stop an instance and start it again
    Restart(Target),
    /// Ask the running node to answer `pong`
    Ping(Target),
    /// Print the version of the release
    Version(Target),
    /// Run an expression on the running node
    Rpc(Expression),
    /// Run an expression in a new node of the same release and environment
    Eval(Expression),
    /// Open a shell on the running node
    Remote(Target),
    Logs(logs::Args),
}

/// An instance and an expression.
#[derive(Debug, clap::Args)]
struct Expression {
    /// Elixir code, such as 'IO.puts(Node.self())'
    expression: String,
    #[command(flatten)]
    target: Target,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::Start(target) => lifecycle::start(&target, context),
        Command::Stop(target) => lifecycle::stop(&target, context),
        Command::Restart(target) => lifecycle::restart(&target, context),
        Command::Ping(target) => exec(&target, Needs::Node, &["rpc", "IO.puts(:pong)"], context),
        Command::Version(target) => exec(&target, Needs::Release, &["version"], context),
        Command::Rpc(rpc) => exec(&rpc.target, Needs::Node, &["rpc", &rpc.expression], context),
        Command::Eval(eval) => exec(
            &eval.target,
            Needs::Release,
            &["eval", &eval.expression],
            context,
        ),
        Command::Remote(target) => exec(&target, Needs::Node, &["remote"], context),
        Command::Logs(args) => logs::run(&args, context),
    }
}
