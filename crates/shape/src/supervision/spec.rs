//! Child specifications in all their forms.

use super::Child;
use crate::ast::Expr;
use crate::print;
use crate::symbolic::Symbolic;

/// The value of a key in a map or keyword list that is written out.
pub(super) fn get(map: &Expr, key: &str) -> Option<Expr> {
    match map {
        Expr::Map(fields) => {
            let field = fields.iter().find(|(name, _)| name.is(key));
            field.map(|(_, value)| value.clone())
        }
        Expr::List(pairs, _) => pairs.iter().find_map(|pair| match pair {
            Expr::Tuple(pair) if pair.len() == 2 && pair[0].is(key) => Some(pair[1].clone()),
            _ => None,
        }),
        _ => None,
    }
}

/// The map of a child: of `Module`, `{Module, argument}`, or as it is.
pub(crate) fn spec_of(symbolic: &mut Symbolic<'_>, child: &Expr) -> Option<Expr> {
    let (module, argument) = match child {
        Expr::Map(_) => return Some(child.clone()),
        Expr::Atom(module) => (module, Expr::List(Vec::new(), None)),
        Expr::Tuple(pair) => match pair.as_slice() {
            [Expr::Atom(module), argument] => (module, argument.clone()),
            _ => return None,
        },
        _ => return None,
    };
    let own = symbolic.function(module, "child_spec", std::slice::from_ref(&argument));
    match own {
        Some(spec @ Expr::Map(_)) => Some(spec),
        _ => library(module, argument),
    }
}

/// The specifications that modules of Elixir's own give, as of Elixir 1.14.
fn library(module: &str, argument: Expr) -> Option<Expr> {
    let name = module.strip_prefix("Elixir.")?;
    let (supervisor, temporary) = match name {
        "Registry" | "DynamicSupervisor" | "Task.Supervisor" | "PartitionSupervisor" => {
            (true, false)
        }
        "Task" => (false, true),
        "Agent" => (false, false),
        _ => return None,
    };
    let id = match get(&argument, "name") {
        Some(name @ Expr::Atom(_)) if supervisor => name,
        None => Expr::Atom(module.into()),
        Some(_) if supervisor => return None,
        Some(_) => Expr::Atom(module.into()),
    };
    let atom = |name: &str| Expr::Atom(name.into());
    let start = Expr::Tuple(vec![
        atom(module),
        atom("start_link"),
        Expr::List(vec![argument], None),
    ]);
    let mut fields = vec![(atom("id"), id), (atom("start"), start)];
    if temporary {
        fields.push((atom("restart"), atom("temporary")));
    }
    if supervisor {
        fields.push((atom("type"), atom("supervisor")));
    }
    Some(Expr::Map(fields))
}

/// A child with all that is left out filled in, where its specification is seen.
pub(super) fn child(symbolic: &mut Symbolic<'_>, child: &Expr) -> Option<Child> {
    if let Expr::Tuple(parts) = child
        && let [id, start, restart, shutdown, kind, modules] = parts.as_slice()
    {
        return full(
            id,
            start,
            Some(restart),
            Some(shutdown),
            Some(kind),
            Some(modules),
        );
    }
    let spec = spec_of(symbolic, child)?;
    let get = |key| get(&spec, key);
    full(
        &get("id")?,
        &get("start")?,
        get("restart").as_ref(),
        get("shutdown").as_ref(),
        get("type").as_ref(),
        get("modules").as_ref(),
    )
}

fn full(
    id: &Expr,
    start: &Expr,
    restart: Option<&Expr>,
    shutdown: Option<&Expr>,
    kind: Option<&Expr>,
    modules: Option<&Expr>,
) -> Option<Child> {
    let Expr::Tuple(start) = start else {
        return None;
    };
    let [
        Expr::Atom(start_module),
        Expr::Atom(start_function),
        Expr::List(arguments, None),
    ] = start.as_slice()
    else {
        return None;
    };
    // A part that is computed at run time: which children there are is still known.
    let text =
        |part: Option<&Expr>, default: &str| part.map_or_else(|| default.to_owned(), print::text);
    let kind = text(kind, "worker");
    let of_kind = if kind == "supervisor" {
        "infinity"
    } else {
        "5000"
    };
    let modules = match modules {
        None => Some(vec![start_module.to_string()]),
        Some(dynamic) if dynamic.is("dynamic") => None,
        Some(Expr::List(modules, None)) => {
            let names = modules
                .iter()
                .map(|module| module.atom().map(ToString::to_string));
            Some(names.collect::<Option<_>>()?)
        }
        Some(_) => return None,
    };
    Some(Child {
        id: print::text(id),
        start_module: start_module.to_string(),
        start_function: start_function.to_string(),
        literal: arguments
            .iter()
            .all(|argument| print::term(argument).is_some()),
        arguments: arguments.iter().map(print::text).collect(),
        restart: text(restart, "permanent"),
        shutdown: text(shutdown, of_kind),
        kind,
        modules,
    })
}
