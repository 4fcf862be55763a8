//! Starting and stopping an instance on purpose.

use agent::api::v1::{InstanceState, InstanceStatus, Stop};

use super::target::Target;
use crate::context::Context;
use crate::failure::Failure;

pub(super) fn start(target: &Target, context: &Context) -> Result<(), Failure> {
    let status = context.block_on(async {
        let (client, found) = target.find(context).await?;
        if found.state == InstanceState::Running {
            return Ok::<_, Failure>(found);
        }
        Ok(client.restart(&found.id).await?)
    })??;
    report(&status, "runs", context);
    Ok(())
}

pub(super) fn stop(target: &Target, context: &Context) -> Result<(), Failure> {
    let status = context.block_on(async {
        let (client, found) = target.find(context).await?;
        let progress = context.printer.progress(format!("stopping {}", found.id));
        let status = client.stop(&found.id, &Stop { timeout_ms: None }).await?;
        progress.done("");
        Ok::<_, Failure>(status)
    })??;
    report(&status, "is stopped", context);
    Ok(())
}

pub(super) fn restart(target: &Target, context: &Context) -> Result<(), Failure> {
    let status = context.block_on(async {
        let (client, found) = target.find(context).await?;
        let progress = context.printer.progress(format!("restarting {}", found.id));
        let status = client.restart(&found.id).await?;
        progress.done("");
        Ok::<_, Failure>(status)
    })??;
    report(&status, "was restarted", context);
    Ok(())
}

fn report(status: &InstanceStatus, what: &str, context: &Context) {
    context.printer.result(status, || {
        let pid = status
            .pid
            .map_or_else(String::new, |pid| format!(" (pid {pid})"));
        format!("{} {what}{pid}", status.id)
    });
}
