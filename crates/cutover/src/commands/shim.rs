//! `cutover shim`, which the agent starts between itself and each instance.

use std::path::PathBuf;

use crate::failure::{Failure, Kind, OrFail};

/// Run the program that a directory describes, and keep its logs and its end
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory of the instance or the run
    directory: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    host::shim::run(&args.directory).or_fail(Kind::Other)
}
