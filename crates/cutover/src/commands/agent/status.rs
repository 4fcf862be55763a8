//! `cutover agent status`.

use agent::api::v1::AgentInfo;
use agent::client::Client;

use crate::context::Context;
use crate::failure::Failure;

/// Say whether the agent and the proxy run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::at_home(&context.agent_home());
    let info = context.block_on(client.info())??;
    context.printer.result(&info, || describe(&info));
    Ok(())
}

fn describe(info: &AgentInfo) -> String {
    let mut lines = vec![format!(
        "agent {} runs on {} (pid {}), in {}",
        info.version,
        info.host,
        info.pid,
        info.home.display()
    )];
    match &info.proxy {
        Some(proxy) => {
            lines.push(format!("proxy {} runs (pid {})", proxy.version, proxy.pid));
            lines.extend(
                proxy
                    .listeners
                    .iter()
                    .map(|l| format!("  listens on {}", l.bound)),
            );
        }
        None => lines
            .push("the proxy does not run; the agent starts it with the first route".to_owned()),
    }
    lines.join("\n")
}
