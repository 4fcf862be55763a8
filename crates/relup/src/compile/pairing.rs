//! Third pass: low-level instructions that belong together are all there.

use std::collections::BTreeSet;

use super::split::{ScriptError, Split};
use crate::{High, Low};

/// Checks that code that is loaded was read, and that suspensions and resumptions, stops and starts
/// are of the same modules.
///
/// That a module whose processes change was suspended is checked here, and only meant to be in
/// `systools_rc`: `release_handler` passes over such a change without a word.
pub(super) fn check(split: &Split<High>) -> Result<(), ScriptError> {
    let mut read = BTreeSet::new();
    for low in &split.before {
        if let Low::LoadObjectCode { modules, .. } = low {
            read.extend(modules);
        }
    }
    let mut suspended = BTreeSet::new();
    let mut resumed = BTreeSet::new();
    let mut changed = BTreeSet::new();
    let mut stopped = BTreeSet::new();
    let mut started = BTreeSet::new();
    for high in &split.after {
        match high {
            High::Low(Low::Load { module, .. }) if !read.contains(module) => {
                let module = module.clone();
                return Err(ScriptError::NoObjectCode { module });
            }
            High::Low(Low::Suspend(of)) => suspended.extend(of.iter().map(|(module, _)| module)),
            High::Low(Low::Resume(of)) => resumed.extend(of),
            High::Low(Low::CodeChange { modules, .. }) => {
                changed.extend(modules.iter().map(|(module, _)| module));
            }
            High::Low(Low::Stop(of)) => stopped.extend(of),
            High::Low(Low::Start(of)) => started.extend(of),
            _ => {}
        }
    }
    for (all, has, among, lacks) in [
        (&suspended, "suspend", &resumed, "resume"),
        (&resumed, "resume", &suspended, "suspend"),
        (&changed, "code_change", &suspended, "suspend"),
        (&stopped, "stop", &started, "start"),
        (&started, "start", &stopped, "stop"),
    ] {
        if let Some(module) = all.difference(among).next() {
            let module = (*module).clone();
            return Err(ScriptError::Unpaired { module, has, lacks });
        }
    }
    Ok(())
}
