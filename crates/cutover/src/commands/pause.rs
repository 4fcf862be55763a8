//! `cutover pause`.

use coordinator::Verb;

use crate::context::Context;
use crate::failure::Failure;
use crate::rollouts::{VerbArgs, give};

/// Have a rollout go no further than the step under way
///
/// Weights stay as they are then, leased for `pause_max`; after that the earlier version is back. `cutover
/// resume` goes on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    verb: VerbArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    give(context, Verb::Pause, &args.verb)
}
