//! Running `mix release`.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sys::file::FileError;

use crate::mix::{self, Error};
use crate::which::Which;

/// What a build begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// What the last build left.
    Incremental,
    /// Nothing.
    Clean,
}

/// A build of a release.
#[derive(Debug, Clone)]
pub struct Build {
    /// The project's directory.
    pub dir: PathBuf,
    /// `MIX_ENV`.
    pub mix_env: String,
    /// The release.
    pub release: Which,
    /// What to begin with.
    pub start: Start,
    /// Commands run in the project before `mix release`: program and arguments.
    pub before: Vec<Vec<String>>,
    /// Variables of all these commands, with those that make the build reproducible.
    pub env: BTreeMap<String, String>,
    /// Whether dependencies must be fetched first.
    pub fetch: bool,
}

impl Build {
    /// Where the build is kept: apart from `_build/ENV`, which others may have compiled with other
    /// options, and Mix would not notice.
    fn root(&self) -> PathBuf {
        self.dir.join("_build/cutover").join(&self.mix_env)
    }

    /// The directories with the unstripped beams of the last build.
    pub fn beam_dirs(&self) -> Vec<PathBuf> {
        let libraries = subdirs(&self.root().join("lib"));
        let consolidated = libraries.iter().map(|lib| lib.join("consolidated"));
        libraries
            .iter()
            .map(|lib| lib.join("ebin"))
            .chain(consolidated)
            .collect()
    }

    /// Where the release is assembled.
    pub fn release_dir(&self) -> PathBuf {
        self.dir
            .join("_build/cutover/rel")
            .join(&self.mix_env)
            .join(self.release.name())
    }

    fn command(&self, words: &[String]) -> std::process::Command {
        let mut command = sys::process::command(&words[0]);
        command
            .args(&words[1..])
            .env("MIX_ENV", &self.mix_env)
            .env("MIX_BUILD_PATH", self.root())
            // Erlang reads file names by it.
            .env("LC_ALL", "C.UTF-8")
            // What a launcher sets may be in our own environment, and would be read by Mix.
            .env_remove("RELEASE_VSN")
            .env_remove("RELEASE_NAME")
            .env_remove("RELEASE_ROOT")
            .envs(&self.env);
        command
    }
}

/// An assembled release. While this is held, no other build of the project touches it.
#[derive(Debug)]
pub struct Assembled {
    /// Its directory.
    pub root: PathBuf,
    _lock: File,
}

/// Builds the release and returns the directory that it was assembled in, with nothing of an older build
/// in it. One build of a project runs at a time. `on_step` is told each command before it runs, `on_line` every line that one prints.
///
/// # Errors
/// Where a command fails ([`Error::Failed`] with its own words); no assembled release is left then.
pub fn build(
    build: &Build,
    on_step: &mut dyn FnMut(&str),
    on_line: &mut dyn FnMut(&str),
) -> Result<Assembled, Error> {
    mix::expect_project(&build.dir)?;
    let lock = lock(&build.dir, on_step)?;
    let target = build.release_dir();
    if build.start == Start::Clean {
        remove(&build.root())?;
    }
    // Mix only adds to what is there: a file of an older build would stay.
    remove(&target)?;
    let mut run = |words: &[String]| {
        on_step(&words.join(" "));
        mix::run(build.command(words), &build.dir, on_line)
    };
    if build.fetch {
        run(&words(["mix", "deps.get", "--only", &build.mix_env]))?;
    }
    for command in build.before.iter().filter(|command| !command.is_empty()) {
        run(command)?;
    }
    let mut release = words(["mix", "release"]);
    if let Which::Defined(name) = &build.release {
        release.push(name.clone());
    }
    release.extend(words([
        "--overwrite",
        "--path",
        &target.display().to_string(),
    ]));
    if let Err(error) = run(&release) {
        // A part of a release must not be taken for one.
        remove(&target)?;
        return Err(error);
    }
    Ok(Assembled {
        root: target,
        _lock: lock,
    })
}

/// Waits until no other build of the project runs; the lock ends with the file, also if we are killed.
fn lock(project: &Path, on_step: &mut dyn FnMut(&str)) -> Result<File, FileError> {
    let dir = project.join("_build/cutover");
    fs::create_dir_all(&dir).map_err(FileError::at("create", &dir))?;
    let path = dir.join("build.lock");
    let file = File::create(&path).map_err(FileError::at("open", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            on_step("waiting for another build of this project");
            file.lock().map_err(FileError::at("lock", &path))?;
        }
        Err(TryLockError::Error(error)) => return Err(FileError::at("lock", &path)(error)),
    }
    Ok(file)
}

/// The `ebin` of every library in a directory such as Erlang's own `lib`; none where it cannot be read.
pub fn ebins(lib_dir: &Path) -> Vec<PathBuf> {
    subdirs(lib_dir)
        .iter()
        .map(|library| library.join("ebin"))
        .collect()
}

fn subdirs(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort();
    dirs
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn remove(dir: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::at("remove", dir)(error))
        }
        _ => Ok(()),
    }
}
