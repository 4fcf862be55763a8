//! `releases/RELEASES`: the releases that `release_handler` knows on a host.
//!
//! One list of `{release, Name, Vsn, ErtsVsn, [{App, Vsn, Dir}], Status}`, written by
//! `release_handler` and read at boot only. Directories are absolute.

use std::fmt;

use crate::Limits;
use crate::rel::RelFile;
use crate::term::{Term, TermError, consult_one};

/// What a `RELEASES` file holds; the newest release comes first, as `release_handler` adds them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Releases {
    /// The releases.
    pub releases: Vec<InstalledRelease>,
}

/// A release on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledRelease {
    /// Its name.
    pub name: String,
    /// Its version, by which it is known.
    pub vsn: String,
    /// The version of its ERTS. None where `release_handler` started without the file and made the
    /// entry up: then it does not know the libraries either.
    pub erts: Option<String>,
    /// Its applications.
    pub libraries: Vec<InstalledLibrary>,
    /// What `release_handler` may do with it.
    pub status: Status,
}

/// An application of a release on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledLibrary {
    /// The application's name.
    pub name: String,
    /// Its version.
    pub vsn: String,
    /// Its absolute directory.
    pub dir: String,
}

/// The status of a release on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// On disk, and not yet run.
    Unpacked,
    /// Running, and not what boots next time. `release_handler` never writes it: it writes
    /// [`Unpacked`](Self::Unpacked).
    Current,
    /// What boots next time.
    Permanent,
    /// What a restart under way boots once.
    TmpCurrent,
    /// Was permanent.
    Old,
}

impl Status {
    /// The atom that stands for it.
    pub fn as_atom(self) -> &'static str {
        match self {
            Self::Unpacked => "unpacked",
            Self::Current => "current",
            Self::Permanent => "permanent",
            Self::TmpCurrent => "tmp_current",
            Self::Old => "old",
        }
    }

    fn from_atom(name: &str) -> Option<Self> {
        [
            Self::Unpacked,
            Self::Current,
            Self::Permanent,
            Self::TmpCurrent,
            Self::Old,
        ]
        .into_iter()
        .find(|status| status.as_atom() == name)
    }
}

/// Why bytes are no `RELEASES` file, or a release cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleasesError {
    /// The bytes are not one Erlang term.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The term is no list.
    #[error("expected a list of releases")]
    Shape,
    /// An element is no release.
    #[error(
        "release number {number}: expected {{release, NAME, VSN, ERTS, [{{APPLICATION, VSN, DIR}}], STATUS}}"
    )]
    Release {
        /// Its place in the list, counted from 1.
        number: usize,
    },
    /// A release of that version is there.
    #[error("release {vsn} is there already")]
    Exists {
        /// The version.
        vsn: String,
    },
}

impl Releases {
    /// Reads the bytes of a `RELEASES` file.
    ///
    /// # Errors
    /// Where they are none.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, ReleasesError> {
        let term = consult_one(bytes, limits)?;
        let releases = term.as_list().ok_or(ReleasesError::Shape)?;
        let releases = releases
            .iter()
            .zip(1..)
            .map(|(term, number)| release(term).ok_or(ReleasesError::Release { number }))
            .collect::<Result<_, _>>()?;
        Ok(Self { releases })
    }

    /// The release of that version.
    pub fn get(&self, vsn: &str) -> Option<&InstalledRelease> {
        self.releases.iter().find(|release| release.vsn == vsn)
    }

    /// The release that boots next time.
    pub fn permanent(&self) -> Option<&InstalledRelease> {
        let mut releases = self.releases.iter();
        releases.find(|release| release.status == Status::Permanent)
    }

    /// Adds a release before the others.
    ///
    /// # Errors
    /// Where one of its version is there; nothing is changed then.
    pub fn add(&mut self, release: InstalledRelease) -> Result<(), ReleasesError> {
        if self.get(&release.vsn).is_some() {
            return Err(ReleasesError::Exists { vsn: release.vsn });
        }
        self.releases.insert(0, release);
        Ok(())
    }
}

impl InstalledRelease {
    /// A release as its `.rel` file says, its libraries under `lib_dir`, the absolute path of the
    /// root's `lib`. The applications come in the order of the `.rel` file, as OTP writes them.
    pub fn new(rel: &RelFile, lib_dir: &str, status: Status) -> Self {
        let library = |app: &crate::rel::RelApplication| InstalledLibrary {
            name: app.name.clone(),
            vsn: app.vsn.clone(),
            dir: format!("{lib_dir}/{}-{}", app.name, app.vsn),
        };
        Self {
            name: rel.name.clone(),
            vsn: rel.vsn.clone(),
            erts: Some(rel.erts.clone()),
            libraries: rel.applications.iter().map(library).collect(),
            status,
        }
    }

