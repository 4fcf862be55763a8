//! Last pass: one read of object code for each application, restarts of the node in their places.

use std::collections::{HashMap, HashSet};

use super::split::{ScriptError, Split};
use crate::{Direction, Low};

/// Joins the parts at the point of no return.
pub(super) fn finish(split: Split<Low>, direction: Direction) -> Result<Vec<Low>, ScriptError> {
    let mut script = merged(split.before)?;
    script.push(Low::PointOfNoReturn);
    let mut on_new = false;
    let mut at_end = false;
    for low in split.after {
        match low {
            Low::RestartNewEmulator => on_new = true,
            Low::RestartEmulator => at_end = true,
            low => script.push(low),
        }
    }
    match direction {
        // The rest of the script is then performed by the new emulator.
        Direction::Up if on_new => script.insert(0, Low::RestartNewEmulator),
        // The old emulator is the one that comes back, so all is done before.
        Direction::Down if on_new => at_end = true,
        _ => {}
    }
    if at_end {
        script.push(Low::RestartEmulator);
    }
    Ok(script)
}

/// Merges the reads of an application's object code at the place of the first; calls come after them.
///
/// A module that is read more than once counts where it stands last.
fn merged(before: Vec<Low>) -> Result<Vec<Low>, ScriptError> {
    let mut reads: Vec<(String, String, Vec<Vec<String>>)> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    let mut rest = Vec::new();
    for low in before {
        let Low::LoadObjectCode {
            application,
            vsn,
            modules,
        } = low
        else {
            rest.push(low);
            continue;
        };
        match place.get(&application) {
            None => {
                place.insert(application.clone(), reads.len());
                reads.push((application, vsn, vec![modules]));
            }
            Some(&at) if reads[at].1 == vsn => reads[at].2.push(modules),
            Some(&at) => {
                return Err(ScriptError::ConflictingVersions {
                    application,
                    first: reads[at].1.clone(),
                    second: vsn,
                });
            }
        }
    }
    let reads = reads.into_iter().map(|(application, vsn, lists)| {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut kept: Vec<Vec<String>> = Vec::new();
        for list in lists.iter().rev() {
            let new = list.iter().filter(|module| !seen.contains(module.as_str()));
            kept.push(new.cloned().collect());
            seen.extend(list.iter().map(String::as_str));
        }
        Low::LoadObjectCode {
            application,
            vsn,
            modules: kept.into_iter().rev().flatten().collect(),
        }
    });
    Ok(reads.chain(rest).collect())
}
