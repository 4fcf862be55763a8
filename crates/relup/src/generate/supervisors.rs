//! Changes of supervisors, brought to the running ones.
//!
//! A callback module's `init/1` is asked again by `{update, M, supervisor}`: that brings flags, order and
//! specifications, but starts and ends nobody, so children that are new are started and those that are
//! gone are ended by name. A list given to `Supervisor.start_link` reaches nobody at all: there a child is
//! started from its specification, or ended and forgotten, by name, and whatever else differs is
//! refused. No update of such a supervisor is generated, ever: it would bring the old list back.

use std::collections::BTreeSet;

use beam::term::consult_one;
use beam::{Limits, Term};
use shape::Version;
use shape::supervision::{self, Child, Children, Difference, Form};

use super::modules::{replaced, supervisor_update};
use super::role::role;
use super::{Generated, Pair, Part, Role, Why};
use crate::{Application, High, Low, Module};

/// Adds what supervisors need to the parts of a direction.
pub(super) fn generate(pair: &Pair<'_>, generated: &mut Generated) {
    let mut ended = BTreeSet::new();
    for from in &pair.from.release.applications {
        let Some(to) = pair.to.release.application(&from.name) else {
            continue;
        };
        for (name, was) in &from.modules {
            let Some(is) = to.modules.get(name) else {
                continue;
            };
            if supervises(from, was) && supervises(to, is) {
                supervisor(pair, (from, was), is, generated, &mut ended);
            }
        }
    }
    for (name, module) in replaced(pair) {
        let Some(gone) = module.from.filter(|_| module.to.is_none()) else {
            continue;
        };
        if role(gone) != Role::Plain && !ended.contains(&name) {
            let refused = pair.refuse(module.application, Some(&name), Why::ProcessModuleDeleted);
            generated.refused.push(refused);
        }
    }
}

/// Whether the module says what the children of some supervisor are.
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

fn supervisor(
    pair: &Pair<'_>,
    (app, was): (&Application, &Module),
    is: &Module,
    generated: &mut Generated,
    ended: &mut BTreeSet<String>,
) {
    let is_generated = pair.generated.contains(&app.name);
    let same = was.md5 == is.md5;
    let code = (pair.from.code.code(&was.name), pair.to.code.code(&is.name));
    let (Some(from), Some(to)) = code else {
        if !same && is_generated {
            let why = "its debug information is not there".to_owned();
            let refused = pair.refuse(&app.name, Some(&is.name), Why::SupervisionUnseen { why });
            generated.refused.push(refused);
        }
        return;
    };
    let from = Version {
        code: from,
        others: pair.from.code,
    };
    let to = Version {
        code: to,
        others: pair.to.code,
    };
    let differences = match supervision::compare(from, to) {
        Ok(differences) => differences,
        Err(unseen) => {
            if is_generated {
                let why = Why::SupervisionUnseen { why: unseen.why };
                generated
                    .refused
                    .push(pair.refuse(&app.name, Some(&is.name), why));
            }
            return;
        }
    };
    let names = [from, to].map(|version| supervision::children(version).ok()?.name);
    let is_renamed = names[0] != names[1];
    if differences.is_empty() && !is_renamed {
        return;
    }
    let change = if is_renamed {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
        Err(format!(
            "its registered name was {} and is {}: a running supervisor keeps its name",
            name(&names[0]),
            name(&names[1])
        ))
    } else if is_generated {
        supervision::children(to)
            .map_err(|unseen| unseen.why)
            .and_then(|children| Change::of(&differences, &children))
    } else {
        Err("its own appup, or none, must say what is to be done".to_owned())
    };
    match (change, generated.applications.get_mut(&app.name)) {
        (Ok(change), Some(parts)) => {
            ended.extend(change.ended);
            let part = parts.part_mut(pair.direction);
            part.before.extend(change.before);
            if change.update {
                update(part, &is.name);
            }
            part.after.extend(change.after);
        }
        (Err(what), _) => {
            let why = Why::Supervision { what };
            generated
                .refused
                .push(pair.refuse(&app.name, Some(&is.name), why));
        }
        (Ok(_), None) => {}
    }
}

/// Has the supervisor ask its `init/1` again, also where its own code is the same.
fn update(part: &mut Part, module: &str) {
    let is_updated = part.code.iter().any(|instruction| match instruction {
        High::Update(update) => update.module == module,
        _ => false,
    });
    if !is_updated {
        part.code.push(supervisor_update(module));
    }
}

/// What to do for one supervisor.
#[derive(Debug, Default)]
struct Change {
    before: Vec<High>,
    update: bool,
    after: Vec<High>,
    /// Modules whose processes end with the children that are ended.
    ended: BTreeSet<String>,
}

impl Change {
    fn of(differences: &[Difference], target: &Children) -> Result<Self, String> {
        let mut change = Self {
            update: target.form == Form::Module,
            ..Self::default()
        };
        for difference in differences {
            change.add(difference, target)?;
        }
        Ok(change)
    }

