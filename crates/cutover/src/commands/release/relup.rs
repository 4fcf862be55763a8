//! `cutover release relup`.

use std::path::PathBuf;

use ::relup::Relup;
use ::verdict::judge;
use serde_json::json;
use sys::file::{Access, write_atomic};

use super::judged::{KeptArgs, not_safe, require_sasl};
use super::pair::{RELEASE_HELP, ReadingArgs};
use super::verdict::document;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

/// Print the relup that brings one or several older releases to a newer one, and back
///
/// Whether it is safe to follow is another question: `cutover release verdict` answers it, and a warning
/// says where it is not.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "RELEASE", num_args = 2.., required = true,
        help = format!("The older releases, then the newer one, each {RELEASE_HELP}"))]
    releases: Vec<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    kept: KeptArgs,
    /// Write it to a file instead
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let Some((target, bases)) = args.releases.split_last() else {
        return Err(Failure::new(Kind::Usage, "name two releases"));
    };
    let kept = args.kept.read()?;
    let mut joined: Option<Relup> = None;
    let mut verdicts = Vec::new();
    for base in bases {
        let (a, b) = args.reading.read(base, target, context)?;
        require_sasl(&a, &b)?;
        let mut judged = judge(&a.release, &b.release, &kept);
        let Some(relup) = judged.relup.take() else {
            return Err(not_safe(&a, &b, &judged));
        };
        let (from, to) = (&a.release.vsn, &b.release.vsn);
        if !judged.verdict.is_hot() {
            context.printer.warn(&format!(
                "the upgrade from {from} to {to} is not safe; `cutover release verdict` says why"
            ));
        }
        verdicts.push(json!({"base": from, "verdict": document(&judged.verdict)}));
        match &mut joined {
            None => joined = Some(relup),
            Some(joined) if joined.up.iter().any(|edge| edge.vsn == *from) => {
                let message = format!("release {from} is given as a base twice");
                return Err(Failure::new(Kind::Usage, message));
            }
            Some(joined) => {
                joined.up.extend(relup.up);
                joined.down.extend(relup.down);
            }
        }
    }
    let Some(relup) = joined else {
        return Err(Failure::new(Kind::Usage, "name two releases"));
    };
    let text = relup.to_string();
    if let Some(path) = &args.output {
        write_atomic(path, text.as_bytes(), Access::Shared).or_fail(Kind::Other)?;
    }
    let result = json!({
        "vsn": relup.vsn,
        "up_from": relup.up.iter().map(|edge| &edge.vsn).collect::<Vec<_>>(),
        "down_to": relup.down.iter().map(|edge| &edge.vsn).collect::<Vec<_>>(),
        "relup": text,
        "verdicts": verdicts,
    });
    context.printer.result(&result, || match &args.output {
        Some(path) => format!("the relup of {} is in {}", relup.vsn, path.display()),
        None => text.trim_end().to_owned(),
    });
    Ok(())
}
