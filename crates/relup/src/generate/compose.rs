//! Own, kept and generated appups, put together for the compiler.

use std::collections::BTreeSet;

use super::{Generated, Own, Part, Side, generate};
use crate::appups::{Appups, Source};
use crate::{Appup, AppupError, Direction, High, Release};

/// The appups for a pair of releases, ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// Of every application that differs. What must come before any code of the release stands at the
    /// head of the first script, what must come after it at the end of the last one; these two are from
    /// [`Source::Project`] where they hold more than an appup of the application itself.
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
        frame(&mut appups, old.release, new.release, &generated, direction)
            .map_err(|(name, error)| failed(&name, error))?;
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

/// Puts what belongs before and after all code to the first and the last script.
fn frame(
    appups: &mut Appups,
    old: &Release,
    new: &Release,
    generated: &Generated,
    direction: Direction,
) -> Result<(), (String, AppupError)> {
    let target = if direction == Direction::Up { new } else { old };
    let scripted: Vec<(&str, &str)> = target
        .applications
        .iter()
        .filter_map(|app| {
            let (before, after) = (old.application(&app.name)?, new.application(&app.name)?);
            (before.vsn != after.vsn).then_some((app.name.as_str(), before.vsn.as_str()))
        })
        .collect();
    let parts = |what: fn(&Part) -> &Vec<High>| {
        let of_apps = scripted
            .iter()
            .filter_map(|(name, _)| generated.applications.get(*name))
            .map(|parts| parts.part(direction));
        let mut all: Vec<High> = Vec::new();
        all.extend(of_apps.flat_map(|part| what(part).iter().cloned()));
        all
    };
    let release = generated.release.part(direction);
    let head = [release.before.clone(), parts(|p| &p.before)].concat();
    let tail = [parts(|p| &p.after), release.after.clone()].concat();
    for (at, is_head, more) in [
        (scripted.first(), true, head),
        (scripted.last(), false, tail),
    ] {
        let Some((name, vsn)) = at.filter(|_| !more.is_empty()) else {
            continue;
        };
        let found = appups
            .instructions(name, direction, vsn)
            .map_err(|error| ((*name).to_owned(), error))?;
        let Some(chosen) = found else {
            continue;
        };
        let (source, script) = (chosen.source, chosen.instructions);
        let script = if is_head {
            [more, script.to_vec()].concat()
        } else {
            [script.to_vec(), more].concat()
        };
        let mut framed = Appup::new(chosen.vsn);
        for way in [Direction::Up, Direction::Down] {
            if way == direction {
                framed.push(way, *vsn, script.clone());
            } else if let Some(other) = appups
                .instructions(name, way, vsn)
                .map_err(|error| ((*name).to_owned(), error))?
            {
                framed.push(way, *vsn, other.instructions.to_vec());
            }
        }
        let source = if source == Source::Generated {
            source
        } else {
            Source::Project
        };
        appups.insert(*name, source, framed);
    }
    Ok(())
}
