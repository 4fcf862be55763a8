//! A release as the compiler sees it: values only, whoever read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use beam::rel::StartType;
use beam::{AppFile, ModuleMd5, Term};

/// Modules by name. Releases share those that are the same in both.
pub type Modules = BTreeMap<String, Arc<Module>>;

/// A release.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its version.
    pub vsn: String,
    /// The version of ERTS that it runs on.
    pub erts: String,
    /// Its applications, in the order of the `.rel` file.
    pub applications: Vec<Application>,
    /// The modules of `releases/VSN/consolidated`, by name.
    pub consolidated: Modules,
    /// `sys.config`, where there is one that can be read.
    pub sys_config: Option<Term>,
    /// Whether configuration is computed at boot (`config/runtime.exs` or a provider).
    pub runtime_config: bool,
    /// Every file and link by its path below the root, beams among them.
    pub files: BTreeMap<String, File>,
}

/// A file of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its size in bytes; of a link, the length of its target.
    pub size: u64,
    /// A digest of what it holds and how (mode, kind): equal where nothing differs.
    pub digest: [u8; 32],
}

/// An application of a release.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its version, which the `.rel` file, its directory and its `.app` agree on.
    pub vsn: String,
    /// How it is started.
    pub start: StartType,
    /// Its resource file.
    pub resource: AppFile,
    /// Its modules, by name.
    pub modules: Modules,
    /// Its `.appup` file, read as one term.
    pub appup: Option<Term>,
}

/// A module of a release.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its name, as its atom is written without quotes.
    pub name: String,
    /// The digest of its code.
    pub md5: ModuleMd5,
    /// What it exports, sorted: name and arity.
    pub exports: Vec<(String, u32)>,
    /// What it calls in other modules by name, sorted: module, function and arity (chunk `ImpT`).
    pub imports: Vec<(String, String, u32)>,
    /// How many funs it can make: the entries of its chunk `FunT`.
    pub funs: u32,
    /// The behaviours it says it has, in file order.
    pub behaviours: Vec<String>,
    /// Its `-vsn`, which `release_handler` hands to `code_change` on the way down.
    pub vsn: Option<beam::etf::Term>,
    /// Whether it runs code when it is loaded.
    pub on_load: bool,
    /// Whether it loads a native library.
    pub loads_nif: bool,
    /// Its debug information (chunk `Dbgi`), still encoded: in its beam, or kept beside the artifact.
    pub debug: Option<Arc<[u8]>>,
}

impl Release {
    /// The application of that name.
    pub fn application(&self, name: &str) -> Option<&Application> {
        self.applications.iter().find(|app| app.name == name)
    }

    /// The application's module of that name, with its application.
    pub fn module(&self, name: &str) -> Option<(&Application, &Module)> {
        let mut found = self.applications.iter();
        found.find_map(|app| Some((app, app.modules.get(name)?.as_ref())))
    }
}

impl Module {
    /// Whether it calls that function by name.
    pub fn imports(&self, module: &str, name: &str, arity: u32) -> bool {
        self.imports
            .binary_search_by(|(m, n, a)| (m.as_str(), n.as_str(), *a).cmp(&(module, name, arity)))
            .is_ok()
    }

    /// Whether it exports that function.
    pub fn exports(&self, name: &str, arity: u32) -> bool {
        self.exports
            .binary_search_by(|(n, a)| (n.as_str(), *a).cmp(&(name, arity)))
            .is_ok()
    }
}
