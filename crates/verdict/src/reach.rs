//! Whether the processes of a changed module can be suspended: a supervisor must know them, by a child
//! specification that lists the module.

use std::collections::{BTreeMap, BTreeSet};

use relup::generate::{Role, Side, role};
use relup::model::{Application, Module};
use relup::{Direction, Release};
use shape::calls;
use shape::supervision::{self, Child, Children};
use shape::{Behaviour, Version};

use crate::case::{Case, Changed, applications, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

/// The supervisors of both releases, as far as they are seen.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) old: Supervisors,
    pub(crate) new: Supervisors,
}

/// The supervisors of a release.
#[derive(Debug, Default)]
pub(crate) struct Supervisors {
    /// By module, with its application; `Err` says what was not seen.
    pub(crate) of: BTreeMap<String, (String, Result<Children, String>)>,
    /// Modules that are put under a supervisor while it runs, by the child specification they have
    /// themselves.
    pub(crate) started: BTreeSet<String>,
}

impl Supervisors {
    fn read(side: Side<'_>) -> Self {
        let mut of = BTreeMap::new();
        let mut started = BTreeSet::new();
        for app in applications(side.release) {
            for (name, module) in &app.modules {
                if starts_children(module)
                    && let Some(code) = side.code.code(name)
                {
                    started.extend(calls::started(code));
                }
                if supervises(app, module) {
                    let children = match side.code.code(name) {
                        None => Err("no debug information".to_owned()),
                        Some(code) => {
                            let version = Version {
                                code,
                                others: side.code,
                            };
                            supervision::children(version).map_err(|unseen| unseen.why)
                        }
                    };
                    of.insert(name.clone(), (app.name.clone(), children));
                }
            }
        }
        Self { of, started }
    }

    fn children(&self) -> impl Iterator<Item = &Child> {
        let seen = self
            .of
            .values()
            .filter_map(|(_, children)| children.as_ref().ok());
        seen.flat_map(|children| &children.children)
    }

    /// The child specifications that list a module.
    pub(crate) fn listing(&self, module: &str) -> impl Iterator<Item = &Child> {
        self.children().filter(move |child| {
            let modules = child.modules.as_ref();
            modules.is_some_and(|modules| modules.iter().any(|listed| listed == module))
        })
    }

    /// The child specifications whose start function is the module's.
    fn started_by(&self, module: &str) -> impl Iterator<Item = &Child> {
        self.children()
            .filter(move |child| child.start_module == module)
    }
}

/// Whether a module says what some supervisor's children are.
fn supervises(app: &Application, module: &Module) -> bool {
    let starts = |(m, f, _): &(String, String, u32)| {
        (m == "supervisor" || m == "Elixir.Supervisor") && (f == "start_link" || f == "init")
    };
    let is_callback = app
        .resource
        .start
        .as_ref()
        .is_some_and(|(m, _)| *m == module.name);
    role(module) == Role::Supervisor || is_callback || module.imports.iter().any(starts)
}

/// Whether a module starts children of supervisors that run.
fn starts_children(module: &Module) -> bool {
    let supervisors = [
        "supervisor",
        "Elixir.Supervisor",
        "Elixir.DynamicSupervisor",
    ];
    let starts =
        |(m, f, _): &(String, String, u32)| supervisors.contains(&m.as_str()) && f == "start_child";
    module.imports.iter().any(starts)
}

