//! Variants of the shop: the same Mix project with some texts changed, built once each.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use walkdir::WalkDir;

/// The shop with some files changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variant {
    edits: Vec<Edit>,
}

#[derive(Debug, Clone)]
enum Edit {
    Replace(&'static str, String, String),
    Write(&'static str, String),
    Remove(&'static str),
}

impl Variant {
    /// The shop as it lies in the tests, version 1.0.0.
    pub(crate) fn base() -> Self {
        Self::default()
    }

    /// The shop under version 1.1.0.
    pub(crate) fn next() -> Self {
        Self::base().replace("mix.exs", "1.0.0", "1.1.0")
    }

    /// Replaces a text that must be there.
    pub(crate) fn replace(mut self, path: &'static str, from: &str, to: &str) -> Self {
        let edit = Edit::Replace(path, from.to_owned(), to.to_owned());
        self.edits.push(edit);
        self
    }

    /// Writes a file.
    pub(crate) fn write(mut self, path: &'static str, text: &str) -> Self {
        self.edits.push(Edit::Write(path, text.to_owned()));
        self
    }

    /// Takes a file out.
    pub(crate) fn remove(mut self, path: &'static str) -> Self {
        self.edits.push(Edit::Remove(path));
        self
    }

    /// The root of its assembled release.
    pub(crate) fn release(&self) -> PathBuf {
        let sources = self.sources();
        let key = key(&sources);
        let build = {
            static BUILDS: OnceLock<Mutex<HashMap<String, Arc<Mutex<()>>>>> = OnceLock::new();
            let builds = BUILDS.get_or_init(Mutex::default);
            builds
                .lock()
                .unwrap()
                .entry(key.clone())
                .or_default()
                .clone()
        };
        let _one = build.lock().unwrap();
        let root = cache().join(&key);
        if !root.exists() {
            assemble(&sources, &root);
        }
        root
    }

    fn sources(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases/shop");
        let mut sources: HashMap<PathBuf, Vec<u8>> = HashMap::new();
        for entry in WalkDir::new(&base).into_iter().map(Result::unwrap) {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&base).unwrap().to_owned();
                sources.insert(path, fs::read(entry.path()).unwrap());
            }
        }
        for edit in &self.edits {
            match edit {
                Edit::Replace(path, from, to) => {
                    let source = sources.get_mut(Path::new(path)).expect(path);
                    let text = String::from_utf8(source.clone()).unwrap();
                    assert!(text.contains(from), "{path} has no {from}");
                    *source = text.replace(from, to).into_bytes();
                }
                Edit::Write(path, text) => {
                    sources.insert(path.into(), text.clone().into_bytes());
                }
                Edit::Remove(path) => {
                    sources.remove(Path::new(path)).expect(path);
                }
            }
        }
        let mut sources: Vec<_> = sources.into_iter().collect();
        sources.sort();
        sources
    }
}

/// Where releases are kept between runs.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("shop-releases")
}

fn key(sources: &[(PathBuf, Vec<u8>)]) -> String {
    let mut digest = blake3::Hasher::new();
    for (path, text) in sources {
        for part in [path.as_os_str().as_encoded_bytes(), text] {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    digest.finalize().to_hex()[..16].to_owned()
}

fn assemble(sources: &[(PathBuf, Vec<u8>)], root: &Path) {
    fs::create_dir_all(cache()).unwrap();
    let work = tempfile::tempdir_in(cache()).unwrap();
    // As others do, the tests' own machine may set variables of Mix.
    for (path, text) in sources {
        let path = work.path().join("source").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let built = work.path().join("release");
    let output = Command::new("mix")
        .args(["release", "--quiet", "--path"])
        .arg(&built)
        .current_dir(work.path().join("source"))
        .env("MIX_ENV", "prod")
        .env_remove("MIX_BUILD_PATH")
        .output()
        .expect("mix is installed (script/setup)");
    assert!(
        output.status.success() && built.join("bin/shop").exists(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    share(&built);
    // Another process may have been as fast.
    if fs::rename(&built, root).is_err() {
        assert!(root.exists());
    }
}

/// Lets files that every variant has (ERTS, OTP, Elixir) exist once.
fn share(built: &Path) {
    let pool = cache().join("files");
    fs::create_dir_all(&pool).unwrap();
    for entry in WalkDir::new(built).into_iter().map(Result::unwrap) {
        let is_large = entry.metadata().unwrap().len() > 4096;
        if entry.file_type().is_file() && is_large {
            let digest = blake3::hash(&fs::read(entry.path()).unwrap());
            let is_program = entry.path().components().any(|c| c.as_os_str() == "bin");
            let kept = pool.join(format!(
                "{}{}",
                digest.to_hex(),
                if is_program { "x" } else { "" }
            ));
            if kept.exists() {
                fs::remove_file(entry.path()).unwrap();
                fs::hard_link(&kept, entry.path()).unwrap();
            } else if let Err(error) = fs::hard_link(entry.path(), &kept) {
                assert!(kept.exists(), "{error}");
            }
        }
    }
}
