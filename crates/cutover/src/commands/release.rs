//! `cutover release`.

mod apply;
mod appup;
mod diff;
mod inspect;
mod judged;
mod list;
mod pair;
mod relup;
mod upgrade;
mod verdict;
mod verify;

use std::path::{Path, PathBuf};

use ::release::Store;

use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

/// Look at releases and artifacts, compare two, make and apply hot upgrades
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Diff(diff::Args),
    Appup(appup::Args),
    Relup(relup::Args),
    Verdict(verdict::Args),
    Upgrade(upgrade::Args),
    Apply(apply::Args),
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::List(args) => list::run(&args, context),
        Command::Inspect(args) => inspect::run(&args, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Diff(args) => diff::run(&args, context),
        Command::Appup(args) => appup::run(&args, context),
        Command::Relup(args) => relup::run(&args, context),
        Command::Verdict(args) => verdict::run(&args, context),
        Command::Upgrade(args) => upgrade::run(&args, context),
        Command::Apply(args) => apply::run(&args, context),
    }
}

/// What `ARTIFACT` may be, for the help of every command that takes one.
const ARTIFACT_HELP: &str =
    "`latest`, the first digits of an id, a version (the newest of it), or a .cutover file";

/// The file that a person means by `ARTIFACT`. What looks like a path is one.
fn artifact_file(wanted: &str, context: &Context) -> Result<PathBuf, Failure> {
    if wanted.contains('/') || wanted.ends_with(".cutover") {
        return Ok(Path::new(wanted).to_owned());
    }
    let store = Store::open(context.artifacts_dir()).or_fail(Kind::Other)?;
    Ok(store.find(wanted).or_fail(Kind::Usage)?.path)
}
