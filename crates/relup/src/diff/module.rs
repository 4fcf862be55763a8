//! What differs in a module.

use std::collections::BTreeSet;

use beam::Limits;
use shape::state::{self, StateChange, Version};
use shape::{Behaviour, Code, NoModules};

use super::structure::{self, fields};
use super::{Change, Names};
use crate::Module;
use crate::model::Modules;

/// A module that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleDiff {
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub change: Change,
    /// Whether its code differs; otherwise only its `-vsn` does.
    pub code: bool,
    /// Functions, as `name/arity`.
    pub exports: Names,
    /// Behaviours.
    pub behaviours: Names,
    /// Whether its `-vsn` differs, which is how `release_handler` knows it.
    pub vsn: bool,
    /// Fields of its struct, where debug information tells.
    pub structure: Option<Names>,
    /// What becomes of the state of its processes, where it is a behaviour with one.
    pub state: Option<StateDiff>,
    /// Whether it runs code when it is loaded, or loads native code, in either release.
    pub loads: bool,
}

/// What becomes of the state of a module's processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateDiff {
    /// It has the same shape.
    Same,
    /// It has another shape.
    Changed(String),
    /// It cannot be told.
    Unseen(String),
}

/// Compares a module of two releases; `None` where nothing differs.
#[must_use]
pub fn module(from: Option<&Module>, to: Option<&Module>) -> Option<ModuleDiff> {
    let (change, name) = match (from, to) {
        (Some(from), Some(to)) if from.md5 == to.md5 && from.vsn == to.vsn => return None,
        (Some(_), Some(to)) => (Change::Changed, &to.name),
        (None, Some(to)) => (Change::Added, &to.name),
        (Some(from), None) => (Change::Removed, &from.name),
        (None, None) => return None,
    };
    let mut diff = ModuleDiff {
        name: name.clone(),
        change,
        code: true,
        exports: Names::default(),
        behaviours: Names::default(),
        vsn: false,
        structure: None,
        state: None,
        loads: from.into_iter().chain(to).any(|m| m.on_load || m.loads_nif),
    };
    if let (Some(from), Some(to)) = (from, to) {
        diff.code = from.md5 != to.md5;
        diff.exports = exports(from, to);
        diff.behaviours = Names::of(
            from.behaviours.iter().map(String::as_str),
            to.behaviours.iter().map(String::as_str),
        );
        diff.vsn = from.vsn != to.vsn;
        diff.structure = structure::compare(fields(from), fields(to));
        diff.state = diff.code.then(|| state(from, to)).flatten();
    }
    Some(diff)
}

/// Compares modules by name.
pub(super) fn modules(from: &Modules, to: &Modules) -> Vec<ModuleDiff> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let one = |name: &&String| {
        let (from, to) = (from.get(*name), to.get(*name));
        module(from.map(AsRef::as_ref), to.map(AsRef::as_ref))
    };
    names.iter().filter_map(one).collect()
}

fn exports(from: &Module, to: &Module) -> Names {
    let shown = |module: &Module| -> Vec<String> {
        let exports = module.exports.iter();
        exports
            .map(|(name, arity)| format!("{name}/{arity}"))
            .collect()
    };
    let (from, to) = (shown(from), shown(to));
    Names::of(
        from.iter().map(String::as_str),
        to.iter().map(String::as_str),
    )
}

/// What the module alone tells; other modules that make a part of its state are a verdict's concern.
fn state(from: &Module, to: &Module) -> Option<StateDiff> {
    let behaviour = behaviour(from).or_else(|| behaviour(to))?;
    let (Some(old), Some(new)) = (&from.debug, &to.debug) else {
        return Some(StateDiff::Unseen("no debug information".to_owned()));
    };
    let read = |debug| Code::read(debug, &Limits::RELEASE);
    let (old, new) = match (read(old), read(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(e), _) | (_, Err(e)) => return Some(StateDiff::Unseen(e.to_string())),
    };
    let version = |code| Version {
        code,
        others: &NoModules,
    };
    Some(
        match state::compare(version(&old), version(&new), behaviour) {
            StateChange::Same { .. } => StateDiff::Same,
            StateChange::Changed { what } => StateDiff::Changed(what),
            StateChange::Unseen { why } => StateDiff::Unseen(why),
        },
    )
}

fn behaviour(module: &Module) -> Option<Behaviour> {
    let one = |name: &String| match name.as_str() {
        "gen_server" | "Elixir.GenServer" => Some(Behaviour::GenServer),
        "gen_statem" => Some(Behaviour::GenStatem),
        "gen_event" | "Elixir.GenEvent" => Some(Behaviour::GenEvent),
        _ => None,
    };
    module.behaviours.iter().find_map(one)
}
