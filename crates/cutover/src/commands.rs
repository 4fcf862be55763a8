//! The commands, one in each file: `Args` with its help, then `run`.

pub(crate) mod abort;
pub(crate) mod agent;
pub(crate) mod app;
pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod deploy;
pub(crate) mod freeze;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod lock;
pub(crate) mod pause;
pub(crate) mod plan;
pub(crate) mod promote;
pub(crate) mod proxy;
pub(crate) mod release;
pub(crate) mod resume;
pub(crate) mod retry;
pub(crate) mod rollback;
pub(crate) mod shim;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod watch;

use crate::context::Context;
use crate::failure::Failure;

/// A command and its arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Config(config::Args),
    Build(build::Args),
    Plan(plan::Args),
    Deploy(deploy::Args),
    Status(status::Args),
    Watch(watch::Args),
    History(history::Args),
    Show(show::Args),
    Rollback(rollback::Args),
    Promote(promote::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    Retry(retry::Args),
    Abort(abort::Args),
    Freeze(freeze::Args),
    Lock(lock::Args),
    Release(release::Args),
    App(app::Args),
    Agent(agent::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Proxy(proxy::Args),
    #[command(hide = true)]
    Shim(shim::Args),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Init(args) => init::run(&args, context),
            Self::Config(args) => config::run(&args, context),
            Self::Build(args) => build::run(&args, context),
            Self::Release(args) => release::run(args, context),
            Self::Plan(args) => plan::run(&args, context),
            Self::Deploy(args) => deploy::run(&args, context),
            Self::Status(args) => status::run(&args, context),
            Self::Watch(args) => watch::run(&args, context),
            Self::History(args) => history::run(&args, context),
            Self::Show(args) => show::run(&args, context),
            Self::Rollback(args) => rollback::run(&args, context),
            Self::Promote(args) => promote::run(&args, context),
            Self::Pause(args) => pause::run(&args, context),
            Self::Retry(args) => retry::run(&args, context),
            Self::Freeze(args) => freeze::run(&args, context),
            Self::Resume(args) => resume::run(&args, context),
            Self::Abort(args) => abort::run(&args, context),
            Self::Lock(args) => lock::run(&args, context),
            Self::App(args) => app::run(args, context),
            Self::Agent(args) => agent::run(args, context),
            Self::Proxy(args) => proxy::run(args, context),
            Self::Shim(args) => shim::run(&args),
            Self::Completions(args) => completions::run(&args, context),
        }
    }
}
