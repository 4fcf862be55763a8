//! A pair of releases, read and judged.

use std::path::Path;

use release::pair::{Source, read_pair};
use relup::{Appups, Release};
use verdict::{Answer, Judged, Kind, Reason, Severity, judge};

use crate::variant::Variant;

/// Two releases of the shop.
pub(crate) struct Pair {
    pub(crate) old: Release,
    pub(crate) new: Release,
}

impl Pair {
    pub(crate) fn of(old: &Variant, new: &Variant) -> Self {
        Self::read(&old.release(), &new.release())
    }

    pub(crate) fn read(old: &Path, new: &Path) -> Self {
        let open = |path: &Path| Source::open(path, None).unwrap();
        let (old, new) = read_pair(&open(old), &open(new), &[]).unwrap();
        Self {
            old: old.release,
            new: new.release,
        }
    }

    pub(crate) fn judge(&self) -> Judged {
        judge(&self.old, &self.new, &Appups::default())
    }
}

/// Every reason as a line, for a failed assertion.
pub(crate) fn shown(judged: &Judged) -> String {
    let line = |reason: &Reason| {
        let way = reason
            .direction
            .map_or("both".to_owned(), |d| d.to_string());
        format!(
            "{:<8}{:<20}{:<6}{}",
            reason.severity.name(),
            reason.kind.name(),
            way,
            reason.detail
        )
    };
    let lines: Vec<String> = judged.verdict.reasons.iter().map(line).collect();
    let scripts = judged.relup.as_ref().map(ToString::to_string);
    format!("{}\n{}", lines.join("\n"), scripts.unwrap_or_default())
}

/// The answers up and down.
pub(crate) fn answers(judged: &Judged) -> (Answer, Answer) {
    (judged.verdict.up, judged.verdict.down)
}

/// The reasons of a kind that speak against the upgrade.
pub(crate) fn against(judged: &Judged, kind: Kind) -> Vec<&Reason> {
    let reasons = judged.verdict.reasons.iter();
    reasons
        .filter(|reason| reason.kind == kind && reason.severity != Severity::Note)
        .collect()
}
