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
    of: BTreeMap<String, BTreeMap<Source, Appup>>,
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
    /// # Errors
    /// Where a file is no appup; with the application's name.
    pub fn own(release: &Release) -> Result<Self, (String, AppupError)> {
        let mut appups = Self::default();
        for application in &release.applications {
            if let Some(term) = &application.appup {
                let name = &application.name;
                let appup = Appup::read(term).map_err(|error| (name.clone(), error))?;
                appups.insert(name, Source::Own, appup);
            }
        }
        Ok(appups)
    }

    /// Adds an application's appup, in place of one from the same source.
    pub fn insert(&mut self, application: impl Into<String>, source: Source, appup: Appup) {
        let of = self.of.entry(application.into()).or_default();
        of.insert(source, appup);
    }

    /// The application's appup from that source.
    pub fn get(&self, application: &str, source: Source) -> Option<&Appup> {
        self.of.get(application)?.get(&source)
    }

    /// Whether the application has any.
    pub fn has(&self, application: &str) -> bool {
        self.of.contains_key(application)
    }

    /// What an application has to do to come from that version or go back to it, and who says so.
    ///
    /// # Errors
    /// Where an appup that comes first cannot be followed: another is not tried in its place.
    pub fn instructions(
        &self,
        application: &str,
        direction: Direction,
        vsn: &str,
    ) -> Result<Option<(&Appup, Source, &[High])>, AppupError> {
        for (source, appup) in self.of.get(application).into_iter().flatten() {
            if let Some(instructions) = appup.instructions(direction, vsn)? {
                return Ok(Some((appup, *source, instructions)));
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
            found.map(|(_, source, _)| source)
        };
        assert_eq!(source("1"), Some(Source::Project));
        assert_eq!(source("2"), Some(Source::Own));
        assert_eq!(source("3"), Some(Source::Generated));
        assert_eq!(source("4"), None);
        assert_eq!(appups.instructions("shop", Direction::Down, "1"), Ok(None));
    }
}
