//! `cutover proxy`, which the agent starts.

use std::path::PathBuf;

use crate::context::Context;
use crate::daemon_log;
use crate::failure::{Failure, Kind, OrFail};

/// Run the proxy in the foreground; the agent starts it when it needs one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The proxy's directory
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    daemon_log::begin(&args.home, "proxy.log", &context.environment)?;
    ::proxy::serve(::proxy::Options { home: args.home }).or_fail(Kind::Other)
}
