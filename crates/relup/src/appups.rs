//! Which appup speaks for an application.

use std::collections::BTreeMap;

use crate::appup::{Appup, AppupError};
use crate::{Direction, High, Release};

/// The appups of a release's applications: of each its own file, one kept in the project, one
/// generated.
///
/// Of an application's appups the first in the order of [`Source`] that has an entry for a version
/// speaks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Appups {
    of: BTreeMap<String, BTreeMap<Source, Result<Appup, AppupError>>>,
    frames: BTreeMap<(Direction, String), Frame>,
}

/// What a release has to do that is no single application's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Before any application is added or changed; only a restart on another ERTS comes earlier.
    pub before: Vec<High>,
    /// After every application is added and changed, before any is removed.
    pub after: Vec<High>,
}

/// The instructions of an application, and who says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen<'a> {
    /// Where the appup that speaks comes from.
    pub source: Source,
    /// The version of the application that it was written for.
    pub vsn: &'a str,
    /// What it says.
    pub instructions: &'a [High],
}

/// Where an appup comes from, the more trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Kept in the project, for an application that may be another's.
    Project,
    /// The application's own file.
    Own,
    /// Generated from what differs.
    Generated,
}

impl Appups {
    /// The applications' own files.
    ///
    /// A file that is no appup is an error only for who asks for its instructions.
    pub fn own(release: &Release) -> Self {
        let mut appups = Self::default();
        for application in &release.applications {
            if let Some(term) = &application.appup {
                let of = appups.of.entry(application.name.clone()).or_default();
                of.insert(Source::Own, Appup::read(term));
            }
        }
        appups
    }

    /// Adds an application's appup, in place of one from the same source.
    pub fn insert(&mut self, application: impl Into<String>, source: Source, appup: Appup) {
        let of = self.of.entry(application.into()).or_default();
        of.insert(source, Ok(appup));
    }

    /// Sets what the release itself has to do to come from a base, or to go back to it.
    pub fn frame(&mut self, direction: Direction, base: impl Into<String>, frame: Frame) {
        self.frames.insert((direction, base.into()), frame);
    }

    /// What the release itself has to do that way, where anything was set.
    pub(crate) fn framed(&self, direction: Direction, base: &str) -> Option<&Frame> {
        self.frames.get(&(direction, base.to_owned()))
    }

    /// The application's appup from that source, where there is one that can be read.
    pub fn get(&self, application: &str, source: Source) -> Option<&Appup> {
        self.of.get(application)?.get(&source)?.as_ref().ok()
    }

    /// Whether the application has any.
    pub fn has(&self, application: &str) -> bool {
        self.of.contains_key(application)
    }

    /// What an application has to do to come from that version, or to go back to it.
    ///
    /// # Errors
    /// Where an appup that comes first cannot be followed: another is not tried in its place.
    pub fn instructions(
        &self,
        application: &str,
        direction: Direction,
        vsn: &str,
    ) -> Result<Option<Chosen<'_>>, AppupError> {
        for (source, appup) in self.of.get(application).into_iter().flatten() {
            let appup = appup.as_ref().map_err(Clone::clone)?;
            if let Some(instructions) = appup.instructions(direction, vsn)? {
                return Ok(Some(Chosen {
                    source: *source,
                    vsn: appup.vsn(),
                    instructions,
                }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::Update;

    #[test]
    fn the_first_source_with_an_entry_speaks() {
        let mut appups = Appups::default();
        for (source, vsns) in [
            (Source::Generated, vec!["1", "2", "3"]),
            (Source::Own, vec!["1", "2"]),
            (Source::Project, vec!["1"]),
        ] {
            let mut appup = Appup::new("4");
            for vsn in vsns {
                let update = High::Update(Update::soft(format!("{source:?}")));
                appup.push(Direction::Up, vsn, vec![update]);
            }
            appups.insert("shop", source, appup);
        }
        let source = |vsn| {
            let found = appups.instructions("shop", Direction::Up, vsn).unwrap();
            found.map(|chosen| chosen.source)
        };
        assert_eq!(source("1"), Some(Source::Project));
        assert_eq!(source("2"), Some(Source::Own));
        assert_eq!(source("3"), Some(Source::Generated));
        assert_eq!(source("4"), None);
        assert_eq!(appups.instructions("shop", Direction::Down, "1"), Ok(None));
    }
}
