//! `cutover release diff`.

mod json;
mod text;

use super::pair::Pair;
use crate::context::Context;
use crate::failure::Failure;

/// Show what differs between two releases: applications, modules, protocols, configuration, files
///
/// Nothing of either is run. Values of the configuration are never shown, for they may be secrets.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pair: Pair,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (a, b) = args.pair.read(context)?;
    let diff = relup::diff(&a.release, &b.release);
    context
        .printer
        .result(&json::document(&diff), || text::render(&diff));
    Ok(())
}
