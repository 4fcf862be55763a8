//! `cutover release upgrade`.

use std::path::PathBuf;

use ::release::SigningKey;
use ::release::upgrade::{UpgradeError, make};
use serde_json::json;

use super::judged::{JudgedPair, not_safe};
use super::pair;
use super::verdict::document;
use crate::build::size;
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};
use crate::printer::GOOD;

/// Make the upgrade package from A to B: what differs, and the relup, for both directions
///
/// It is refused where the verdict is that a hot upgrade is not safe. It is signed with the key of this
/// machine, if there is one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pair: JudgedPair,
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Make it although the verdict is that it is not safe; it warns
    #[arg(long)]
    accept_unsafe: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (a, b, judged) = args.pair.judge(context)?;
    let hot = judged.verdict.is_hot();
    let relup = match &judged.relup {
        Some(relup) if hot || args.accept_unsafe => relup,
        _ => return Err(not_safe(&a, &b, &judged)),
    };
    if !hot {
        let message =
            "the verdict is that this upgrade is not safe; the package is made all the same";
        context.printer.warn(message);
    }
    let key = match context.keys_dir().join("cutover.key").exists() {
        true => Some(
            SigningKey::load_or_create(&context.keys_dir())
                .or_fail(Kind::Other)?
                .0,
        ),
        false => None,
    };
    let made = make(&a, &b, &relup.to_string(), key.as_ref(), &args.output);
    let made = made.map_err(|e| failure(&e))?;
    let (from, to) = (&a.release.vsn, &b.release.vsn);
    let result = json!({
        "upgrade": made.id.to_string(),
        "path": made.path,
        "bytes": made.bytes,
        "signed": made.signed,
        "release": made.manifest.release,
        "from": from,
        "to": to,
        "verdict": document(&judged.verdict),
    });
    context.printer.result(&result, || {
        let signed = if made.signed {
            "signed"
        } else {
            "not signed: this machine has no key"
        };
        format!(
            "{GOOD}made{GOOD:#} {}, {}: {} {from} → {to} and back, {signed}",
            made.path.display(),
            size(made.bytes),
            made.manifest.release
        )
    });
    Ok(())
}

/// A package that cannot be made or applied, with its exit code.
pub(super) fn failure(error: &UpgradeError) -> Failure {
    let kind = match error {
        UpgradeError::File(_) | UpgradeError::Key(_) | UpgradeError::Changed { .. } => Kind::Other,
        UpgradeError::Release(error) => return pair::failure(error),
        UpgradeError::OtherRelease { .. } => Kind::Usage,
        UpgradeError::SameVsn { .. } | UpgradeError::NotBumped { .. } => Kind::Configuration,
        UpgradeError::NotPackage { .. }
        | UpgradeError::Damaged { .. }
        | UpgradeError::Signature { .. }
        | UpgradeError::Manifest { .. }
        | UpgradeError::WrongBase { .. }
        | UpgradeError::Altered { .. }
        | UpgradeError::Occupied { .. }
        | UpgradeError::Contradiction { .. } => Kind::Verification,
        UpgradeError::Busy { .. } => Kind::Locked,
    };
    Failure::of(kind, error)
}
