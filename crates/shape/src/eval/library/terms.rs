//! Functions of `erlang`, and those that Elixir's `Kernel` keeps.

use super::super::Evaluator;
use crate::ast::Presence;
use crate::shape::{Key, Origin, Part, Shape};

pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    name: &str,
    arguments: &[Shape],
) -> Option<Shape> {
    Some(match (name, arguments) {
        ("+" | "-" | "*" | "abs" | "max" | "min", [..]) => number(name, arguments),
        ("/", _) => Shape::of(Part::Float),
        (
            "div" | "rem" | "band" | "bor" | "bxor" | "bnot" | "bsl" | "bsr" | "length" | "size"
            | "tuple_size" | "map_size" | "byte_size" | "bit_size" | "round" | "trunc" | "ceil"
            | "floor" | "phash2" | "system_time" | "monotonic_time" | "unique_integer"
            | "binary_to_integer" | "list_to_integer" | "time_offset" | "convert_time_unit"
            | "external_size" | "crc32" | "adler32" | "cancel_timer" | "iolist_size",
            _,
        ) if name != "cancel_timer" => Shape::of(Part::Int),
        ("cancel_timer" | "read_timer", _) => Shape::of(Part::Int).or(&Shape::atom("false")),
        ("float" | "binary_to_float" | "list_to_float", _) => Shape::of(Part::Float),
        (
            "==" | "/=" | "=:=" | "=/=" | "<" | ">" | "=<" | ">=" | "not" | "is_atom" | "is_binary"
            | "is_bitstring" | "is_boolean" | "is_float" | "is_function" | "is_integer" | "is_list"
            | "is_map" | "is_number" | "is_pid" | "is_port" | "is_record" | "is_reference"
            | "is_tuple" | "is_map_key" | "is_process_alive" | "is_alive" | "xor" | "and" | "or",
            _,
        ) => Shape::boolean(),
        (
            "unlink" | "link" | "demonitor" | "register" | "unregister" | "garbage_collect",
            [_, ..],
        ) => Shape::atom("true"),
        ("self" | "spawn" | "spawn_link" | "group_leader", _) => Shape::of(Part::Pid),
        ("spawn_monitor", _) => {
            Shape::tuple(vec![Shape::of(Part::Pid), Shape::of(Part::Reference)])
        }
        ("make_ref" | "monitor" | "start_timer" | "send_after" | "alias", _) => {
            Shape::of(Part::Reference)
        }
        ("open_port", _) => Shape::of(Part::Port),
        ("node", _) => Shape::of(Part::AnyAtom),
        (
            "atom_to_binary" | "integer_to_binary" | "float_to_binary" | "list_to_binary"
            | "iolist_to_binary" | "term_to_binary" | "binary_part" | "md5" | "inspect"
            | "to_string",
            _,
        ) => Shape::of(Part::Binary),
        (
            "atom_to_list" | "integer_to_list" | "float_to_list" | "binary_to_list" | "pid_to_list",
            _,
        ) => Shape::list(Shape::of(Part::Int)),
        (
            "binary_to_atom" | "binary_to_existing_atom" | "list_to_atom" | "list_to_existing_atom",
            _,
        ) => Shape::of(Part::AnyAtom),
        ("timestamp" | "now" | "date" | "time", []) => Shape::tuple(vec![
            Shape::of(Part::Int),
            Shape::of(Part::Int),
            Shape::of(Part::Int),
        ]),
        ("!" | "send", [_, message, ..]) => message.clone(),
        ("put", [_, _]) => Shape::opaque(Origin::Call, "the process dictionary"),
        ("error" | "exit" | "throw" | "raise" | "halt" | "hibernate", [_, ..]) => Shape::never(),
        ("halt" | "nif_error", _) => Shape::never(),
        ("++", [left, right]) => {
            let left = evaluator.elements(left);
            let right = evaluator.elements(right);
            Shape::list(left.or(&right))
        }
        ("--", [left, _]) => Shape::list(evaluator.elements(left)),
        ("hd", [list]) => evaluator.elements(list),
        ("tl", [list]) => Shape::list(evaluator.elements(list)),
        ("element", [_, tuple]) => any_element(tuple),
        ("setelement", [_, tuple, value]) => any_set(tuple, value),
        ("append_element", [tuple, value]) => appended(tuple, value),
        ("list_to_tuple" | "tuple_to_list", _) => return None,
        ("map_get", [key, map]) => match Key::of_shape(key) {
            Some(key) => evaluator.fetch(map, &key),
            None => evaluator.any_value(map),
        },
        ("andalso" | "orelse", [left, right]) => left.or(right),
        ("struct" | "struct!", [which, rest @ ..]) => return structure(evaluator, which, rest),
        _ => return None,
    })
}

fn number(name: &str, arguments: &[Shape]) -> Shape {
    let all = Shape::any(arguments);
    if matches!(name, "max" | "min") {
        return all;
    }
    let ints = |part: &Part| matches!(part, Part::Int);
    let any_float = |shape: &Shape| shape.parts() == [Part::Float];
    match (
        all.parts().iter().all(ints),
        arguments.iter().any(any_float),
    ) {
        (true, _) => Shape::of(Part::Int),
        (_, true) => Shape::of(Part::Float),
        // Of an unknown value and an integer, code nearly always means an integer, but that is not
        // known.
        _ => Shape::number(),
    }
}

/// `element(N, Tuple)`: which is not told apart.
fn any_element(tuple: &Shape) -> Shape {
    let element = |part: &Part| match part {
        Part::Tuple(elements) => Shape::any(elements),
        Part::Opaque(symbol) => Shape::symbol(symbol.part("an element")),
        _ => Shape::never(),
    };
    Shape::any(&tuple.parts().iter().map(element).collect::<Vec<_>>())
}

fn any_set(tuple: &Shape, value: &Shape) -> Shape {
    let set = |part: &Part| match part {
        Part::Tuple(elements) => {
            Shape::tuple(elements.iter().map(|element| element.or(value)).collect())
        }
        Part::Opaque(symbol) => Shape::symbol(symbol.part("another element set")),
        _ => Shape::never(),
    };
    Shape::any(&tuple.parts().iter().map(set).collect::<Vec<_>>())
}

fn appended(tuple: &Shape, value: &Shape) -> Shape {
    let append = |part: &Part| match part {
        Part::Tuple(elements) => {
            let mut elements = elements.clone();
            elements.push(value.clone());
            Shape::tuple(elements)
        }
        Part::Opaque(symbol) => Shape::symbol(symbol.part("an element appended")),
        _ => Shape::never(),
    };
    Shape::any(&tuple.parts().iter().map(append).collect::<Vec<_>>())
}

/// `struct(Module, fields)` and `struct(a_struct, fields)`.
fn structure(evaluator: &mut Evaluator<'_>, which: &Shape, given: &[Shape]) -> Option<Shape> {
    let mut base = which.clone();
    if let Some(module) = which.single_atom() {
        let Some(known) = evaluator.struct_default(module) else {
            evaluator.depends.insert(module.to_string());
            return None;
        };
        base = known;
    }
    let Some(given) = given.first() else {
        return Some(base);
    };
    let Some(Part::Map(map)) = base.parts().first().filter(|_| base.parts().len() == 1) else {
        return None;
    };
    let keys: Vec<Key> = map.fields.keys().cloned().collect();
    for key in keys {
        if key == Key::Atom("__struct__".into()) {
            continue;
        }
        let default = evaluator.fetch(&base, &key);
        let value = evaluator.get(given, &key, &default);
        base = evaluator.put(&base, &key, &value, Presence::Free);
    }
    Some(base)
}
