//! Where a module says what it supervises.

use std::collections::BTreeSet;

use super::{Child, Flags, Form, Unseen, not_seen, spec};
use crate::ast::{Callee, Expr, FunctionName};
use crate::print;
use crate::state::Version;
use crate::symbolic::Symbolic;

/// What a module supervises.
#[derive(Debug)]
pub(super) struct Tree {
    /// The name it registers, where that is a literal.
    pub(super) name: Option<String>,
    pub(super) form: Form,
    pub(super) flags: Flags,
    pub(super) items: Vec<Item>,
    /// Functions whose results are a part of it and were not followed.
    pub(super) left: BTreeSet<(String, FunctionName)>,
}

/// A part of a list of children.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Child(Box<Child>),
    /// One or more children that an expression computes.
    Unknown(String),
}

pub(super) fn read(version: Version<'_>) -> Result<Tree, Unseen> {
    let code = version.code;
    let module = code.module().to_owned();
    let mut symbolic = Symbolic::new(version);
    let started = started(&mut symbolic, version);
    if code.function("init", 1).is_some() {
        let given = started
            .iter()
            .filter_map(|(called, arguments)| own_argument(&module, called, arguments));
        let given: Vec<&Expr> = given.collect();
        let given = match given.as_slice() {
            [first, rest @ ..] if rest.iter().all(|other| other == first) => (*first).clone(),
            _ => argument(0),
        };
        let value = symbolic.function(&module, "init", &[given]);
        let chosen = "init/1 has clauses of which one is chosen at run time";
        let value = value.ok_or_else(|| not_seen(version, chosen))?;
        let (flags, children) = initial(&value).ok_or_else(|| {
            not_seen(
                version,
                &format!("init/1 returns {:.200}", print::text(&value)),
            )
        })?;
        let own = started
            .iter()
            .filter_map(|(called, arguments)| own_name(&module, called, arguments));
        let names: BTreeSet<String> = own.collect();
        let mut tree = tree(&mut symbolic, Form::Module, &flags, &children);
        tree.name = names.into_iter().next();
        return Ok(tree);
    }
    // An application, or a module that starts a supervisor without being its callback.
    let inline = |(called, arguments): &&(String, Vec<Expr>)| {
        called == "Elixir.Supervisor:start_link"
            && arguments.len() == 2
            && arguments[0].atom().is_none()
    };
    let mut found: Vec<&Vec<Expr>> = Vec::new();
    for (_, arguments) in started.iter().filter(inline) {
        if !found.contains(&arguments) {
            found.push(arguments);
        }
    }
    match found.as_slice() {
        [] => Err(not_seen(
            version,
            "neither init/1 nor a call of Supervisor.start_link/2",
        )),
        [arguments] => {
            let mut tree = tree(&mut symbolic, Form::Inline, &arguments[1], &arguments[0]);
            tree.name = spec::get(&arguments[1], "name").and_then(|name| registered(&name));
            Ok(tree)
        }
        _ => Err(not_seen(
            version,
            "more than one call of Supervisor.start_link/2",
        )),
    }
}

/// What the functions of a module that start something call.
fn started(symbolic: &mut Symbolic<'_>, version: Version<'_>) -> Vec<(String, Vec<Expr>)> {
    let starts = version.code.functions.keys();
    let starts = starts.filter(|(name, _)| name.starts_with("start"));
    let mut all = Vec::new();
    for (name, arity) in starts {
        symbolic.seen.clear();
        let arguments: Vec<Expr> = (0..*arity).map(argument).collect();
        symbolic.function(version.code.module(), name, &arguments);
        all.append(&mut symbolic.seen);
    }
    // What these call is no part of the children.
    symbolic.left.clear();
    all
}

fn argument(index: usize) -> Expr {
    Expr::Unknown(format!("argument {}", index + 1).into())
}

/// The name under which a module starts a supervisor whose callbacks it has.
fn own_name(module: &str, called: &str, arguments: &[Expr]) -> Option<String> {
    let name = match (called, arguments) {
        ("supervisor:start_link", [name, callback, _]) if callback.is(module) => name.clone(),
        (
            "Elixir.Supervisor:start_link" | "Elixir.DynamicSupervisor:start_link",
            [callback, _, options],
        ) if callback.is(module) => spec::get(options, "name")?,
        _ => return None,
    };
    registered(&name)
}

