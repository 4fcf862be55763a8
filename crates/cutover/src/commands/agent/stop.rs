//! `cutover agent stop`.

use agent::client::Client;

use crate::context::Context;
use crate::failure::Failure;

/// End the agent; instances and the proxy go on
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::at_home(&context.agent_home());
    context.block_on(client.stop_agent())??;
    let stopped = serde_json::json!({"stopped": true});
    context.printer.result(&stopped, || {
        "the agent has ended; instances and the proxy go on".to_owned()
    });
    Ok(())
}
