//! Becoming the release's launcher, with the instance's environment.

use std::os::unix::process::CommandExt;

use super::target::Target;
use crate::context::Context;
use crate::environment::TERM;
use crate::failure::{Failure, Kind};

/// Whether the node must be running for a command of the launcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// The command speaks to the running node.
    Node,
    /// The command needs the release only.
    Release,
}

/// Replaces this process by the launcher: its exit code, its terminal and its signals are ours.
pub(super) fn exec(
    target: &Target,
    needs: Needs,
    arguments: &[&str],
    context: &Context,
) -> Result<(), Failure> {
    let launch = context.block_on(async {
        let (client, instance) = match needs {
            Needs::Node => target.find_running(context).await?,
            Needs::Release => target.find(context).await?,
        };
        Ok::<_, Failure>(client.launch(&instance.id).await?)
    })??;
    let mut command = sys::process::command(&launch.program);
    command.args(arguments).env_clear().envs(&launch.env);
    if let Some(terminal) = &context.environment.term {
        command.env(TERM, terminal);
    }
    let error = command.exec();
    let message = format!("cannot run {}", launch.program.display());
    Err(Failure::new(Kind::Other, message).because(&error))
}
