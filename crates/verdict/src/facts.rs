//! What the checker has to know of the node beyond the files of the releases.

use std::collections::{BTreeMap, BTreeSet};

use beam::term::consult_one;
use beam::{Limits, Term};
use checker::{
    Child, ChildList, Children, CodeLoading, Facts, Migration, ProcessFacts, ProcessKind,
    Reach as Reached, Restart, State, SupervisorCallback, SupervisorFacts,
};
use relup::Direction;
use relup::generate::{Role, role};
use relup::model::Module;
use shape::Behaviour;
use shape::supervision::{self, Form};

use crate::case::{Case, applications};
use crate::processes::{Fit, States};
use crate::reach::{Reach, Supervisors};

/// What is known of the processes and supervisors, for a script in that direction.
///
/// Processes and supervisors of OTP and Elixir are left out: they are the same in both releases, or the
/// pair is refused anyway.
pub(crate) fn facts(
    case: &Case<'_>,
    reach: &Reach,
    states: &States,
    direction: Direction,
) -> Facts {
    let mut facts = Facts::none(CodeLoading::Embedded);
    let mut known = BTreeSet::new();
    for side in [case.new, case.old] {
        for app in applications(side.release) {
            for (name, module) in &app.modules {
                let Some(kind) = kind(module) else { continue };
                if !known.insert(name.clone()) {
                    continue;
                }
                facts.processes.push(ProcessFacts {
                    module: name.clone(),
                    application: app.name.clone(),
                    kind,
                    reach: reached(reach, name, kind),
                    state: state(states, name, direction),
                    restart: restart(reach, name),
                    busy_ms: None,
                });
            }
        }
    }
    facts.processes.sort_by(|a, b| a.module.cmp(&b.module));
    facts.supervisors = supervisors(reach);
    facts.calls = calls(case);
    facts
}

fn kind(module: &Module) -> Option<ProcessKind> {
    Some(match role(module) {
        Role::Supervisor => ProcessKind::Supervisor,
        Role::Process(Behaviour::GenServer | Behaviour::Agent) => ProcessKind::GenServer,
        Role::Process(Behaviour::GenStatem) => ProcessKind::GenStatem,
        Role::Process(Behaviour::GenEvent) => ProcessKind::GenEvent,
        Role::Process(Behaviour::Special) => ProcessKind::Special,
        Role::Plain => return None,
    })
}

/// Where no supervisor is seen the verdict has its own reason, and the walk goes on as if one were.
fn reached(reach: &Reach, module: &str, kind: ProcessKind) -> Reached {
    let sides = [&reach.old, &reach.new];
    let listed = sides.iter().find_map(|side| side.listing(module).next());
    match listed.and_then(|child| child.modules.clone()) {
        Some(modules) => Reached::Listed(modules),
        None if kind == ProcessKind::GenEvent => Reached::Dynamic,
        None => Reached::Listed(vec![module.to_owned()]),
    }
}

fn restart(reach: &Reach, module: &str) -> Restart {
    let sides = [&reach.old, &reach.new];
    let mut listed = sides.iter().flat_map(|side| side.listing(module));
    if listed.any(|child| child.restart == "temporary") {
        Restart::Temporary
    } else {
        Restart::Kept
    }
}

fn state(states: &States, module: &str, direction: Direction) -> State {
    let migration = |handled| {
        if handled {
            Migration::Handled { extra: None }
        } else {
            Migration::Missing
        }
    };
    match states.get(&(direction, module.to_owned())) {
        None | Some(Fit::Same) => State::Unchanged,
        Some(Fit::Unseen) => State::Unseen,
        Some(fit) => {
            let handled = *fit == Fit::Converted;
            State::Changed {
                up: migration(handled && direction == Direction::Up),
                down: migration(handled && direction == Direction::Down),
            }
        }
    }
}

fn supervisors(reach: &Reach) -> Vec<SupervisorFacts> {
    let names: BTreeSet<&String> = reach.old.of.keys().chain(reach.new.of.keys()).collect();
    let facts = names.into_iter().filter_map(|module| {
        let (old, new) = (side(&reach.old, module)?, side(&reach.new, module)?);
        let (application, children) = new.or(old)?;
        let older = old.map(|(_, children)| list(children));
        let newer = new.map(|(_, children)| list(children));
        let is_started = children.flags.strategy == "simple_one_for_one" && older == newer;
        Some(SupervisorFacts {
            module: module.clone(),
            application: application.clone(),
            registered: children
                .name
                .as_deref()
                .map(term)
                .and_then(|name| match name {
                    Term::Atom(name) => Some(name),
                    _ => None,
                }),
            callback: match children.form {
                Form::Module => SupervisorCallback::Module,
                Form::Inline => SupervisorCallback::Arguments,
            },
            children: if is_started {
                Children::Started
            } else {
                Children::Listed { older, newer }
            },
        })
    });
    facts.collect()
}

type Seen<'a> = Option<(&'a String, &'a supervision::Children)>;

/// `None` where its children are not seen: whether that matters is said elsewhere.
fn side<'a>(supervisors: &'a Supervisors, module: &str) -> Option<Seen<'a>> {
    match supervisors.of.get(module) {
        None => Some(None),
        Some((application, Ok(children))) => Some(Some((application, children))),
        Some((_, Err(_))) => None,
    }
}

fn list(children: &supervision::Children) -> ChildList {
    let flags = &children.flags;
    let flags = [&flags.strategy, &flags.intensity, &flags.period];
    ChildList {
        flags: Term::Tuple(flags.into_iter().map(|text| term(text)).collect()),
        children: children.children.iter().filter_map(child).collect(),
    }
}

fn child(child: &supervision::Child) -> Option<Child> {
    let start = vec![
        Term::atom(&child.start_module),
        Term::atom(&child.start_function),
        Term::List(child.arguments.iter().map(|text| term(text)).collect()),
    ];
    let modules = match &child.modules {
        None => Term::atom("dynamic"),
        Some(modules) => Term::List(modules.iter().map(Term::atom).collect()),
    };
    let pairs = [
        ("id", term(&child.id)),
        ("start", Term::Tuple(start)),
        ("restart", term(&child.restart)),
        ("shutdown", term(&child.shutdown)),
        ("type", term(&child.kind)),
        ("modules", modules),
    ];
    Child::from_spec(&Term::Map(
        pairs.map(|(key, value)| (Term::atom(key), value)).into(),
    ))
}

/// A term of its text; an expression that is only known at run time stays text.
fn term(text: &str) -> Term {
    let parsed = consult_one(format!("{text}.").as_bytes(), &Limits::RELEASE);
    parsed.unwrap_or_else(|_| Term::string(text))
}

/// The pairs of which the newer caller needs the newer callee: it calls what the older does not have.
fn calls(case: &Case<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (caller, module) in &case.changed {
        for (callee, function, arity) in &module.new.imports {
            let Some(other) = case.changed.get(callee.as_str()) else {
                continue;
            };
            let needs = other.new.exports(function, *arity) && !other.old.exports(function, *arity);
            if needs && callee != caller {
                calls
                    .entry((*caller).to_owned())
                    .or_default()
                    .insert(callee.clone());
            }
        }
    }
    calls
}
