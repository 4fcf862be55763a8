//! What functions of Erlang's and Elixir's own libraries return.
//!
//! Only what is used to make states is told in detail. Any other function returns an unknown value that
//! is named by the function and its arguments; that is the same in both versions where the libraries
//! are, and a change of those is a reason of its own not to upgrade hot.

mod boxes;
mod lists;
mod maps;
mod paths;
mod returns;
mod terms;

use super::Evaluator;
use crate::ast::Name;
use crate::shape::{Part, Shape, module};

/// The shape of a call, where the function is known.
pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    module: &Name,
    name: &Name,
    arguments: &[Shape],
) -> Option<Shape> {
    let module = self::module(module);
    match module {
        "Kernel" if paths::named(name) => paths::call(evaluator, name, arguments),
        "erlang" | "Kernel" => terms::call(evaluator, name, arguments),
        "maps" | "Map" | "Keyword" | "Access" | "proplists" => {
            maps::call(evaluator, module, name, arguments)
        }
        "lists" | "Enum" | "List" | "Stream" => lists::call(evaluator, module, name, arguments),
        _ => boxes::call(evaluator, module, name, arguments),
    }
    .or_else(|| returns::of(module, name, arguments))
}

/// Calls whose arguments tell what a process starts with or goes on with.
pub(super) fn observed(module: &str, name: &str) -> bool {
    match self::module(module) {
        "GenServer" | "gen_server" | "gen_statem" | "gen_event" => {
            name.starts_with("start") || name == "enter_loop" || name.starts_with("add_")
        }
        "Agent" => true,
        "proc_lib" => name.starts_with("start") || name.starts_with("spawn"),
        "sys" => name == "handle_system_msg",
        _ => false,
    }
}

/// The argument whose elements are told apart, where the code has a list of them.
pub(super) fn told_apart(module: &str, name: &str) -> Option<usize> {
    match self::module(module) {
        "proc_lib" => Some(2),
        "Kernel" if paths::named(name) => Some(1),
        _ => None,
    }
}

/// `element/2`, and with a value `setelement/3`. Nothing where a tuple is unknown.
pub(super) fn element(tuple: &Shape, index: usize, value: Option<&Shape>) -> Option<Shape> {
    let mut union = Shape::never();
    for part in tuple.parts() {
        union = union.or(&match (part, value) {
            (Part::Tuple(elements), None) => elements.get(index)?.clone(),
            (Part::Tuple(elements), Some(value)) => {
                let mut elements = elements.clone();
                *elements.get_mut(index)? = value.clone();
                Shape::tuple(elements)
            }
            (Part::Opaque(symbol), None) => {
                Shape::symbol(symbol.part(&format!("element {}", index + 1)))
            }
            (Part::Opaque(symbol), Some(_)) => {
                Shape::symbol(symbol.part(&format!("another element {}", index + 1)))
            }
            _ => Shape::never(),
        });
    }
    Some(union)
}

/// Whether a module is one of Erlang's or Elixir's own.
pub(crate) fn is_standard(module: &str) -> bool {
    match module.strip_prefix("Elixir.") {
        Some(name) => {
            let first = name.split('.').next().unwrap_or(name);
            name.ends_with("Error") || returns::ELIXIR.binary_search(&first).is_ok()
        }
        None => returns::ERLANG.binary_search(&module).is_ok(),
    }
}