    fn add(&mut self, difference: &Difference, target: &Children) -> Result<(), String> {
        let inline = target.form == Form::Inline;
        match difference {
            Difference::Added { child, .. } => {
                let start = if inline {
                    if !starts_in_any_order(child, target) {
                        return Err(format!(
                            "child {} is new and not the last one, under strategy {}: a running \
                             supervisor takes new children at its end only",
                            child.id, target.flags.strategy
                        ));
                    }
                    supervisor_call("start_child", target, specification(child)?)?
                } else {
                    supervisor_call("restart_child", target, term(&child.id)?)?
                };
                self.after.push(start);
            }
            Difference::Removed { child } => {
                for function in ["terminate_child", "delete_child"] {
                    let call = supervisor_call(function, target, term(&child.id)?)?;
                    self.before.push(call);
                }
                self.ended.insert(child.start_module.clone());
                self.ended.extend(child.modules.iter().flatten().cloned());
            }
            Difference::Changed { old, new } => {
                let started_alike = old.start_module == new.start_module
                    && old.start_function == new.start_function
                    && old.arguments == new.arguments
                    && old.kind == new.kind;
                if inline || !started_alike {
                    return Err(format!(
                        "child {} has another specification: {}; its running process was started by \
                         the other one",
                        old.id,
                        what_differs(old, new)
                    ));
                }
            }
            Difference::Reordered if inline => {
                return Err(
                    "its children come in another order, and a running supervisor keeps \
                            the order that it has"
                        .to_owned(),
                );
            }
            Difference::Flags { old, new } if inline || old.strategy != new.strategy => {
                return Err(format!(
                    "its flags were {}, {} in {} s and are {}, {} in {} s",
                    old.strategy,
                    old.intensity,
                    old.period,
                    new.strategy,
                    new.intensity,
                    new.period
                ));
            }
            Difference::Form { .. } => {
                return Err(
                    "its children were named by a callback module on one side and by a \
                            list on the other"
                        .to_owned(),
                );
            }
            Difference::Reordered | Difference::Flags { .. } => {}
        }
        Ok(())
    }
}

fn starts_in_any_order(child: &Child, target: &Children) -> bool {
    let is_last = target
        .children
        .last()
        .is_some_and(|last| last.id == child.id);
    is_last || target.flags.strategy == "one_for_one"
}

fn what_differs(old: &Child, new: &Child) -> String {
    let start = |c: &Child| format!("{}:{}", c.start_module, c.start_function);
    let parts = [
        ("start function", start(old), start(new)),
        (
            "arguments",
            old.arguments.join(", "),
            new.arguments.join(", "),
        ),
        ("restart", old.restart.clone(), new.restart.clone()),
        ("shutdown", old.shutdown.clone(), new.shutdown.clone()),
        ("type", old.kind.clone(), new.kind.clone()),
        (
            "modules",
            format!("{:?}", old.modules),
            format!("{:?}", new.modules),
        ),
    ];
    let differing = parts.into_iter().filter(|(_, old, new)| old != new);
    let texts: Vec<_> = differing
        .map(|(what, old, new)| format!("{what} {old} became {new}"))
        .collect();
    texts.join(", ")
}

fn supervisor_call(function: &str, target: &Children, argument: Term) -> Result<High, String> {
    let name = target
        .name
        .as_deref()
        .ok_or("its children differ, and it has no registered name by which it could be told so")?;
    Ok(High::Low(Low::Apply {
        module: "supervisor".to_owned(),
        function: function.to_owned(),
        args: vec![term(name)?, argument],
    }))
}

fn term(text: &str) -> Result<Term, String> {
    consult_one(format!("{text}.").as_bytes(), &Limits::RELEASE)
        .map_err(|_| format!("{text} is only known at run time"))
}

fn specification(child: &Child) -> Result<Term, String> {
    if !child.literal {
        return Err(format!(
            "child {} is new and its arguments are only known at run time: {}",
            child.id,
            child.arguments.join(", ")
        ));
    }
    let arguments: Result<Vec<Term>, String> = child.arguments.iter().map(|a| term(a)).collect();
    let start = vec![
        Term::atom(&child.start_module),
        Term::atom(&child.start_function),
        Term::List(arguments?),
    ];
    let modules = match &child.modules {
        None => Term::atom("dynamic"),
        Some(modules) => Term::List(modules.iter().map(Term::atom).collect()),
    };
    let pairs = [
        ("id", term(&child.id)?),
        ("start", Term::Tuple(start)),
        ("restart", term(&child.restart)?),
        ("shutdown", term(&child.shutdown)?),
        ("type", term(&child.kind)?),
        ("modules", modules),
    ];
    Ok(Term::Map(
        pairs.map(|(key, value)| (Term::atom(key), value)).into(),
    ))
}
