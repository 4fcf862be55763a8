//! `cutover release verify`.

use std::path::PathBuf;

use ::release::TrustedKeys;
use ::release::unpack::verify;
use serde_json::json;

use super::{ARTIFACT_HELP, artifact_file};
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::GOOD;

/// Check an artifact to its last byte: whole, signed by a trusted key, every file as signed
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "ARTIFACT", default_value = "latest", help = ARTIFACT_HELP)]
    artifact: String,
    /// Trust this public key only, not those of this machine and its agent
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let path = artifact_file(&args.artifact, context)?;
    let trusted = trusted(args, context)?;
    let progress = context
        .printer
        .progress(format!("verify {}", path.display()));
    let verified = verify(&path, &trusted).or_fail(Kind::Verification)?;
    progress.done("");
    let manifest = &verified.manifest;
    let result = json!({
        "artifact": verified.id.to_string(),
        "release": manifest.release,
        "vsn": manifest.vsn,
        "key": verified.key,
        "files": manifest.entries.len(),
    });
    context.printer.result(&result, || {
        format!(
            "{GOOD}good{GOOD:#}: {} {} is artifact {}, signed by key {}, all {} files as signed",
            manifest.release,
            manifest.vsn,
            verified.id,
            verified.key,
            manifest.entries.len()
        )
    });
    Ok(())
}

fn trusted(args: &Args, context: &Context) -> Result<TrustedKeys, Failure> {
    if let Some(file) = &args.key {
        return TrustedKeys::load_one(file).or_fail(Kind::Verification);
    }
    let own = TrustedKeys::load(&context.keys_dir()).or_fail(Kind::Verification)?;
    let pinned = TrustedKeys::load(&context.agent_home().join("trusted"));
    Ok(own.and(pinned.or_fail(Kind::Verification)?))
}
