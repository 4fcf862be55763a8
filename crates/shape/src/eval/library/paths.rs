//! `put_in`, `update_in`, `get_in` along keys that are written out.
//!
//! The evaluator hands the path over as a tuple where the code has a list of it.

use super::super::Evaluator;
use crate::ast::Presence;
use crate::shape::{Key, Part, Shape};

pub(super) fn named(name: &str) -> bool {
    matches!(name, "put_in" | "update_in" | "get_in")
}

pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    name: &str,
    arguments: &[Shape],
) -> Option<Shape> {
    let (map, path, last) = match arguments {
        [map, path] => (map, path, None),
        [map, path, last] => (map, path, Some(last)),
        _ => return None,
    };
    let [Part::Tuple(keys)] = path.parts() else {
        return None;
    };
    let keys = keys
        .iter()
        .map(Key::of_shape)
        .collect::<Option<Vec<Key>>>()?;
    match (name, last) {
        ("get_in", None) => {
            let get = |map: Shape, key: &Key| evaluator.get(&map, key, &Shape::nil());
            Some(keys.iter().fold(map.clone(), get))
        }
        ("put_in", Some(value)) => Some(changed(evaluator, map, &keys, &mut |_, _| value.clone())),
        ("update_in", Some(fun)) => {
            Some(changed(evaluator, map, &keys, &mut |evaluator, value| {
                evaluator.called(fun, &[value])
            }))
        }
        _ => None,
    }
}

fn changed(
    evaluator: &mut Evaluator<'_>,
    value: &Shape,
    path: &[Key],
    last: &mut dyn FnMut(&mut Evaluator<'_>, Shape) -> Shape,
) -> Shape {
    let Some((key, rest)) = path.split_first() else {
        return last(evaluator, value.clone());
    };
    let within = evaluator.get(value, key, &Shape::nil());
    let within = changed(evaluator, &within, rest, last);
    evaluator.put(value, key, &within, Presence::Free)
}
