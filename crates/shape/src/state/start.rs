//! What a process is started with, where its own module starts it.

use std::collections::BTreeSet;

use crate::ast::{Callee, Expr, Function, FunctionName, Name};
use crate::eval::Evaluator;
use crate::shape::{Origin, Part, Shape};
use crate::walk;

/// The functions of a module that start processes.
pub(super) fn starters(
    functions: &std::collections::BTreeMap<FunctionName, Function>,
    of: &[&str],
) -> Vec<FunctionName> {
    let starts = |function: &Function| {
        let mut found = false;
        walk::function(function, &mut |expr| {
            if let Expr::Call(call) = expr
                && let Callee::Remote(module, name) = &call.callee
            {
                let begins = ["start", "add_", "spawn"]
                    .iter()
                    .any(|word| name.starts_with(word));
                found |= begins && of.contains(&crate::shape::module(module));
            }
        });
        found
    };
    let starters = functions.iter().filter(|(_, function)| starts(function));
    starters.map(|(name, _)| name.clone()).collect()
}

impl Evaluator<'_> {
    /// Calls functions with unknown arguments, for what they call.
    pub(super) fn try_starters(&mut self, starters: &[FunctionName]) {
        for (name, arity) in starters {
            let argument =
                |i: usize| Shape::opaque(Origin::Start, format!("start argument {}", i + 1));
            self.enter(name, (0..*arity).map(argument).collect());
        }
    }

    /// What `init/1` gets.
    pub(super) fn start_argument(&self) -> Shape {
        let own = Shape::atom(self.version.code.module.clone());
        let mut union = Shape::never();
        for ((module, name), calls) in &self.observed {
            for arguments in calls {
                if let Some(argument) = argument(module, name, arguments, &own) {
                    union = union.or(&self.kept(argument));
                }
            }
        }
        match union.is_never() {
            true => Shape::opaque(Origin::Start, "what it is started with"),
            false => union,
        }
    }

    /// States that a process of this module goes on with by itself.
    pub(super) fn entered(&self, behaviour: &str) -> Shape {
        let states = self
            .calls(behaviour, "enter_loop")
            .filter_map(|arguments| arguments.get(2));
        Shape::any(&states.map(|state| self.kept(state)).collect::<Vec<_>>())
    }

    /// Arguments of the calls seen of a function, whatever its arity.
    pub(super) fn calls(&self, module: &str, name: &str) -> impl Iterator<Item = &Vec<Shape>> {
        let key = (Name::from(module), Name::from(name));
        let calls: Option<&BTreeSet<Vec<Shape>>> = self.observed.get(&key);
        calls.into_iter().flatten()
    }

    /// The functions that this module runs in processes of `proc_lib`, with their arguments.
    pub(super) fn spawned(&self) -> Vec<(Name, Vec<Shape>)> {
        let own = Shape::atom(self.version.code.module.clone());
        let calls = self.observed.iter();
        let calls = calls.filter(|((module, _), _)| &**module == "proc_lib");
        let mut all = Vec::new();
        for arguments in calls.flat_map(|(_, calls)| calls) {
            if let [module, function, list, ..] = arguments.as_slice()
                && *module == own
                && let Some(function) = function.single_atom()
                && let [Part::Tuple(list)] = list.parts()
            {
                all.push((function.clone(), list.clone()));
            }
        }
        all
    }
}

fn argument<'s>(
    module: &str,
    name: &str,
    arguments: &'s [Shape],
    own: &Shape,
) -> Option<&'s Shape> {
    let (callback, argument) = match (crate::shape::module(module), name, arguments) {
        ("GenServer", _, [callback, argument, ..]) => (callback, argument),
        ("gen_server" | "gen_statem", _, [callback, argument, _])
        | ("gen_server" | "gen_statem", _, [_, callback, argument, _]) => (callback, argument),
        ("gen_event", "add_handler" | "add_sup_handler", [_, callback, argument]) => {
            (callback, argument)
        }
        _ => return None,
    };
    (callback == own && name != "enter_loop").then_some(argument)
}
