//! Two releases with the verdict on them.

use std::fs;
use std::path::{Path, PathBuf};

use ::release::pair::Reading;
use ::verdict::{Judged, Severity, judge};
use beam::Limits;
use beam::term::consult_one;
use relup::{Appup, Appups, Source};
use sys::file::{FileError, read_bounded};

use super::pair::{self, Pair};
use crate::context::Context;
use crate::failure::{Failure, Kind, OrFail};

const APPUP_BYTES_MAX: u64 = 4 << 20;
/// Where a project keeps its appups unless it is told otherwise.
const APPUPS_DIR: &str = "rel/appups";

/// Two releases and the appups of the project.
#[derive(Debug, clap::Args)]
pub(super) struct JudgedPair {
    #[command(flatten)]
    pair: Pair,
    #[command(flatten)]
    kept: KeptArgs,
}

/// Appups that a project keeps.
#[derive(Debug, clap::Args)]
pub(super) struct KeptArgs {
    /// Appups kept in the project, as APP.appup; each wins over what its application ships and over
    /// what would be generated [default: rel/appups, if it is there]
    #[arg(long, value_name = "DIR")]
    appups: Option<PathBuf>,
}

impl JudgedPair {
    /// Reads and judges.
    pub(super) fn judge(&self, context: &Context) -> Result<(Reading, Reading, Judged), Failure> {
        let kept = self.kept.read()?;
        let (a, b) = self.pair.read(context)?;
        require_sasl(&a, &b)?;
        let judged = judge(&a.release, &b.release, &kept);
        Ok((a, b, judged))
    }
}

/// A release that cannot be upgraded hot at all gets a clear answer first.
pub(super) fn require_sasl(a: &Reading, b: &Reading) -> Result<(), Failure> {
    for reading in [a, b] {
        reading.require_sasl().map_err(|e| pair::failure(&e))?;
    }
    Ok(())
}

impl KeptArgs {
    /// Reads them.
    pub(super) fn read(&self) -> Result<Appups, Failure> {
        let default = Path::new(APPUPS_DIR);
        let mut appups = Appups::default();
        let dir = match &self.appups {
            Some(dir) => dir,
            None if default.is_dir() => default,
            None => return Ok(appups),
        };
        let mut paths = Vec::new();
        let listing = || FileError::at("list", dir);
        for entry in fs::read_dir(dir).map_err(listing()).or_fail(Kind::Usage)? {
            let path = entry.map_err(listing()).or_fail(Kind::Other)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "appup")
            {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
                continue;
            };
            let wrong = || format!("{}: no appup that OTP could read", path.display());
            let bytes = read_bounded(&path, APPUP_BYTES_MAX).or_fail(Kind::Configuration)?;
            let term = consult_one(&bytes, &Limits::RELEASE);
            let term = term.or_fail_with(Kind::Configuration, wrong)?;
            let appup = Appup::read(&term).or_fail_with(Kind::Configuration, wrong)?;
            appups.insert(name, Source::Project, appup);
        }
        Ok(appups)
    }
}

/// The failure of a hot upgrade that is not safe, with what speaks against it.
pub(super) fn not_safe(a: &Reading, b: &Reading, judged: &Judged) -> Failure {
    let (name, from, to) = (&b.release.name, &a.release.vsn, &b.release.vsn);
    let against = judged.verdict.reasons.iter();
    let against = against.filter(|reason| reason.severity != Severity::Note);
    let lines: Vec<String> = against.map(super::verdict::line).collect();
    Failure::new(
        Kind::NotSafe,
        format!("a hot upgrade of {name} from {from} to {to} is not safe"),
    )
    .output(&lines.join("\n"))
    .hint("`cutover release verdict` shows every reason and what would make it safe")
}
