//! Lists, and what is enumerated.

use super::super::Evaluator;
use crate::ast::Name;
use crate::shape::{Key, MapShape, Part, Shape};

pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    module: &str,
    name: &str,
    arguments: &[Shape],
) -> Option<Shape> {
    if module == "lists" {
        return erlang(evaluator, name, arguments);
    }
    let (source, rest) = arguments.split_first()?;
    let mut element = || evaluator.elements(source);
    Some(match (name, rest) {
        ("map", [fun]) => {
            let element = element();
            mapped(evaluator, fun, &element)
        }
        ("flat_map", [fun]) => {
            let element = element();
            let lists = called_on(evaluator, fun, &element);
            Shape::list(evaluator.elements(&lists))
        }
        (
            "filter" | "reject" | "sort" | "sort_by" | "uniq" | "uniq_by" | "dedup" | "reverse"
            | "take" | "drop" | "take_while" | "drop_while" | "shuffle" | "slice" | "to_list"
            | "take_random" | "delete" | "delete_at" | "wrap",
            _,
        ) => Shape::list(element()),
        ("concat", [other]) => {
            let one = element();
            Shape::list(one.or(&evaluator.elements(other)))
        }
        ("insert_at" | "replace_at", [_, value]) => Shape::list(element().or(value)),
        ("count", _) => Shape::of(Part::Int),
        ("find" | "at" | "first" | "last" | "max" | "min" | "max_by" | "min_by" | "random", _) => {
            element().or(&Shape::nil())
        }
        ("any?" | "all?" | "empty?" | "member?" | "keymember?", _) => Shape::boolean(),
        ("sum", []) => {
            let element = element();
            super::terms::call(evaluator, "+", &[element])?
        }
        ("join" | "map_join" | "to_string", _) => Shape::of(Part::Binary),
        ("each", [fun]) => {
            let element = element();
            called_on(evaluator, fun, &element);
            Shape::atom("ok")
        }
        ("with_index", []) => Shape::list(Shape::tuple(vec![
            non_empty(element())?,
            Shape::of(Part::Int),
        ])),
        ("split_with" | "split", [_]) => {
            let list = Shape::list(element());
            Shape::tuple(vec![list.clone(), list])
        }
        ("into", [into]) => {
            let element = element();
            evaluator.poured(into, &element)
        }
        ("into", [into, fun]) => {
            let element = element();
            let element = called_on(evaluator, fun, &element);
            evaluator.poured(into, &element)
        }
        ("reduce", [first, fun]) => {
            let element = element();
            folded_over(evaluator, first, fun, &element)
        }
        ("reduce_while", [first, fun]) => {
            let element = element();
            if element.is_never() {
                return Some(first.clone());
            }
            evaluator.folded(first, |evaluator, so_far| {
                let next = evaluator.called(fun, &[element.clone(), so_far]);
                evaluator.of_pair(&next, 1)
            })
        }
        ("map_reduce", [first, fun]) => {
            let element = element();
            mapped_folded(evaluator, first, fun, &element)
        }
        ("group_by", [fun]) => {
            let element = element();
            let key = called_on(evaluator, fun, &element);
            let empty = Shape::map(MapShape::default());
            let list = Shape::list(element);
            evaluator.put_any(&empty, &key, &list).or(&empty)
        }
        ("delete_all" | "keydelete", _) => Shape::list(element()),
        ("keystore" | "keyreplace", [_, _, value]) => Shape::list(element().or(value)),
        _ => return None,
    })
}

