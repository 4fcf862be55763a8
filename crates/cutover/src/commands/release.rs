//! `cutover release`.

mod diff;
mod inspect;
mod list;
mod pair;
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
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    match args.command {
        Command::List(args) => list::run(&args, context),
        Command::Inspect(args) => inspect::run(&args, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Diff(args) => diff::run(&args, context),
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
