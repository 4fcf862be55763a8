//! Fourth pass: instructions about applications become ones about their modules.

use beam::Term;
use beam::rel::StartType;

use super::split::{ScriptError, Split};
use super::{Checked, Pair};
use crate::instruction::{Purges, Update};
use crate::{Application, High, Low};

/// An instruction about a module, or one that is left as it is.
pub(super) enum Step {
    Code(CodeStep),
    Low(Low),
}

/// An instruction about a module that has its place by what depends on what.
pub(super) struct CodeStep {
    pub(super) module: String,
    pub(super) depends: Vec<String>,
    pub(super) action: Action,
}

/// What becomes of a module.
pub(super) enum Action {
    Update(Update),
    Load(Purges),
    Delete,
}

/// Expands adding, removing and restarting of applications.
pub(super) fn expand(split: Split<High>, pair: &Pair<'_>) -> Result<Split<Step>, ScriptError> {
    let mut after = Vec::with_capacity(split.after.len());
    for high in split.after {
        match high {
            High::Update(update) => after.push(Step::Code(CodeStep {
                module: update.module.clone(),
                depends: update.depends.clone(),
                action: Action::Update(update),
            })),
            High::LoadModule {
                module,
                purges,
                depends,
            } => after.push(Step::Code(CodeStep {
                module,
                depends,
                action: Action::Load(purges),
            })),
            High::AddModule { module, depends } => after.push(Step::Code(CodeStep {
                module,
                depends,
                // Of a module that is new there is nothing to purge.
                action: Action::Load(Purges::BRUTAL),
            })),
            High::DeleteModule { module, depends } => after.push(Step::Code(CodeStep {
                module,
                depends,
                action: Action::Delete,
            })),
            High::AddApplication {
                ref application,
                start,
            } => {
                let added = among(pair.to(), application, &high)?;
                load_and_start(added, start, &mut after);
            }
            High::RemoveApplication { ref application } => {
                if pair.to().application(application).is_some() {
                    return Err(ScriptError::RemovedPresent {
                        application: application.clone(),
                        vsn: pair.to().release.vsn.clone(),
                    });
                }
                let removed = among(pair.from(), application, &high)?;
                stop_and_purge(removed, &mut after);
                after.push(call("unload", vec![Term::atom(application)]));
            }
            High::RestartApplication { ref application } => {
                let old = among(pair.from(), application, &high)?;
                let new = among(pair.to(), application, &high)?;
                stop_and_purge(old, &mut after);
                load_and_start(new, new.start, &mut after);
            }
            High::Low(low) => after.push(Step::Low(low)),
        }
    }
    let before = split.before;
    Ok(Split { before, after })
}

fn among<'a>(
    release: &Checked<'a>,
    name: &str,
    instruction: &High,
) -> Result<&'a Application, ScriptError> {
    let found = release.application(name);
    found.ok_or_else(|| ScriptError::NoSuchApplication {
        instruction: instruction.to_term().to_string(),
        vsn: release.release.vsn.clone(),
    })
}

fn load_and_start(application: &Application, start: StartType, steps: &mut Vec<Step>) {
    for module in &application.resource.modules {
        steps.push(Step::Code(CodeStep {
            module: module.clone(),
            depends: Vec::new(),
            action: Action::Load(Purges::BRUTAL),
        }));
    }
    let name = Term::atom(&application.name);
    match start {
        StartType::None => {}
        StartType::Load => steps.push(call("load", vec![name])),
        StartType::Permanent | StartType::Transient | StartType::Temporary => {
            steps.push(call("start", vec![name, Term::atom(start.as_atom())]));
        }
    }
}

fn stop_and_purge(application: &Application, steps: &mut Vec<Step>) {
    steps.push(call("stop", vec![Term::atom(&application.name)]));
    let modules = &application.resource.modules;
    for module in modules {
        steps.push(Step::Low(Low::Remove {
            module: module.clone(),
            purges: Purges::BRUTAL,
        }));
    }
    steps.push(Step::Low(Low::Purge(modules.clone())));
}

fn call(function: &str, args: Vec<Term>) -> Step {
    Step::Low(Low::Apply {
        module: "application".to_owned(),
        function: function.to_owned(),
        args,
    })
}
