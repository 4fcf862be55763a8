//! The files that were found, made a release: every part held against the others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use beam::rel::RelApplication;
use beam::term::consult_one;
use beam::{AppFile, Limits, RelFile, StartErl, Term};
use relup::model::{File, Modules};
use relup::{Application, Release};

use super::found::{Found, What};
use super::{PairError, Reading, Source};
use crate::check::Problem;
use crate::manifest::EntryKind;
use crate::tree::{is_below, remains};

const LIMITS: Limits = Limits::RELEASE;
const STALE: &str = "build the release again from clean";

/// Finds out which release is meant and what it is made of: the `.rel` file of the version asked for, of
/// that in `start_erl.data`, or of the only one there.
pub(super) fn identify<'a, I: Iterator<Item = &'a str>>(
    place: &Path,
    paths: impl Fn() -> I,
    text: impl Fn(&str) -> Result<Vec<u8>, String>,
    vsn: Option<&str>,
) -> Result<(RelFile, String), PairError> {
    let not_release = |reason: String| PairError::NotRelease {
        place: place.to_owned(),
        reason,
    };
    let candidates: Vec<(&str, &str)> = paths()
        .filter_map(|path| {
            let (vsn, name) = path.strip_prefix("releases/")?.split_once('/')?;
            (name.ends_with(".rel") && !name.contains('/')).then_some((vsn, path))
        })
        .collect();
    const START_ERL: &str = "releases/start_erl.data";
    let vsn = match vsn {
        Some(vsn) => vsn.to_owned(),
        None if paths().any(|path| path == START_ERL) => {
            let bytes = text(START_ERL).map_err(&not_release)?;
            let start_erl = StartErl::read(&bytes);
            let start_erl = start_erl.map_err(|e| not_release(format!("{START_ERL}: {e}")))?;
            start_erl.vsn
        }
        None => {
            let mut versions: Vec<&str> = candidates.iter().map(|(vsn, _)| *vsn).collect();
            versions.dedup();
            match versions[..] {
                [] => return Err(not_release("no releases/VSN/NAME.rel".to_owned())),
                [only] => only.to_owned(),
                _ => {
                    let versions = versions.join(", ");
                    return Err(not_release(format!(
                        "no {START_ERL} tells which of its versions is meant: {versions}"
                    )));
                }
            }
        }
    };
    let mut found = Vec::new();
    for (_, path) in candidates.iter().filter(|(found, _)| *found == vsn) {
        let bytes = text(path).map_err(&not_release)?;
        let rel = RelFile::read(&bytes, &LIMITS);
        let rel = rel.map_err(|e| not_release(format!("{path}: {e}")))?;
        if rel.vsn == vsn {
            found.push(rel);
        } else {
            let other = rel.vsn;
            return Err(not_release(format!(
                "{path} is of version {other}, not {vsn}"
            )));
        }
    }
    match found.len() {
        1 => Ok((found.remove(0), vsn)),
        0 => Err(not_release(format!("no releases/{vsn}/NAME.rel"))),
        n => Err(not_release(format!("releases/{vsn} holds {n} .rel files"))),
    }
}

pub(super) fn assemble(source: &Source, mut found: Vec<Found>) -> Result<Reading, PairError> {
    found.sort_unstable_by(|a, b| a.entry.path.cmp(&b.entry.path));
    let place = source.path();
    let texts: HashMap<&str, &Arc<[u8]>> = found
        .iter()
        .filter_map(|found| match &found.what {
            What::Text(text) => Some((found.entry.path.as_str(), text)),
            _ => None,
        })
        .collect();
    let paths = || found.iter().map(|found| found.entry.path.as_str());
    let text = |path: &str| match texts.get(path) {
        Some(text) => Ok(text.to_vec()),
        None => Err(format!("{path} is too large")),
    };
    let (rel, vsn) = identify(place, paths, text, source.vsn())?;
    let remains = remains(paths(), &rel, &vsn);
    found.retain(|found| !is_below(found.entry.path.as_str(), &remains));
    let mut parts = Parts {
        vsn: &vsn,
        problems: Vec::new(),
        found: &found,
    };
    let release = parts.release(&rel);
    let problems = parts.problems;
    if !problems.is_empty() {
        return Err(PairError::Unsound {
            place: place.to_owned(),
            problems,
        });
    }
    Ok(Reading {
        source: source.clone(),
        release,
        entries: found.into_iter().map(|found| found.entry).collect(),
    })
}

struct Parts<'a> {
    vsn: &'a str,
    problems: Vec<Problem>,
    /// Sorted by path.
    found: &'a [Found],
}

impl<'a> Parts<'a> {
    fn release(&mut self, rel: &RelFile) -> Release {
        let mut seen = HashSet::new();
        let mut applications = Vec::new();
        let rel_path = format!("releases/{}/{}.rel", self.vsn, rel.name);
        for app in &rel.applications {
            if seen.insert(app.name.as_str()) {
                applications.extend(self.application(app));
            } else {
                let what = format!("names the application {} twice", app.name);
                let remedy = "a node runs one version of it; build the release again";
                self.problem(&rel_path, what, remedy);
            }
        }
        let consolidated = format!("releases/{}/consolidated", self.vsn);
        let mut consolidated = self.modules(&consolidated);
        // Distillery keeps them in the application's own directory.
        let own = rel.applications.iter().find(|app| app.name == rel.name);
        if let Some(own) = own.filter(|_| consolidated.is_empty()) {
            consolidated = self.modules(&format!("lib/{}-{}/consolidated", own.name, own.vsn));
        }
        let config = self.text(&format!("releases/{}/sys.config", self.vsn));
        let sys_config = config.and_then(|text| consult_one(text, &LIMITS).ok());
        Release {
            name: rel.name.clone(),
            vsn: rel.vsn.clone(),
            erts: rel.erts.clone(),
            applications,
            consolidated,
            runtime_config: self.runtime_config(config, sys_config.as_ref()),
            sys_config,
            files: self.files(),
        }
    }

