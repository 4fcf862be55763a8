//! Releases that are built once and shared by the tests of this binary.
//!
//! They lie with the build's own temporary files, so that the next run builds only what changed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Operator;
use super::world::{copy_shop, edit, edition};

/// A release of the shop.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// What its answers say in `x-version`.
    pub(crate) label: String,
    /// Its artifact.
    pub(crate) artifact: String,
}

/// The releases.
pub(crate) struct Shelf {
    operator: Operator,
    built: Mutex<BTreeMap<&'static str, Version>>,
}

/// An edit of a file: from, to.
type Edit = (&'static str, &'static str, &'static str);

/// The one shelf of this binary.
pub(crate) fn shelf() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shelf");
        fs::create_dir_all(&dir).unwrap();
        Shelf {
            operator: Operator::new(dir.join("shop"), dir.join("home")),
            built: Mutex::default(),
        }
    })
}

impl Shelf {
    /// A sound release.
    pub(crate) fn spring(&self) -> Version {
        self.version("spring", &[])
    }

    /// Another one.
    pub(crate) fn summer(&self) -> Version {
        self.version("summer", &[])
    }

    /// One that is never healthy.
    pub(crate) fn unhealthy(&self) -> Version {
        let fail = ("config/config.exs", "health: :ok", "health: :fail");
        self.version("never-healthy", &[fail])
    }

    /// One that is healthy, and answers requests with 500.
    pub(crate) fn failing(&self) -> Version {
        let from = "json(request, 200, %{\n      greeting";
        let to = "json(request, 500, %{\n      greeting";
        self.version("answers-500", &[("lib/shop/router.ex", from, to)])
    }

    /// One that is healthy, and whose node dies of a request.
    pub(crate) fn crashing(&self) -> Version {
        let halt = "def greeting, do: System.halt(3)";
        let file = "lib/shop/catalogue.ex";
        self.version(
            "dies-of-requests",
            &[(file, "def greeting, do: @greeting", halt)],
        )
    }

    /// Brings a release to a home, with the key that signed it.
    pub(crate) fn bring(&self, version: &Version, home: &Path) {
        let file = PathBuf::from("artifacts").join(format!("{}.cutover", version.artifact));
        let to = home.join(&file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if !to.exists() {
            fs::copy(self.operator.home().join(&file), to).unwrap();
        }
    }

    /// Has an agent trust the key of the shelf.
    pub(crate) fn trust(&self, agent: &Path) {
        let trusted = agent.join("trusted");
        fs::create_dir_all(&trusted).unwrap();
        let key = self.operator.home().join("keys/cutover.pub");
        fs::copy(key, trusted.join("shelf.pub")).unwrap();
    }

    fn version(&self, name: &'static str, edits: &[Edit]) -> Version {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = built.get(name) {
            return version.clone();
        }
        let version = self.build(name, edits);
        built.insert(name, version.clone());
        version
    }

    fn build(&self, name: &str, edits: &[Edit]) -> Version {
        let project = self.operator.project();
        // Another run of the tests may build here as well.
        let lock = File::create(project.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        copy_shop(project);
        let settings = "service = \"shop\"\n[environments.test]\n";
        fs::write(project.join("cutover.toml"), settings).unwrap();
        edition(project, name);
        for (file, from, to) in edits {
            edit(project, file, from, to);
        }
        let built = self.operator.ok(&["build", "--json"]).json();
        Version {
            label: format!("{} {name}", built["vsn"].as_str().unwrap()),
            artifact: built["artifact"].as_str().unwrap().to_owned(),
        }
    }
}
