//! The verdict on a pair of releases.

use beam::Limits;
use relup::generate::{Composed, Side, compose};
use relup::{Appups, Direction, Release, Relup};
use shape::Library;

use crate::case::Case;
use crate::reason::{Kind, Place, Severity, Verdict};
use crate::{
    applications, behaviours, coverage, deeds, files, life, processes, protocols, reach, refused,
    runtime, script, structs, unseen,
};

/// A verdict, and what was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The scripts in both directions; none where there cannot be any.
    pub relup: Option<Relup>,
    /// The appups that they were made of; none where one cannot be read.
    pub composed: Option<Composed>,
}

/// Judges a hot upgrade from `old` to `new` and back, with appups kept in the project (of
/// [`relup::Source::Project`]).
///
/// The same releases give the same verdict to the byte.
#[must_use]
pub fn judge(old: &Release, new: &Release, kept: &Appups) -> Judged {
    let (old_code, new_code) = (library(old), library(new));
    let side = |release, code| Side { release, code };
    let (before, after) = (side(old, &old_code), side(new, &new_code));
    let mut case = Case::new(before, after);

    runtime::judge(&mut case);
    applications::judge(&mut case);
    files::judge(&mut case);
    unseen::judge(&mut case);
    deeds::judge(&mut case);
    behaviours::judge(&mut case);
    structs::judge(&mut case);
    life::judge(&mut case);
    protocols::judge(&mut case);
    let reach = reach::judge(&mut case);

    let composed = match compose(before, after, kept) {
        Ok(composed) => composed,
        Err(error) => {
            case.both(
                Severity::Refusal,
                Kind::ScriptRefused,
                Place::release(),
                error.to_string(),
                "mend the appup, or leave it out to have one generated",
            );
            return Judged {
                verdict: Verdict::of(case.reasons),
                relup: None,
                composed: None,
            };
        }
    };
    refused::judge(&mut case, &composed);
    coverage::judge(&mut case, &composed);
    let states = processes::judge(&mut case, &composed);
    let relup = script::judge(&mut case, &composed, &reach, &states);
    Judged {
        verdict: Verdict::of(case.reasons),
        relup,
        composed: Some(composed),
    }
}

fn library(release: &Release) -> Library {
    let modules = release.applications.iter().flat_map(|app| &app.modules);
    let seen = modules.filter_map(|(name, module)| Some((name.clone(), module.debug.clone()?)));
    Library::new(Limits::RELEASE, seen)
}

pub(crate) const DIRECTIONS: [Direction; 2] = [Direction::Up, Direction::Down];