    fn problem(&mut self, path: &str, what: impl Into<String>, remedy: &'static str) {
        self.problems.push(Problem::new(path, what, remedy));
    }

    fn application(&mut self, app: &RelApplication) -> Option<Application> {
        let directory = format!("lib/{}-{}", app.name, app.vsn);
        let app_path = format!("{directory}/ebin/{}.app", app.name);
        let Some(text) = self.text(&app_path) else {
            let what = match self.below(&directory).next() {
                None => format!("the .rel file wants it, and {directory} is missing"),
                Some(_) => "the application's resource file is missing".to_owned(),
            };
            self.problem(&app_path, what, STALE);
            return None;
        };
        let resource = match AppFile::read(text, &LIMITS) {
            Ok(resource) => resource,
            Err(e) => {
                self.problem(&app_path, e.to_string(), STALE);
                return None;
            }
        };
        if resource.name != app.name {
            let what = format!("describes the application {}", resource.name);
            self.problem(&app_path, what, STALE);
        }
        if resource.vsn != app.vsn {
            let what = format!(
                "says version {}, its directory and the .rel file {}",
                resource.vsn, app.vsn
            );
            self.problem(&app_path, what, STALE);
        }
        let ebin = format!("{directory}/ebin");
        let modules = self.modules(&ebin);
        for module in &resource.modules {
            if !modules.contains_key(module) {
                let what = format!("{}.app names this module, and it is missing", app.name);
                self.problem(&format!("{ebin}/{module}.beam"), what, STALE);
            }
        }
        let appup_path = format!("{ebin}/{}.appup", app.name);
        let appup = match self.text(&appup_path).map(|t| consult_one(t, &LIMITS)) {
            None => None,
            Some(Ok(appup)) => Some(appup),
            Some(Err(e)) => {
                let remedy = "mend it: OTP could not read it either";
                self.problem(&appup_path, e.to_string(), remedy);
                None
            }
        };
        Some(Application {
            name: app.name.clone(),
            vsn: app.vsn.clone(),
            start: app.start,
            resource,
            modules,
            appup,
        })
    }

    /// The modules right in a directory.
    fn modules(&mut self, directory: &str) -> Modules {
        let mut modules = Modules::new();
        for found in self.below(directory) {
            let path = found.entry.path.as_str();
            let What::Module(module) = &found.what else {
                continue;
            };
            let Some((parent, file)) = path.rsplit_once('/') else {
                continue;
            };
            if parent != directory {
                continue;
            }
            match module {
                Ok(module) if file.strip_suffix(".beam") == Some(&module.name) => {
                    modules.insert(module.name.clone(), Arc::clone(module));
                }
                Ok(module) => {
                    let what = format!("holds the module {}", module.name);
                    self.problem(path, what, STALE);
                }
                Err(reason) => self.problem(path, reason.clone(), STALE),
            }
        }
        modules
    }

    /// Every file below a directory.
    fn below(&self, directory: &str) -> impl Iterator<Item = &'a Found> + use<'a> {
        let prefix = format!("{directory}/");
        let found = self.found;
        let start = found.partition_point(|f| f.entry.path.as_str() < prefix.as_str());
        let rest = found[start..].iter();
        rest.take_while(move |f| f.entry.path.as_str().starts_with(&prefix))
    }

    fn text(&self, path: &str) -> Option<&'a [u8]> {
        let found = self.found;
        let index = found.binary_search_by(|f| f.entry.path.as_str().cmp(path));
        match &found[index.ok()?].what {
            What::Text(text) => Some(text),
            _ => None,
        }
    }

    fn has(&self, path: &str) -> bool {
        let by_path = |f: &Found| f.entry.path.as_str().cmp(path);
        self.found.binary_search_by(by_path).is_ok()
    }

    /// Mix's `runtime.exs`, a configuration provider of Elixir's or Distillery's, or relx's `.src`.
    fn runtime_config(&self, text: Option<&[u8]>, config: Option<&Term>) -> bool {
        let provided = |app: &str, key: &str| {
            let value = config.and_then(|config| config.get(app)?.get(key));
            value.is_some_and(|value| value.as_list() != Some(&[]))
        };
        let marked = |mark: &[u8]| {
            text.is_some_and(|text| text.windows(mark.len()).any(|found| found == mark))
        };
        self.has(&format!("releases/{}/runtime.exs", self.vsn))
            || self.has(&format!("releases/{}/sys.config.src", self.vsn))
            || provided("elixir", "config_provider_init")
            || provided("distillery", "config_providers")
            || marked(b"RUNTIME_CONFIG=true")
    }

    /// Files right in `releases` say what boots on a host; they are no part of what does.
    fn files(&self) -> BTreeMap<String, File> {
        let found = self.found.iter().filter(|found| {
            let below = found.entry.path.as_str().strip_prefix("releases/");
            below.is_none_or(|rest| rest.contains('/'))
        });
        let files = found.map(|found| {
            let size = match &found.entry.kind {
                EntryKind::File { content, .. } => content.size,
                EntryKind::Symlink { target } => target.len() as u64,
            };
            let digest = *found.entry.kind.digest().as_bytes();
            let path = found.entry.path.as_str().to_owned();
            (path, File { size, digest })
        });
        files.collect()
    }
}
