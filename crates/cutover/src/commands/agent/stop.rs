//! `cutover agent stop`.

use agent::api::v1::StopAgent;
use agent::client::Client;
use host::process::Ended;
use sys::process::ProcessId;

use crate::context::Context;
use crate::failure::Failure;

/// End the agent; instances and the proxy go on
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also stop every instance and the proxy: nothing serves any more
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let progress = context.printer.progress("stopping");
    context.block_on(stop(args.all, context))??;
    progress.done("");
    let stopped = serde_json::json!({"stopped": true, "everything": args.all});
    context.printer.result(&stopped, || {
        if args.all {
            "the agent, all instances and the proxy have ended".to_owned()
        } else {
            "the agent has ended; instances and the proxy go on".to_owned()
        }
    });
    Ok(())
}

/// Asks the agent to end, and waits until it has.
async fn stop(everything: bool, context: &Context) -> Result<(), Failure> {
    let client = Client::at_home(&context.agent_home());
    let pid = client.info().await?.pid;
    let process = i32::try_from(pid).ok().and_then(ProcessId::of);
    client.stop_agent(&StopAgent { everything }).await?;
    if let Some(Ok(ended)) = process.as_ref().map(Ended::of) {
        ended.wait().await;
    }
    Ok(())
}
