//! Functions that are worked out where their arguments are known.

use super::Symbolic;
use crate::ast::{Expr, Presence, Update};
use crate::print;

/// The value of a key in a map or keyword list that is written out.
pub(super) fn get(map: &Expr, key: &Expr) -> Option<Expr> {
    print::term(key)?;
    let (Expr::Map(fields) | Expr::Struct(_, fields)) = map else {
        let Expr::List(pairs, None) = map else {
            return None;
        };
        return pairs.iter().find_map(|pair| match pair {
            Expr::Tuple(pair) if pair.len() == 2 && pair[0] == *key => Some(pair[1].clone()),
            _ => None,
        });
    };
    let field = fields.iter().find(|(known, _)| known == key);
    field.map(|(_, value)| value.clone())
}

/// A map with another value of a key.
pub(super) fn put(map: Expr, key: Expr, value: Expr) -> Expr {
    match map {
        Expr::Map(mut fields) => {
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some(field) => field.1 = value,
                None => fields.push((key, value)),
            }
            fields.sort_by(|(a, _), (b, _)| a.atom().cmp(&b.atom()));
            Expr::Map(fields)
        }
        Expr::Struct(module, mut fields) => {
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some(field) => field.1 = value,
                None => fields.push((key, value)),
            }
            Expr::Struct(module, fields)
        }
        map => Expr::Update(Box::new(Update {
            map,
            module: None,
            fields: vec![(key, value, Presence::Free)],
        })),
    }
}

/// Whether every element of a list is written out as a pair with a key.
fn keyed(list: &Expr) -> Option<&[Expr]> {
    match list {
        Expr::List(pairs, None)
            if pairs.iter().all(|pair| match pair {
                Expr::Tuple(pair) => pair.len() == 2 && print::term(&pair[0]).is_some(),
                _ => false,
            }) =>
        {
            Some(pairs)
        }
        _ => None,
    }
}

pub(super) fn call(symbolic: &mut Symbolic<'_>, called: &str, arguments: &[Expr]) -> Option<Expr> {
    match (called, arguments) {
        ("erlang:++", [Expr::List(left, None), Expr::List(right, tail)]) => {
            let all = left.iter().chain(right).cloned().collect();
            Some(Expr::List(all, tail.clone()))
        }
        ("erlang:++", [left, Expr::List(right, None)]) if right.is_empty() => Some(left.clone()),
        ("maps:put", [key, value, map @ Expr::Map(_)]) => {
            Some(put(map.clone(), key.clone(), value.clone()))
        }
        ("Elixir.Map:merge" | "maps:merge", [left @ Expr::Map(_), Expr::Map(right)]) => {
            let over = |map, (key, value): &(Expr, Expr)| put(map, key.clone(), value.clone());
            Some(right.iter().fold(left.clone(), over))
        }
        ("Elixir.Keyword:get" | "Elixir.Access:get", [list, key, default @ ..]) => {
            keyed(list)?;
            let nil = Expr::Atom("nil".into());
            Some(get(list, key).unwrap_or_else(|| default.first().cloned().unwrap_or(nil)))
        }
        ("Elixir.Keyword:fetch!", [list, key]) => get(list, key),
        ("maps:get", [key, map]) => get(map, key),
        ("Elixir.Keyword:merge", [left, right]) => {
            let (left, right) = (keyed(left)?, keyed(right)?);
            let new = |pair: &&Expr| match pair {
                Expr::Tuple(pair) => !right.iter().any(|other| match other {
                    Expr::Tuple(other) => other[0] == pair[0],
                    _ => false,
                }),
                _ => true,
            };
            let all = left.iter().filter(new).chain(right).cloned().collect();
            Some(Expr::List(all, None))
        }
        ("Elixir.List:flatten" | "lists:flatten", [Expr::List(elements, None)]) => {
            let mut flat = Vec::new();
            for element in elements {
                match element {
                    Expr::List(more, None) => flat.extend(more.iter().cloned()),
                    Expr::Tuple(_) | Expr::Atom(_) | Expr::Map(_) => flat.push(element.clone()),
                    _ => return None,
                }
            }
            Some(Expr::List(flat, None))
        }
        ("lists:append", [Expr::List(lists, None)]) => {
            let mut flat = Vec::new();
            for list in lists {
                let Expr::List(more, None) = list else {
                    return None;
                };
                flat.extend(more.iter().cloned());
            }
            Some(Expr::List(flat, None))
        }
        ("Elixir.Supervisor:child_spec", [child, overrides]) => {
            let mut spec = crate::supervision::spec_of(symbolic, child)?;
            for pair in keyed(overrides)? {
                if let Expr::Tuple(pair) = pair {
                    spec = put(spec, pair[0].clone(), pair[1].clone());
                }
            }
            Some(spec)
        }
        ("erlang:is_list", [value]) => print::term(value).map(|_| {
            let is = matches!(value, Expr::List(..));
            Expr::Atom(if is { "true" } else { "false" }.into())
        }),
        ("erlang:is_atom", [value]) => print::term(value).map(|_| {
            let is = matches!(value, Expr::Atom(_));
            Expr::Atom(if is { "true" } else { "false" }.into())
        }),
        _ => None,
    }
}
