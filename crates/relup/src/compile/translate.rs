//! Fifth pass: instructions about modules become low-level ones, in the order of what depends on what.

use std::collections::HashMap;

use super::Pair;
use super::applications::{Action, CodeStep, Step};
use super::graph::Graph;
use super::split::{ScriptError, Split};
use crate::instruction::{Change, CodeChange, ModuleType, Purges, Timeout};
use crate::{Direction, Low};

/// Translates the script; modules that depend on each other, however far, become one block at the
/// place of the first of them, and what stood between stands after.
pub(super) fn translate(split: Split<Step>, pair: &Pair<'_>) -> Result<Split<Low>, ScriptError> {
    let steps: Vec<&CodeStep> = split
        .after
        .iter()
        .filter_map(|step| match step {
            Step::Code(code) => Some(code),
            Step::Low(_) => None,
        })
        .collect();
    let graph = dependencies(&steps)?;
    let groups = graph.groups();
    let mut starts: Vec<Option<&[usize]>> = vec![None; steps.len()];
    for group in &groups {
        starts[group[0]] = Some(group);
    }

    let mut before = split.before;
    let mut after = Vec::new();
    let mut number = 0;
    for step in &split.after {
        match step {
            Step::Low(low) => after.push(low.clone()),
            Step::Code(_) => {
                if let Some(group) = starts[number] {
                    let order = graph.order(group);
                    let block: Vec<&CodeStep> = order.iter().map(|n| steps[*n]).collect();
                    object_code(&block, pair, &mut before)?;
                    translate_block(&block, pair.direction, &mut after);
                }
                number += 1;
            }
        }
    }
    Ok(Split { before, after })
}

fn dependencies(steps: &[&CodeStep]) -> Result<Graph, ScriptError> {
    let mut number = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        if number.insert(step.module.as_str(), at).is_some() {
            let module = step.module.clone();
            return Err(ScriptError::SameModule { module });
        }
    }
    let edges = steps.iter().map(|step| {
        let on = step.depends.iter().map(|on| {
            let found = number.get(on.as_str()).copied();
            found.ok_or_else(|| ScriptError::UnknownDependency {
                module: step.module.clone(),
                on: on.clone(),
            })
        });
        on.collect::<Result<Vec<_>, _>>()
    });
    Ok(Graph::new(edges.collect::<Result<_, _>>()?))
}

/// Reads the code of what will be loaded, from the application that has it afterwards.
fn object_code(
    block: &[&CodeStep],
    pair: &Pair<'_>,
    before: &mut Vec<Low>,
) -> Result<(), ScriptError> {
    for step in block {
        if let Action::Delete = step.action {
            continue;
        }
        let found = pair.to().application_of(&step.module);
        let application = found.ok_or_else(|| ScriptError::NoSuchModule {
            module: step.module.clone(),
            vsn: pair.to().release.vsn.clone(),
        })?;
        before.push(Low::LoadObjectCode {
            application: application.name.clone(),
            vsn: application.vsn.clone(),
            modules: vec![step.module.clone()],
        });
    }
    Ok(())
}

/// Translates modules that come together, dependents first.
///
/// Processes are suspended dependents first and resumed last. Up, what is depended on is loaded first,
/// then states change. Down it is loaded last, and the states of dynamic modules change before, by the
/// code that knows the newer state.
fn translate_block(block: &[&CodeStep], direction: Direction, after: &mut Vec<Low>) {
    let mut suspended = Vec::new();
    let mut changes = Vec::new();
    let mut code = Vec::new();
    for step in block {
        let module = step.module.clone();
        code.push(match &step.action {
            Action::Update(update) => {
                let timeout = match update.timeout {
                    Timeout::Default => None,
                    timeout => Some(timeout),
                };
                suspended.push((module.clone(), timeout));
                if let Change::Advanced(extra) = &update.change {
                    changes.push((update.module_type, (module.clone(), extra.clone())));
                }
                vec![load(module, update.purges)]
            }
            Action::Load(purges) => vec![load(module, *purges)],
            Action::Delete => vec![
                Low::Remove {
                    module: module.clone(),
                    purges: Purges::BRUTAL,
                },
                Low::Purge(vec![module]),
            ],
        });
    }
    let (mode, early): (_, Vec<_>) = match direction {
        Direction::Up => {
            code.reverse();
            (CodeChange::Up, Vec::new())
        }
        Direction::Down => {
            let early = changes
                .extract_if(.., |(kind, _)| *kind == ModuleType::Dynamic)
                .collect();
            (CodeChange::Down, early)
        }
    };
    let change = |changes: Vec<(ModuleType, _)>| {
        let modules: Vec<_> = changes.into_iter().map(|(_, change)| change).collect();
        (!modules.is_empty()).then_some(Low::CodeChange { mode, modules })
    };
    let resumed: Vec<String> = suspended.iter().rev().map(|(m, _)| m.clone()).collect();
    if !suspended.is_empty() {
        after.push(Low::Suspend(suspended));
    }
    after.extend(change(early));
    after.extend(code.into_iter().flatten());
    after.extend(change(changes));
    if !resumed.is_empty() {
        after.push(Low::Resume(resumed));
    }
}

fn load(module: String, purges: Purges) -> Low {
    Low::Load { module, purges }
}