fn erlang(evaluator: &mut Evaluator<'_>, name: &str, arguments: &[Shape]) -> Option<Shape> {
    Some(match (name, arguments) {
        ("map", [fun, list]) => {
            let element = evaluator.elements(list);
            mapped(evaluator, fun, &element)
        }
        ("foreach", [fun, list]) => {
            let element = evaluator.elements(list);
            called_on(evaluator, fun, &element);
            Shape::atom("ok")
        }
        ("foldl" | "foldr", [fun, first, list]) => {
            let element = evaluator.elements(list);
            folded_over(evaluator, first, fun, &element)
        }
        ("mapfoldl" | "mapfoldr", [fun, first, list]) => {
            let element = evaluator.elements(list);
            mapped_folded(evaluator, first, fun, &element)
        }
        (
            "filter" | "dropwhile" | "takewhile" | "delete" | "nthtail" | "sort" | "usort",
            [_, list],
        ) => Shape::list(evaluator.elements(list)),
        ("reverse" | "sort" | "usort" | "droplast", [list]) => {
            Shape::list(evaluator.elements(list))
        }
        ("reverse" | "append" | "merge", [one, other]) => {
            let one = evaluator.elements(one);
            Shape::list(one.or(&evaluator.elements(other)))
        }
        ("keydelete", [_, _, list]) | ("keysort", [_, list]) | ("sublist", [list, ..]) => {
            Shape::list(evaluator.elements(list))
        }
        ("keystore" | "keyreplace", [_, _, list, value]) => {
            Shape::list(evaluator.elements(list).or(value))
        }
        ("keyfind", [_, _, list]) => evaluator.elements(list).or(&Shape::atom("false")),
        ("member" | "keymember" | "any" | "all" | "prefix", _) => Shape::boolean(),
        ("last" | "max" | "min", [list]) | ("nth", [_, list]) => evaluator.elements(list),
        ("seq", _) => Shape::list(Shape::of(Part::Int)),
        ("duplicate", [_, value]) => Shape::list(value.clone()),
        ("partition" | "splitwith" | "split", [_, list]) => {
            let list = Shape::list(evaluator.elements(list));
            Shape::tuple(vec![list.clone(), list])
        }
        _ => return None,
    })
}

fn non_empty(shape: Shape) -> Option<Shape> {
    (!shape.is_never()).then_some(shape)
}

/// Nothing where there is no element to call it with.
fn called_on(evaluator: &mut Evaluator<'_>, fun: &Shape, element: &Shape) -> Shape {
    evaluator.called(fun, std::slice::from_ref(element))
}

fn mapped(evaluator: &mut Evaluator<'_>, fun: &Shape, element: &Shape) -> Shape {
    Shape::list(called_on(evaluator, fun, element))
}

fn folded_over(e: &mut Evaluator<'_>, first: &Shape, fun: &Shape, element: &Shape) -> Shape {
    e.folded(first, |e, so_far| e.called(fun, &[element.clone(), so_far]))
}

fn mapped_folded(e: &mut Evaluator<'_>, first: &Shape, fun: &Shape, element: &Shape) -> Shape {
    let mut values = Shape::never();
    let last = e.folded(first, |e, so_far| {
        let pair = e.called(fun, &[element.clone(), so_far]);
        values = values.or(&e.of_pair(&pair, 0));
        e.of_pair(&pair, 1)
    });
    Shape::tuple(vec![Shape::list(values), last])
}

impl Evaluator<'_> {
    /// What a value becomes by any number of steps.
    pub(super) fn folded(
        &mut self,
        first: &Shape,
        mut step: impl FnMut(&mut Self, Shape) -> Shape,
    ) -> Shape {
        let mut so_far = first.clone();
        for _ in 0..8 {
            let next = so_far.or(&step(self, so_far.clone()));
            if next == so_far {
                return so_far;
            }
            so_far = next;
        }
        Shape::limit("a reduction that does not settle")
    }

    /// An element of a pair.
    pub(super) fn of_pair(&mut self, pair: &Shape, index: usize) -> Shape {
        let element = |part: &Part| match part {
            Part::Tuple(pair) if pair.len() == 2 => pair[index].clone(),
            Part::Opaque(symbol) => Shape::symbol(symbol.part(&format!("element {}", index + 1))),
            _ => Shape::never(),
        };
        Shape::any(&pair.parts().iter().map(element).collect::<Vec<_>>())
    }

    /// A key and a value of a map.
    pub(super) fn entry(&mut self, map: &Shape) -> (Shape, Shape) {
        let entries = self.elements(map);
        (self.of_pair(&entries, 0), self.of_pair(&entries, 1))
    }

    /// Any value of a map.
    pub(super) fn any_value(&mut self, map: &Shape) -> Shape {
        self.entry(map).1
    }

    /// A struct with its defaults, where its definition is seen.
    pub(super) fn struct_default(&mut self, module: &Name) -> Option<Shape> {
        let version = self.version;
        let code = match *module == version.code.module {
            true => version.code,
            false => version.others.code(module)?,
        };
        code.function("__struct__", 0)?;
        let name = Name::from("__struct__");
        Some(self.apply(code, &name, Vec::new()))
    }
}

impl Key {
    /// The key that a shape is, where it is one atom.
    pub(crate) fn of_shape(shape: &Shape) -> Option<Self> {
        shape.single_atom().cloned().map(Self::Atom)
    }
}
