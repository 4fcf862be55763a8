//! Whether the processes of a changed module can be suspended: a supervisor must know them, by a child
//! specification that lists the module.

use std::collections::{BTreeMap, BTreeSet};

use relup::generate::{Role, Side, role};
use relup::model::{Application, Module};
use relup::{Direction, Release};
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
}

impl Supervisors {
    fn read(side: Side<'_>) -> Self {
        let mut of = BTreeMap::new();
        for app in applications(side.release) {
            for (name, module) in &app.modules {
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
        Self { of }
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
                Role::Supervisor => {}
                Role::Process(behaviour) => {
                    if supervisors.listing(&running.name).next().is_none() {
                        let (severity, detail) =
                            unlisted(&running.name, behaviour, supervisors, from.release);
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

fn unlisted(
    module: &str,
    behaviour: Behaviour,
    supervisors: &Supervisors,
    release: &Release,
) -> (Severity, String) {
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
    let starters: Vec<&str> = release
        .applications
        .iter()
        .flat_map(|app| app.modules.values())
        .filter(|m| m.name != module && m.imports.iter().any(|(i, _, _)| i == module))
        .map(|m| shown(&m.name))
        .collect();
    let mut detail = format!("no supervisor that is seen lists {name}");
    if !unseen.is_empty() {
        detail = format!("{detail}; not seen: {}", some(unseen));
    }
    if !starters.is_empty() {
        detail = format!("{detail}; it is called by {}", some(starters));
    }
    (Severity::Doubt, detail)
}
