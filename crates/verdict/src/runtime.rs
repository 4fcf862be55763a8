//! ERTS, OTP and Elixir themselves: a node changes them by starting anew.

use relup::diff::Change;

use crate::case::{Case, is_runtime};
use crate::reason::{Kind, Place, Severity};

const RESTART: &str = "deploy this version by another strategy than hot: a node starts anew for it";

pub(crate) fn judge(case: &mut Case<'_>) {
    let (name, erts) = (case.diff.name.clone(), case.diff.erts.clone());
    if name.from != name.to {
        case.both(
            Severity::Refusal,
            Kind::RuntimeChanged,
            Place::release(),
            format!(
                "the release was {} and is {}: not two versions of one",
                name.from, name.to
            ),
            "compare two versions of one release",
        );
    }
    if erts.from != erts.to {
        let detail = format!("ERTS {} became {}", erts.from, erts.to);
        case.both(
            Severity::Refusal,
            Kind::ErtsChanged,
            Place::release(),
            detail,
            RESTART,
        );
    } else if !case.diff.erts_files.is_empty() {
        let files = case.diff.erts_files.iter().map(|f| f.path.as_str());
        let detail = format!(
            "ERTS {} has the same version and other files: {}",
            erts.to,
            crate::case::some(files)
        );
        case.both(
            Severity::Refusal,
            Kind::ErtsChanged,
            Place::release(),
            detail,
            RESTART,
        );
    }
    let apps = case.diff.applications.clone();
    for app in apps {
        if app.change != Change::Changed || !is_runtime(&app.name) {
            continue;
        }
        let of = if crate::case::is_elixirs(&app.name) {
            "Elixir"
        } else {
            "OTP"
        };
        let text = |vsn: Option<String>| vsn.unwrap_or_default();
        let (from, to) = (text(app.vsn.from.clone()), text(app.vsn.to.clone()));
        let detail = if from != to {
            format!("{} {from} of {of} became {to}", app.name)
        } else if app.modules.is_empty() && app.files.is_empty() {
            // Another way to start it, or other debug information: told elsewhere, or nothing.
            continue;
        } else {
            format!(
                "{} {to} of {of} has the same version and other content",
                app.name
            )
        };
        let place = Place::application(&app.name);
        case.both(
            Severity::Refusal,
            Kind::RuntimeChanged,
            place,
            detail,
            RESTART,
        );
    }
}
