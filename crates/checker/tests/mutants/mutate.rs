//! Scripts with one thing wrong.

use beam::Term;
use relup::instruction::{CodeChange, Low, Purge, Purges};

use crate::world::Dice;

pub(crate) struct Mutant {
    pub(crate) kind: &'static str,
    /// What was done to which instruction.
    pub(crate) what: String,
    pub(crate) script: Vec<Low>,
}

/// Every instruction dropped, doubled, moved, and each of its arguments altered.
pub(crate) fn mutants(script: &[Low], dice: &mut Dice) -> Vec<Mutant> {
    let mut found = Vec::new();
    let mut push = |kind, what: String, mutated: Vec<Low>| {
        if mutated != script {
            found.push(Mutant {
                kind,
                what: format!("{kind}: {what}"),
                script: mutated,
            });
        }
    };
    let length = script.len();
    for (at, instruction) in script.iter().enumerate() {
        let shown = format!("{at} {}", instruction.to_term());
        let mut dropped = script.to_vec();
        dropped.remove(at);
        push("drop", shown.clone(), dropped);
        let mut doubled = script.to_vec();
        doubled.insert(at, instruction.clone());
        push("duplicate", shown.clone(), doubled);
        let to = dice.roll(length + 1);
        let mut doubled = script.to_vec();
        doubled.insert(to, instruction.clone());
        push("duplicate far", format!("{shown} to {to}"), doubled);
        if at + 1 < length {
            let mut swapped = script.to_vec();
            swapped.swap(at, at + 1);
            push(
                "swap",
                format!("{shown} with {}", script[at + 1].to_term()),
                swapped,
            );
        }
        let other = dice.roll(length);
        let mut swapped = script.to_vec();
        swapped.swap(at, other);
        push(
            "swap far",
            format!("{shown} with {other} {}", script[other].to_term()),
            swapped,
        );
        let to = dice.roll(length);
        let mut moved = script.to_vec();
        let taken = moved.remove(at);
        moved.insert(to, taken);
        push("move", format!("{shown} to {to}"), moved);
        for altered in altered(instruction, &modules(script), dice) {
            let what = format!("{shown} into {}", altered.to_term());
            let mut mutated = script.to_vec();
            mutated[at] = altered;
            push("alter", what, mutated);
        }
    }
    found
}

/// The modules that a script speaks of.
fn modules(script: &[Low]) -> Vec<String> {
    let mut names: Vec<String> = vec!["nobody".to_owned()];
    for instruction in script {
        match instruction {
            Low::LoadObjectCode { modules, .. } => names.extend(modules.iter().cloned()),
            Low::Remove { module, .. } => names.push(module.clone()),
            _ => {}
        }
    }
    names
}

fn altered(instruction: &Low, modules: &[String], dice: &mut Dice) -> Vec<Low> {
    let mut any = || modules[dice.roll(modules.len())].clone();
    match instruction {
        Low::LoadObjectCode {
            application,
            vsn,
            modules,
        } => {
            let with = |application: &str, vsn: &str, modules| Low::LoadObjectCode {
                application: application.to_owned(),
                vsn: vsn.to_owned(),
                modules,
            };
            let mut found = vec![
                with("nobody", vsn, modules.clone()),
                with(application, "7", modules.clone()),
            ];
            found.extend(
                lists(modules, any())
                    .into_iter()
                    .map(|m| with(application, vsn, m)),
            );
            found
        }
        Low::Load { module, purges } => vec![
            Low::Load {
                module: any(),
                purges: *purges,
            },
            Low::Load {
                module: module.clone(),
                purges: Purges {
                    pre: Purge::Soft,
                    post: Purge::Soft,
                },
            },
            Low::Remove {
                module: module.clone(),
                purges: *purges,
            },
        ],
        Low::Remove { module, purges } => vec![
            Low::Remove {
                module: any(),
                purges: *purges,
            },
            Low::Load {
                module: module.clone(),
                purges: *purges,
            },
        ],
        Low::Purge(modules) => lists(modules, any()).into_iter().map(Low::Purge).collect(),
        Low::Stop(modules) => lists(modules, any()).into_iter().map(Low::Stop).collect(),
        Low::Start(modules) => lists(modules, any()).into_iter().map(Low::Start).collect(),
        Low::Resume(modules) => lists(modules, any()).into_iter().map(Low::Resume).collect(),
        Low::Suspend(modules) => lists(modules, (any(), None))
            .into_iter()
            .map(Low::Suspend)
            .collect(),
        Low::CodeChange { mode, modules } => {
            let mut found = vec![Low::CodeChange {
                mode: match mode {
                    CodeChange::Up => CodeChange::Down,
                    CodeChange::Down => CodeChange::Up,
                },
                modules: modules.clone(),
            }];
            let other = (any(), Term::List(Vec::new()));
            let mut all = lists(modules, other);
            for at in 0..modules.len() {
                let mut extra = modules.clone();
                extra[at].1 = Term::atom("wrong");
                all.push(extra);
            }
            found.extend(all.into_iter().map(|modules| Low::CodeChange {
                mode: *mode,
                modules,
            }));
            found
        }
        Low::Apply {
            module,
            function,
            args,
        } => {
            let call = |function: &str, args: Vec<Term>| Low::Apply {
                module: module.clone(),
                function: function.to_owned(),
                args,
            };
            let others = match module.as_str() {
                "supervisor" => &["restart_child", "terminate_child", "delete_child"][..],
                _ => &["stop", "load", "unload"][..],
            };
            let short = if module == "supervisor" {
                args.clone()
            } else {
                args[..1].to_vec()
            };
            let mut found: Vec<Low> = others.iter().map(|f| call(f, short.clone())).collect();
            for at in 0..args.len() {
                let mut changed = args.clone();
                changed[at] = Term::atom(any());
                // A start type nobody knows is refused by the node, a stronger one would end it.
                if module == "supervisor" || at == 0 {
                    found.push(call(function, changed));
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// A list with an element less, more, or another; and turned round.
fn lists<T: Clone>(list: &[T], other: T) -> Vec<Vec<T>> {
    let mut found = Vec::new();
    for at in 0..list.len() {
        let mut shorter = list.to_vec();
        shorter.remove(at);
        found.push(shorter);
        let mut changed = list.to_vec();
        changed[at] = other.clone();
        found.push(changed);
        let mut doubled = list.to_vec();
        doubled.push(list[at].clone());
        found.push(doubled);
    }
    let mut longer = list.to_vec();
    longer.push(other);
    found.push(longer);
    let mut turned = list.to_vec();
    turned.reverse();
    found.push(turned);
    found
}
