//! Finding and reading the settings file.

use std::path::{Path, PathBuf};

use super::error::{SettingsError, Source};
use super::file::{File, Sections};
use super::resolve::{self, Request};
use super::resolved::Resolved;

/// The name of the file.
pub(crate) const FILE_NAME: &str = "cutover.toml";
const BYTES_MAX: u64 = 1 << 20;

/// Finds the settings file: the given one, else in `start` or the nearest directory above it.
pub(crate) fn find(given: Option<&Path>, start: &Path) -> Result<PathBuf, SettingsError> {
    if let Some(path) = given {
        return Ok(start.join(path));
    }
    let found = start
        .ancestors()
        .map(|dir| dir.join(FILE_NAME))
        .find(|path| path.is_file());
    found.ok_or_else(|| SettingsError::Absent(start.to_owned()))
}

/// A settings file that was read: its values are checked, but not yet resolved.
#[derive(Debug)]
pub(crate) struct Loaded {
    path: PathBuf,
    shown: String,
    text: String,
    file: File,
}

/// Reads and checks the file at `path`; `shown` is how it is named to people.
pub(crate) fn load(path: &Path, shown: &str) -> Result<Loaded, SettingsError> {
    let bytes = sys::file::read_bounded(path, BYTES_MAX)?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let text = String::from_utf8_lossy(&bytes);
            let source = Source {
                file: shown,
                text: &text,
            };
            return Err(source.wrong(good, "this is not UTF-8".to_owned(), None));
        }
    };
    let source = Source {
        file: shown,
        text: &text,
    };
    let file = toml::from_str(&text).map_err(|error| source.explain(&error))?;
    Ok(Loaded {
        path: path.to_owned(),
        shown: shown.to_owned(),
        text,
        file,
    })
}

impl Loaded {
    /// The directory of the file, which is the project's.
    pub(crate) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Says whether the file names the service, so that the project need not be asked.
    pub(crate) fn names_service(&self) -> bool {
        self.file.service.is_some()
    }

    /// Resolves the settings of an environment. `flags` win over the file; `service` is the name to use
    /// where the file has none.
    pub(crate) fn resolve(
        &self,
        request: Request,
        flags: Sections,
    ) -> Result<Resolved, SettingsError> {
        let source = Source {
            file: &self.shown,
            text: &self.text,
        };
        resolve::resolve(&self.file, source, self.dir(), request, flags)
    }
}
