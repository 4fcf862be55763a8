//! Maps and keyword lists.

use super::super::Evaluator;
use crate::ast::Presence;
use crate::shape::{Key, MapShape, Part, Shape};

pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    module: &str,
    name: &str,
    arguments: &[Shape],
) -> Option<Shape> {
    match (module, name, arguments) {
        // Erlang puts the map last, Elixir first.
        ("maps", "put", [key, value, map]) | ("Map", "put", [map, key, value]) => {
            Some(put(evaluator, map, key, value, Presence::Free))
        }
        ("maps", "update", [key, value, map])
        | ("Map", "replace!" | "replace", [map, key, value]) => {
            Some(put(evaluator, map, key, value, Presence::Demanded))
        }
        ("maps", "get", [key, map]) | ("Map" | "Keyword" | "Access", "fetch!", [map, key]) => {
            Some(fetch(evaluator, map, key))
        }
        ("maps", "find", [key, map]) | ("Map" | "Keyword" | "Access", "fetch", [map, key]) => {
            let value = get(evaluator, map, key, &Shape::never());
            let error = Shape::atom("error");
            Some(match value.is_never() {
                true => error,
                false => Shape::tuple(vec![Shape::atom("ok"), value]).or(&error),
            })
        }
        ("maps", "get", [key, map, default])
        | ("Map" | "Keyword" | "Access", "get", [map, key, default])
        | ("proplists", "get_value", [key, map, default]) => {
            Some(get(evaluator, map, key, default))
        }
        ("Map" | "Keyword" | "Access", "get", [map, key]) => {
            Some(get(evaluator, map, key, &Shape::nil()))
        }
        ("proplists", "get_value", [key, map]) => {
            Some(get(evaluator, map, key, &Shape::atom("undefined")))
        }
        ("Keyword" | "Map", "get_lazy", [map, key, fun]) => {
            let default = evaluator.called(fun, &[]);
            Some(get(evaluator, map, key, &default))
        }
        ("maps", "remove", [key, map]) | ("Map", "delete", [map, key]) => Some(removed(map, key)),
        ("Map", "put_new", [map, key, value]) => {
            let known = get(evaluator, map, key, value);
            Some(put(evaluator, map, key, &known, Presence::Free))
        }
        ("Map", "put_new_lazy", [map, key, fun]) => {
            let value = evaluator.called(fun, &[]);
            let known = get(evaluator, map, key, &value);
            Some(put(evaluator, map, key, &known, Presence::Free))
        }
        ("Map", "update!", [map, key, fun]) | ("maps", "update_with", [key, fun, map]) => {
            let value = fetch(evaluator, map, key);
            let value = evaluator.called(fun, &[value]);
            Some(put(evaluator, map, key, &value, Presence::Demanded))
        }
        ("Map", "update", [map, key, first, fun])
        | ("maps", "update_with", [key, fun, first, map]) => {
            let value = get(evaluator, map, key, &Shape::never());
            let updated = match value.is_never() {
                true => value,
                false => evaluator.called(fun, &[value]),
            };
            Some(put(
                evaluator,
                map,
                key,
                &first.or(&updated),
                Presence::Free,
            ))
        }
        ("Map" | "Access", "pop" | "pop!", [map, key, default @ ..]) => {
            let nil = Shape::nil();
            let default = default.first().unwrap_or(&nil);
            let value = get(evaluator, map, key, default);
            Some(Shape::tuple(vec![value, removed(map, key)]))
        }
        ("Map" | "Access", "get_and_update" | "get_and_update!", [map, key, fun]) => {
            let value = get(evaluator, map, key, &Shape::nil());
            let both = evaluator.called(fun, &[value]);
            let returned = evaluator.of_pair(&both, 0);
            let updated = evaluator.of_pair(&both, 1);
            let map = put(evaluator, map, key, &updated, Presence::Free);
            Some(match returned.is_never() || map.is_never() {
                true => Shape::never(),
                false => Shape::tuple(vec![returned, map]),
            })
        }
        ("maps", "take", [key, map]) => {
            let value = get(evaluator, map, key, &Shape::never());
            let taken = Shape::tuple(vec![value, removed(map, key)]);
            Some(taken.or(&Shape::atom("error")))
        }
        ("maps" | "Map", "merge", [left, right]) => Some(merged(evaluator, left, right)),
        ("maps" | "Map", "new", []) => Some(Shape::map(MapShape::default())),
        ("Map", "new", [source]) | ("maps", "from_list", [source]) => {
            let element = evaluator.elements(source);
            Some(evaluator.poured(&Shape::map(MapShape::default()), &element))
        }
        ("Map", "new", [source, fun]) => {
            let element = evaluator.elements(source);
            let element = evaluator.called(fun, &[element]);
            Some(evaluator.poured(&Shape::map(MapShape::default()), &element))
        }
        ("maps" | "Map", "keys", [map]) => {
            let entries = evaluator.elements(map);
            Some(Shape::list(evaluator.of_pair(&entries, 0)))
        }
        ("maps" | "Map", "values", [map]) => Some(Shape::list(evaluator.any_value(map))),
        ("maps" | "Map", "to_list", [map]) => Some(Shape::list(evaluator.elements(map))),
        ("maps" | "Map", "size" | "count", _) => Some(Shape::of(Part::Int)),
        ("maps", "is_key", _) | ("Map" | "Keyword", "has_key?" | "equal?", _) => {
            Some(Shape::boolean())
        }
        ("Map", "from_struct", [map]) => Some(removed(map, &Shape::atom("__struct__"))),
        ("maps", "map", [fun, map]) => {
            let (key, value) = evaluator.entry(map);
            let value = evaluator.called(fun, &[key.clone(), value]);
            let empty = Shape::map(MapShape::default());
            Some(evaluator.put_any(&empty, &key, &value).or(&empty))
        }
        ("maps", "filter", [_, map]) | ("Map", "filter" | "reject", [map, _]) => Some(map.clone()),
        ("maps", "fold", [fun, first, map]) => {
            let (key, value) = evaluator.entry(map);
            Some(evaluator.folded(first, |evaluator, so_far| {
                evaluator.called(fun, &[key.clone(), value.clone(), so_far])
            }))
        }
        ("Map", "drop", [map, keys]) | ("maps", "without", [keys, map]) => {
            let keys = evaluator.elements(keys);
            Some(match keys.single_atom() {
                Some(_) => removed(map, &keys),
                None => return None,
            })
        }
        ("Keyword", "put" | "put_new", [list, key, value]) => {
            let pair = Shape::tuple(vec![key.clone(), value.clone()]);
            let element = evaluator.elements(list);
            Some(Shape::list(element.or(&pair)))
        }
        ("Keyword", "merge", [left, right]) => {
            let left = evaluator.elements(left);
            Some(Shape::list(left.or(&evaluator.elements(right))))
        }
        ("Keyword", "delete" | "take" | "drop", [list, _]) => {
            Some(Shape::list(evaluator.elements(list)))
        }
        _ => None,
    }
}

