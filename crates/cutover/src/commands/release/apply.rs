//! `cutover release apply`.

use std::path::PathBuf;

use ::release::TrustedKeys;
use ::release::upgrade::{Package, Trust, apply};
use ::relup::Direction;
use serde_json::json;

use super::upgrade::failure;
use crate::build::size;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::GOOD;

/// Bring the newer release of an upgrade package into a directory that holds the older one
///
/// The older one stays whole and goes on booting: which version boots (start_erl.data) and RELEASES are
/// left to the upgrade of the running node. Done again after a crash, it completes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The upgrade package
    #[arg(value_name = "FILE")]
    package: PathBuf,
    /// The directory of the release
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The other way: bring the older release into a directory that holds the newer one
    #[arg(long)]
    down: bool,
    /// Trust this public key only, not those of this machine and its agent
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let trusted = match &args.key {
        Some(file) => TrustedKeys::load_one(file).or_fail(Kind::Verification)?,
        None => {
            let own = TrustedKeys::load(&context.keys_dir()).or_fail(Kind::Verification)?;
            let pinned = TrustedKeys::load(&context.agent_home().join("trusted"));
            own.and(pinned.or_fail(Kind::Verification)?)
        }
    };
    let trust = match trusted.is_empty() {
        true => Trust::Anyone,
        false => Trust::Keys(&trusted),
    };
    let package = Package::open(&args.package, trust).map_err(|e| failure(&e))?;
    if package.key.is_none() {
        context
            .printer
            .warn("no key is trusted on this machine, so the package's signature was not checked");
    }
    let direction = match args.down {
        true => Direction::Down,
        false => Direction::Up,
    };
    let applied = apply(&package, &args.to, direction).map_err(|e| failure(&e))?;
    let result = json!({
        "upgrade": package.id.to_string(),
        "release": package.manifest.release,
        "from": applied.from,
        "to": applied.to,
        "files": applied.files,
        "bytes": applied.bytes,
        "key": package.key,
        "releases_entry": applied.releases_entry,
    });
    context.printer.result(&result, || {
        format!(
            "{GOOD}applied{GOOD:#}: {} {} lies beside {} in {}; {} files written, {}",
            package.manifest.release,
            applied.to,
            applied.from,
            args.to.display(),
            applied.files,
            size(applied.bytes)
        )
    });
    Ok(())
}