/// What a module hands to its own `init/1`.
fn own_argument<'e>(module: &str, called: &str, arguments: &'e [Expr]) -> Option<&'e Expr> {
    match (called, arguments) {
        ("supervisor:start_link", [_, callback, argument])
        | ("supervisor:start_link", [callback, argument])
        | (
            "Elixir.Supervisor:start_link" | "Elixir.DynamicSupervisor:start_link",
            [callback, argument, ..],
        ) if callback.is(module) => Some(argument),
        _ => None,
    }
}

/// A local name is written by itself.
fn registered(name: &Expr) -> Option<String> {
    print::term(name)?;
    match name {
        Expr::Tuple(parts) => match parts.as_slice() {
            [local, name] if local.is("local") => Some(print::text(name)),
            _ => Some(print::text(name)),
        },
        name => Some(print::text(name)),
    }
}

/// Flags and children of what `init/1` returns.
fn initial(value: &Expr) -> Option<(Expr, Expr)> {
    match value {
        Expr::Atom(_) if value.is("ignore") => {
            Some((Expr::List(Vec::new(), None), Expr::List(Vec::new(), None)))
        }
        Expr::Tuple(parts) => match parts.as_slice() {
            [ok, Expr::Tuple(both)] if ok.is("ok") => match both.as_slice() {
                [flags, children] => Some((flags.clone(), children.clone())),
                _ => None,
            },
            // `DynamicSupervisor.init` is sometimes written out.
            [ok, flags @ Expr::Map(_)] if ok.is("ok") => {
                Some((flags.clone(), Expr::List(Vec::new(), None)))
            }
            _ => None,
        },
        Expr::Call(call) => match (&call.callee, call.arguments.as_slice()) {
            (Callee::Remote(module, name), [children, options])
                if &**module == "Elixir.Supervisor" && &**name == "init" =>
            {
                Some((options.clone(), children.clone()))
            }
            (Callee::Remote(module, name), [options])
                if &**module == "Elixir.DynamicSupervisor" && &**name == "init" =>
            {
                Some((options.clone(), Expr::List(Vec::new(), None)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn tree(symbolic: &mut Symbolic<'_>, form: Form, flags: &Expr, children: &Expr) -> Tree {
    let mut items = Vec::new();
    gather(symbolic, children, &mut items);
    Tree {
        name: None,
        form,
        flags: self::flags(flags),
        items,
        left: symbolic.left.clone(),
    }
}

/// The parts of a list that is joined of lists.
fn gather(symbolic: &mut Symbolic<'_>, list: &Expr, items: &mut Vec<Item>) {
    match list {
        Expr::List(elements, tail) => {
            for element in elements {
                items.push(match spec::child(symbolic, element) {
                    Some(child) => Item::Child(Box::new(child)),
                    None => Item::Unknown(print::text(element)),
                });
            }
            if let Some(tail) = tail {
                gather(symbolic, tail, items);
            }
        }
        Expr::Call(call)
            if matches!(&call.callee, Callee::Remote(module, name)
                if &**module == "erlang" && &**name == "++") =>
        {
            call.arguments
                .iter()
                .for_each(|part| gather(symbolic, part, items));
        }
        other => items.push(Item::Unknown(print::text(other))),
    }
}

fn flags(flags: &Expr) -> Flags {
    let get = |keys: &[&str], default: &str| {
        let found = keys.iter().find_map(|key| spec::get(flags, key));
        found.map_or_else(|| default.to_owned(), |value| print::text(&value))
    };
    if let Expr::Tuple(parts) = flags
        && let [strategy, intensity, period] = parts.as_slice()
    {
        return Flags {
            strategy: print::text(strategy),
            intensity: print::text(intensity),
            period: print::text(period),
        };
    }
    let written = matches!(flags, Expr::Map(_) | Expr::List(_, None));
    let unknown = print::text(flags);
    let or = |default: &'static str| if written { default } else { unknown.as_str() };
    // Elixir's defaults are 3 restarts in 5 seconds, Erlang's 1 in 5.
    let intensity = if matches!(flags, Expr::List(..)) {
        "3"
    } else {
        "1"
    };
    Flags {
        strategy: get(&["strategy"], or("one_for_one")),
        intensity: get(&["intensity", "max_restarts"], or(intensity)),
        period: get(&["period", "max_seconds"], or("5")),
    }
}
