//! Own, kept and generated appups, put together for the compiler.

use std::collections::BTreeSet;

use super::{Generated, Own, Side, generate};
use crate::appups::{Appups, Frame, Source};
use crate::{Appup, AppupError, Direction, Release};

/// The appups for a pair of releases, ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// Of every application that differs; what must come before or after all code of the release is the
    /// release's frame.
    pub appups: Appups,
    /// What was generated.
    pub generated: Generated,
    /// The applications that have an appup of their own for the direction.
    pub own: Own,
}

/// Why appups cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// An appup cannot be read, or the entry that counts cannot be followed.
    #[error("{application}: appup: {source}; mend it, or leave it out to have one generated")]
    Appup {
        /// The application.
        application: String,
        /// What is wrong.
        source: AppupError,
    },
}

/// Takes the appups kept in the project (`kept`, from [`Source::Project`]) and those of the newer
/// release's applications, and generates the rest.
///
/// # Errors
/// Where an appup that counts cannot be followed.
pub fn compose(old: Side<'_>, new: Side<'_>, kept: &Appups) -> Result<Composed, ComposeError> {
    let failed = |application: &str, source| ComposeError::Appup {
        application: application.to_owned(),
        source,
    };
    let mut appups = Appups::own(new.release);
    let mut own = BTreeSet::new();
    for (app, before) in changed(old.release, new.release) {
        if let Some(appup) = kept.get(&app.name, Source::Project) {
            appups.insert(&app.name, Source::Project, appup.clone());
        }
        for direction in [Direction::Up, Direction::Down] {
            let found = appups.instructions(&app.name, direction, &before.vsn);
            if found.map_err(|error| failed(&app.name, error))?.is_some() {
                own.insert((direction, app.name.clone()));
            }
        }
    }
    let generated = generate(old, new, &own);
    for (name, parts) in &generated.applications {
        let (Some(app), Some(before)) =
            (new.release.application(name), old.release.application(name))
        else {
            continue;
        };
        let mut appup = Appup::new(&app.vsn);
        for direction in [Direction::Up, Direction::Down] {
            if !own.contains(&(direction, name.clone())) {
                appup.push(direction, &before.vsn, parts.part(direction).code.clone());
            }
        }
        appups.insert(name, Source::Generated, appup);
    }
    for direction in [Direction::Up, Direction::Down] {
        appups.frame(direction, &old.release.vsn, frame(&generated, direction));
    }
    Ok(Composed {
        appups,
        generated,
        own,
    })
}

fn changed<'a>(
    old: &'a Release,
    new: &'a Release,
) -> impl Iterator<Item = (&'a crate::Application, &'a crate::Application)> {
    let pairs = new.applications.iter();
    pairs.filter_map(|app| {
        let before = old.application(&app.name)?;
        (before.vsn != app.vsn).then_some((app, before))
    })
}

/// What belongs before and after all code. Children end before protocols change, and start after.
fn frame(generated: &Generated, direction: Direction) -> Frame {
    let parts = generated.applications.values().map(|p| p.part(direction));
    let release = generated.release.part(direction);
    let parts = parts.chain([release]);
    let mut frame = Frame::default();
    for part in parts {
        frame.before.extend(part.before.iter().cloned());
        frame.after.extend(part.after.iter().cloned());
    }
    frame
}
