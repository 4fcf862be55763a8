//! `cutover app logs`.

use agent::client::Follow;

use super::target::Target;
use crate::context::Context;
use crate::failure::Failure;

/// Print the log of an instance
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: Target,
    /// Go on with what is logged from now on
    #[arg(long, short)]
    follow: bool,
    /// How many lines of what is there
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    lines: usize,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    context.block_on(async {
        let (client, instance) = args.target.find(context).await?;
        let follow = if args.follow { Follow::Yes } else { Follow::No };
        let mut logs = client.logs(&instance.id, args.lines, follow).await?;
        while let Some(bytes) = logs.next().await? {
            if !context.printer.stream(&bytes) {
                break;
            }
        }
        Ok(())
    })?
}
