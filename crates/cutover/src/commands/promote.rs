//! `cutover promote`.

use coordinator::Verb;

use crate::context::Context;
use crate::failure::Failure;
use crate::rollouts::{VerbArgs, give};

/// Go on with a rollout that waits for a person
///
/// Ends the pause, or the analysis that could not tell, that it waits at. With `--full` it also goes past all
/// pauses, analyses and partial weights that are left; health gates and the commit stay.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Past all pauses, analyses and partial weights that are left
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    verb: VerbArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let verb = if args.full {
        Verb::PromoteFull
    } else {
        Verb::Promote
    };
    give(context, verb, &args.verb)
}