    fn to_term(&self) -> Term {
        let libraries = self.libraries.iter().map(|library| {
            Term::Tuple(vec![
                Term::atom(&library.name),
                Term::string(&library.vsn),
                Term::string(&library.dir),
            ])
        });
        Term::Tuple(vec![
            Term::atom("release"),
            Term::string(&self.name),
            Term::string(&self.vsn),
            match &self.erts {
                Some(erts) => Term::string(erts),
                None => Term::atom("undefined"),
            },
            Term::List(libraries.collect()),
            Term::atom(self.status.as_atom()),
        ])
    }
}

/// The file's text.
impl fmt::Display for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let releases = self.releases.iter().map(InstalledRelease::to_term);
        let list = Term::List(releases.collect());
        writeln!(f, "%% coding: utf-8\n{}.", list.pretty())
    }
}

fn release(term: &Term) -> Option<InstalledRelease> {
    let [
        Term::Atom(tag),
        name,
        vsn,
        erts,
        libraries,
        Term::Atom(status),
    ] = term.as_tuple()?
    else {
        return None;
    };
    if tag != "release" {
        return None;
    }
    let library = |term: &Term| match term.as_tuple()? {
        [Term::Atom(name), vsn, dir] => Some(InstalledLibrary {
            name: name.clone(),
            vsn: vsn.text()?,
            dir: dir.text()?,
        }),
        _ => None,
    };
    Some(InstalledRelease {
        name: name.text()?,
        vsn: vsn.text()?,
        erts: match erts {
            Term::Atom(name) if name == "undefined" => None,
            erts => Some(erts.text()?),
        },
        libraries: libraries
            .as_list()?
            .iter()
            .map(library)
            .collect::<Option<_>>()?,
        status: Status::from_atom(status)?,
    })
}

/// Renders the file for a root that holds one release, permanent, its libraries under `lib_dir`.
pub fn permanent(rel: &RelFile, lib_dir: &str) -> String {
    let releases = vec![InstalledRelease::new(rel, lib_dir, Status::Permanent)];
    Releases { releases }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "%% coding: utf-8\n\
        [{release,\"shop\",\"2\",\"13.1.5\",[{kernel,\"8.5.3\",\"/srv/lib/kernel-8.5.3\"}],unpacked},\n \
        {release,\"shop\",\"1\",undefined,[],permanent}].\n";

    fn read(text: &str) -> Result<Releases, ReleasesError> {
        Releases::read(text.as_bytes(), &Limits::RELEASE)
    }

    #[test]
    fn the_file_is_read_and_written() {
        let releases = read(TEXT).unwrap();
        assert_eq!(releases.permanent().unwrap().vsn, "1");
        assert_eq!(releases.permanent().unwrap().erts, None);
        assert_eq!(
            releases.get("2").unwrap().libraries[0].dir,
            "/srv/lib/kernel-8.5.3"
        );
        assert_eq!(read(&releases.to_string()).unwrap(), releases);
    }

    #[test]
    fn a_release_is_added_before_the_others_and_once() {
        let mut releases = read(TEXT).unwrap();
        let rel = "{release,{\"shop\",\"3\"},{erts,\"13.1.5\"},[{kernel,\"9\"}]}.";
        let rel = RelFile::read(rel.as_bytes(), &Limits::RELEASE).unwrap();
        let new = InstalledRelease::new(&rel, "/srv/lib", Status::Unpacked);
        releases.add(new.clone()).unwrap();
        let order: Vec<&str> = releases.releases.iter().map(|r| r.vsn.as_str()).collect();
        assert_eq!(order, ["3", "2", "1"]);
        assert_eq!(new.libraries[0].dir, "/srv/lib/kernel-9");
        let error = releases.add(new).unwrap_err();
        assert_eq!(error.to_string(), "release 3 is there already");
        assert_eq!(releases.releases.len(), 3);
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_place() {
        for (text, message) in [
            ("{}.", "expected a list of releases"),
            (
                "[{release,\"a\",\"1\",\"1\",[],odd}].",
                "release number 1: expected {release, NAME, VSN, ERTS, [{APPLICATION, VSN, DIR}], STATUS}",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }
}
