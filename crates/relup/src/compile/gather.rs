//! First pass: what each application has to do.

use super::Pair;
use crate::appup::AppupError;
use crate::{Application, Appups, Direction, High, Low};

/// What an application has to do, or the release for it.
pub(super) struct Script {
    /// Whose appup says so; nobody's where it follows from the releases themselves.
    pub(super) application: Option<String>,
    pub(super) instructions: Vec<High>,
}

/// Why it is not known what an application has to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatherError {
    /// The application has no appup at all.
    #[error(
        "{application} changed from {from} to {to} and has no appup; let one be generated, or keep {application}.appup in the project"
    )]
    NoAppup {
        /// The application.
        application: String,
        /// The version it is to leave.
        from: String,
        /// The version it is to reach.
        to: String,
    },
    /// None of its appups has an entry for the other version.
    #[error(
        "{application} changed from {from} to {to}, and its appup has no {direction} entry for {entry}; add one, or let it be generated"
    )]
    NoEntry {
        /// The application.
        application: String,
        /// The version it is to leave.
        from: String,
        /// The version it is to reach.
        to: String,
        /// The entries in which none fits.
        direction: Direction,
        /// The version of the base.
        entry: String,
    },
    /// The appup that speaks is of another version than the application.
    #[error(
        "the appup of {application} is that of version {appup}, and the release has {vsn}; write it for {vsn}"
    )]
    WrongVsn {
        /// The application.
        application: String,
        /// The version that the appup names.
        appup: String,
        /// The version in the release.
        vsn: String,
    },
    /// The appup that speaks cannot be followed.
    #[error("appup of {application}: {source}")]
    Appup {
        /// The application.
        application: String,
        /// What is wrong with it.
        source: Box<AppupError>,
    },
}

/// Gathers the scripts in the order of `systools_relup`: a restart on another ERTS, applications that
/// are new, those that changed in the order of their start, those that are gone.
pub(super) fn gather(pair: &Pair<'_>, appups: &Appups) -> Result<Vec<Script>, GatherError> {
    let (from, to) = (pair.from().release, pair.to().release);
    let mut scripts = Vec::new();
    if from.erts != to.erts {
        scripts.push(implied(vec![High::Low(Low::RestartNewEmulator)]));
    }
    let frame = appups.framed(pair.direction, &pair.base.release.vsn);
    scripts.extend(frame.map(|frame| implied(frame.before.clone())));
    for added in &to.applications {
        if pair.from().application(&added.name).is_none() {
            scripts.push(implied(vec![High::AddApplication {
                application: added.name.clone(),
                start: added.start,
            }]));
        }
    }
    for top in &pair.top.started {
        match pair.base.application(&top.name) {
            Some(base) if base.vsn != top.vsn => scripts.push(changed(pair, appups, top, base)?),
            _ => {}
        }
    }
    scripts.extend(frame.map(|frame| implied(frame.after.clone())));
    for removed in &from.applications {
        if pair.to().application(&removed.name).is_none() {
            scripts.push(implied(vec![High::RemoveApplication {
                application: removed.name.clone(),
            }]));
        }
    }
    Ok(scripts)
}

fn implied(instructions: Vec<High>) -> Script {
    Script {
        application: None,
        instructions,
    }
}

fn changed(
    pair: &Pair<'_>,
    appups: &Appups,
    top: &Application,
    base: &Application,
) -> Result<Script, GatherError> {
    let direction = pair.direction;
    let application = top.name.clone();
    let (from, to) = match direction {
        Direction::Up => (base.vsn.clone(), top.vsn.clone()),
        Direction::Down => (top.vsn.clone(), base.vsn.clone()),
    };
    let found = appups.instructions(&application, direction, &base.vsn);
    match found {
        Err(source) => Err(GatherError::Appup {
            application,
            source: Box::new(source),
        }),
        Ok(None) if !appups.has(&application) => Err(GatherError::NoAppup {
            application,
            from,
            to,
        }),
        Ok(None) => Err(GatherError::NoEntry {
            application,
            from,
            to,
            direction,
            entry: base.vsn.clone(),
        }),
        Ok(Some(chosen)) if chosen.vsn != top.vsn => Err(GatherError::WrongVsn {
            application,
            appup: chosen.vsn.to_owned(),
            vsn: top.vsn.clone(),
        }),
        Ok(Some(chosen)) => Ok(Script {
            application: Some(application),
            instructions: chosen.instructions.to_vec(),
        }),
    }
}