fn put(e: &mut Evaluator<'_>, map: &Shape, key: &Shape, value: &Shape, how: Presence) -> Shape {
    match Key::of_shape(key) {
        Some(key) => e.put(map, &key, value, how),
        None => e.put_any(map, key, value),
    }
}

fn fetch(evaluator: &mut Evaluator<'_>, map: &Shape, key: &Shape) -> Shape {
    match Key::of_shape(key) {
        Some(key) => {
            let listed = evaluator.get(
                &map.filter(|p| matches!(p, Part::List(_))),
                &key,
                &Shape::never(),
            );
            let mapped = map.filter(|part| !matches!(part, Part::List(_)));
            evaluator.fetch(&mapped, &key).or(&listed)
        }
        None => evaluator.any_value(map),
    }
}

fn get(evaluator: &mut Evaluator<'_>, map: &Shape, key: &Shape, default: &Shape) -> Shape {
    match Key::of_shape(key) {
        Some(key) => evaluator.get(map, &key, default),
        None => evaluator.any_value(map).or(default),
    }
}

fn removed(map: &Shape, key: &Shape) -> Shape {
    let known = Key::of_shape(key);
    let remove = |part: &Part| match (part, &known) {
        (Part::Map(map), Some(key)) => Shape::map((**map).clone().without(key)),
        (Part::Opaque(symbol), Some(key)) => {
            Shape::symbol(symbol.part(&format!("all but `{key}`")))
        }
        (Part::List(element), _) => Shape::list(element.clone()),
        // A computed key: what is known by name is not meant.
        (part, _) => Shape::of(part.clone()),
    };
    Shape::any(&map.parts().iter().map(remove).collect::<Vec<_>>())
}

/// What is on the right wins.
fn merged(evaluator: &mut Evaluator<'_>, left: &Shape, right: &Shape) -> Shape {
    let mut union = Shape::never();
    for part in right.parts() {
        union = union.or(&match part {
            Part::Map(map) if map.base.is_none() => {
                let mut all = left.filter(|part| matches!(part, Part::Map(_) | Part::Opaque(_)));
                for (key, field) in &map.fields {
                    let put = evaluator.put(&all, key, &field.value, Presence::Free);
                    all = match field.optional {
                        true => all.or(&put),
                        false => put,
                    };
                }
                match &map.rest {
                    Some((key, value)) => evaluator.put_any(&all, key, value),
                    None => all,
                }
            }
            Part::Opaque(symbol) => {
                let over = |part: &Part| match part {
                    Part::Map(map) if map.base.is_none() => {
                        let mut map = (**map).clone();
                        for (key, field) in &mut map.fields {
                            field.value = field.value.or(&symbol.field(key));
                        }
                        map.base = Some(symbol.clone());
                        Shape::map(map)
                    }
                    _ => Shape::limit("two unknown maps merged"),
                };
                Shape::any(&left.parts().iter().map(over).collect::<Vec<_>>())
            }
            _ => Shape::limit("two unknown maps merged"),
        });
    }
    union
}