pub(crate) fn judge(case: &mut Case<'_>) -> Reach {
    let reach = Reach {
        old: Supervisors::read(case.old),
        new: Supervisors::read(case.new),
    };
    let changed: Vec<Changed<'_>> = case.changed.values().copied().collect();
    for direction in DIRECTIONS {
        let supervisors = match direction {
            Direction::Up => &reach.old,
            Direction::Down => &reach.new,
        };
        let (from, _) = case.sides(direction);
        for module in &changed {
            let running = if direction == Direction::Up {
                module.old
            } else {
                module.new
            };
            let place = Place::module(module.application, &running.name);
            let way = Some(direction);
            match role(running) {
                Role::Supervisor => {
                    let is_root = starters(&running.name, from.release)
                        .iter()
                        .any(|starter| is_callback(from.release, module.application, starter));
                    let is_known = is_root
                        || supervisors.listing(&running.name).next().is_some()
                        || supervisors.started.contains(&running.name);
                    if !is_known && has_other_children(case, &running.name, direction) {
                        let detail = format!(
                            "the children of {} differ, and no supervisor that is seen lists it: its \
                             update may find no process",
                            shown(&running.name)
                        );
                        let remedy = "start it by its child specification, under a supervisor";
                        case.add(
                            Severity::Doubt,
                            Kind::Unreachable,
                            place,
                            way,
                            detail,
                            remedy,
                        );
                    }
                }
                Role::Process(behaviour) => {
                    let starters = starters(&running.name, from.release);
                    if !starters.is_empty() {
                        let detail = format!(
                            "{} is started by {} itself: what is started so may have no supervisor",
                            shown(&running.name),
                            some(starters)
                        );
                        let remedy = "start it by its child specification, under a supervisor";
                        let place = place.clone();
                        case.add(
                            Severity::Doubt,
                            Kind::Unreachable,
                            place,
                            way,
                            detail,
                            remedy,
                        );
                    }
                    let is_listed = supervisors.listing(&running.name).next().is_some()
                        || supervisors.started.contains(&running.name);
                    if !is_listed {
                        let (severity, detail) = unlisted(&running.name, behaviour, supervisors);
                        let remedy = "start its processes under a supervisor whose child \
                                      specification lists the module under `modules`";
                        case.add(severity, Kind::Unreachable, place, way, detail, remedy);
                    }
                }
                Role::Plain => {
                    let mut own = supervisors.started_by(&running.name);
                    if let Some(child) = own.find(|child| child.kind == "worker") {
                        let detail = format!(
                            "child {} runs in {}, which has no behaviour that can be suspended: its \
                             process goes on with the old code until it ends",
                            child.id,
                            shown(&running.name)
                        );
                        let remedy = "make it a GenServer, or deploy by another strategy than hot";
                        case.add(
                            Severity::Doubt,
                            Kind::Unreachable,
                            place,
                            way,
                            detail,
                            remedy,
                        );
                    }
                }
            }
        }
    }
    reach
}

/// Whether a module, as shown, is the callback module of the application.
fn is_callback(release: &Release, application: &str, module: &str) -> bool {
    let app = release.application(application);
    let callback = app.and_then(|app| app.resource.start.as_ref());
    callback.is_some_and(|(callback, _)| shown(callback) == module)
}

/// Whether a supervisor's children differ, or may.
fn has_other_children(case: &Case<'_>, module: &str, direction: Direction) -> bool {
    let (from, to) = case.sides(direction);
    let (Some(before), Some(after)) = (from.code.code(module), to.code.code(module)) else {
        return true;
    };
    let before = Version {
        code: before,
        others: from.code,
    };
    let after = Version {
        code: after,
        others: to.code,
    };
    supervision::compare(before, after).map_or(true, |differences| !differences.is_empty())
}

fn unlisted(module: &str, behaviour: Behaviour, supervisors: &Supervisors) -> (Severity, String) {
    let name = shown(module);
    if let Some(child) = supervisors.started_by(module).next() {
        let listed = match &child.modules {
            Some(modules) => modules.join(", "),
            None => "dynamic".to_owned(),
        };
        let severity = match behaviour {
            // An event manager answers which handlers it has.
            Behaviour::GenEvent if child.modules.is_none() => Severity::Note,
            _ => Severity::Refusal,
        };
        let detail = format!(
            "child {} runs on {name} and lists other modules: {listed}; `suspend` does not find it",
            child.id
        );
        return (severity, detail);
    }
    let unseen: BTreeSet<&str> = supervisors
        .of
        .iter()
        .filter(|(_, (_, children))| children.is_err())
        .map(|(name, _)| shown(name))
        .collect();
    let mut detail = format!("no supervisor that is seen lists {name}");
    if !unseen.is_empty() {
        detail = format!("{detail}; not seen: {}", some(unseen));
    }
    (Severity::Doubt, detail)
}

/// Modules that call the start function of another by name: a child specification names it as data.
fn starters<'a>(module: &str, release: &'a Release) -> Vec<&'a str> {
    let starts = |(name, function, _): &(String, String, u32)| {
        name == module && ["start", "start_link", "start_monitor"].contains(&function.as_str())
    };
    let modules = release
        .applications
        .iter()
        .flat_map(|app| app.modules.values());
    modules
        .filter(|other| other.name != module && other.imports.iter().any(starts))
        .map(|other| shown(&other.name))
        .collect()
}
