//! A release as `mix release` assembled it, read from its directory.
//!
//! Reading gathers what is there and judges nothing: [`crate::check`] says what is wrong with it.

mod files;
mod remains;

use std::path::{Path, PathBuf};

use beam::{AppFile, BeamFile, Limits, ModuleMd5, RelFile, StartErl};
use sys::file::{FileError, read_bounded};

pub use files::{FileKind, TreeFile};
pub(crate) use files::{LEFT_OUT, walk};
pub(crate) use remains::{is_below, remains};

/// The largest single text or BEAM file that is read whole, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// An assembled release.
#[derive(Debug, Clone)]
pub struct ReleaseTree {
    /// Its root directory.
    pub root: PathBuf,
    /// What `releases/start_erl.data` names.
    pub start_erl: StartErl,
    /// What `releases/VSN/NAME.rel` says.
    pub rel: RelFile,
    /// The libraries under `lib`, sorted by directory.
    pub libraries: Vec<Library>,
    /// The beams of `releases/VSN/consolidated`, sorted by module; `None` where there is no directory.
    pub consolidated: Option<Vec<ModuleFile>>,
    /// Every file and link that belongs into the artifact, sorted by path.
    pub files: Vec<TreeFile>,
    /// Directories that an older build left and that are no part of this release, sorted: Mix only adds
    /// to what is there.
    pub remains: Vec<String>,
}

/// A directory of `lib`.
#[derive(Debug, Clone)]
pub struct Library {
    /// Its name, `APP-VSN`.
    pub directory: String,
    /// Its `.app` file, or why there is none to use.
    pub app: Result<AppFile, String>,
    /// The modules of its `ebin`, sorted by name.
    pub modules: Vec<ModuleFile>,
}

/// A beam file of the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFile {
    /// Its path below the root.
    pub path: String,
    /// The module's name by its file's name.
    pub name: String,
    /// The module it says it is and the digest of its code, or why it cannot be read.
    pub found: Result<FoundModule, String>,
}

/// What a beam file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundModule {
    /// The module's name, from its atom table.
    pub module: String,
    /// The digest of its code.
    pub md5: ModuleMd5,
}

/// Why a directory cannot be read as a release.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Something in it cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The directory is not an assembled release.
    #[error("{}: not an assembled release ({reason}); point at what `mix release` makes, such as _build/prod/rel/NAME", root.display())]
    NotRelease {
        /// The directory.
        root: PathBuf,
        /// What is missing or broken.
        reason: String,
    },
    /// Something in it may not be in an artifact.
    #[error("{}: {reason}", path.display())]
    Refused {
        /// The path.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
}

impl ReleaseTree {
    /// Reads a release from its root directory.
    ///
    /// # Errors
    /// Where the directory is no assembled release (without `releases/start_erl.data` or the one `.rel`
    /// file it names), cannot be read, or holds what no artifact may: a device, a socket, a name that is
    /// not UTF-8, a link that leaves it.
    pub fn read(root: &Path) -> Result<Self, TreeError> {
        let not_release = |reason: String| TreeError::NotRelease {
            root: root.to_owned(),
            reason,
        };
        let start_erl = read_file(&root.join("releases/start_erl.data"))
            .map_err(|e| not_release(e.to_string()))?;
        let start_erl = StartErl::read(&start_erl)
            .map_err(|e| not_release(format!("releases/start_erl.data: {e}")))?;
        let version_dir = root.join("releases").join(&start_erl.vsn);
        let (rel_path, rel) = the_rel_file(&version_dir).map_err(&not_release)?;
        let rel = RelFile::read(&rel, &Limits::RELEASE)
            .map_err(|e| not_release(format!("{}: {e}", rel_path.display())))?;
        let (files, remains) = remains::without(files::walk(root)?, &rel, &start_erl.vsn);
        let libraries = libraries(root, &files)?;
        let consolidated_dir = format!("releases/{}/consolidated", start_erl.vsn);
        let consolidated = root
            .join(&consolidated_dir)
            .is_dir()
            .then(|| modules(root, &files, &consolidated_dir));
        Ok(Self {
            root: root.to_owned(),
            start_erl,
            rel,
            libraries,
            consolidated,
            files,
            remains,
        })
    }

    /// Says whether a file or link is there, by its path below the root.
    pub fn file(&self, path: &str) -> Option<&TreeFile> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()
            .map(|index| &self.files[index])
    }

    /// The library of an application of the `.rel` file, if it is there in that very version.
    pub fn library(&self, name: &str, vsn: &str) -> Option<&Library> {
        self.libraries.iter().find(|library| {
            library
                .directory
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('-'))
                == Some(vsn)
        })
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    read_bounded(path, FILE_BYTES_MAX)
}

/// There is exactly one: `NAME.rel`, as `mix release` writes it.
fn the_rel_file(version_dir: &Path) -> Result<(PathBuf, Vec<u8>), String> {
    let entries = std::fs::read_dir(version_dir)
        .map_err(|e| format!("cannot list {}: {e}", version_dir.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "rel"))
        .collect();
    match found.len() {
        1 => {
            let path = found.remove(0);
            let bytes = read_file(&path).map_err(|e| e.to_string())?;
            Ok((path, bytes))
        }
        n => Err(format!(
            "{} holds {n} .rel files, not one",
            version_dir.display()
        )),
    }
}

fn libraries(root: &Path, files: &[TreeFile]) -> Result<Vec<Library>, TreeError> {
    let mut directories: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.as_str().strip_prefix("lib/")?.split_once('/'))
        .map(|(directory, _)| directory)
        .collect();
    directories.dedup();
    let libraries = directories.into_iter().map(|directory| {
        let ebin = format!("lib/{directory}/ebin");
        Ok(Library {
            directory: directory.to_owned(),
            app: app_file(root, files, &ebin),
            modules: modules(root, files, &ebin),
        })
    });
    libraries.collect()
}

fn app_file(root: &Path, files: &[TreeFile], ebin: &str) -> Result<AppFile, String> {
    let mut found = below(files, ebin).filter(|file| file.path.as_str().ends_with(".app"));
    let (Some(file), None) = (found.next(), found.next()) else {
        return Err(format!("{ebin} does not hold exactly one .app file"));
    };
    let bytes = read_file(&root.join(&file.path)).map_err(|e| e.to_string())?;
    AppFile::read(&bytes, &Limits::RELEASE).map_err(|e| format!("{}: {e}", file.path))
}

/// The files right in a directory.
fn below<'a>(files: &'a [TreeFile], directory: &'a str) -> impl Iterator<Item = &'a TreeFile> {
    files.iter().filter(move |file| {
        let path = file.path.as_str();
        path.rsplit_once('/')
            .is_some_and(|(parent, _)| parent == directory)
    })
}

fn modules(root: &Path, files: &[TreeFile], directory: &str) -> Vec<ModuleFile> {
    let mut modules: Vec<ModuleFile> = below(files, directory)
        .filter_map(|file| {
            let path = file.path.as_str();
            let name = path[directory.len() + 1..].strip_suffix(".beam")?;
            Some(ModuleFile {
                path: path.to_owned(),
                name: name.to_owned(),
                found: found_module(&root.join(path)),
            })
        })
        .collect();
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    modules
}

fn found_module(path: &Path) -> Result<FoundModule, String> {
    let bytes = read_file(path).map_err(|e| e.to_string())?;
    let beam = BeamFile::read(&bytes, &Limits::RELEASE).map_err(|e| e.to_string())?;
    Ok(FoundModule {
        module: beam.module().to_owned(),
        md5: beam.md5().map_err(|e| e.to_string())?,
    })
}
