//! Data structures that hide how they are made: sets, queues, trees, dates.

use super::super::Evaluator;
use crate::shape::{Part, Shape};

pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    module: &str,
    name: &str,
    arguments: &[Shape],
) -> Option<Shape> {
    if !matches!(
        module,
        "MapSet"
            | "queue"
            | "sets"
            | "gb_sets"
            | "gb_trees"
            | "array"
            | "dict"
            | "orddict"
            | "ordsets"
    ) {
        return None;
    }
    let mut within = Shape::never();
    for argument in arguments {
        within = within.or(&put_in(evaluator, module, argument));
    }
    let boxed = |within: &Shape| Shape::boxed(module, within.clone());
    Some(match (module, name) {
        (_, "len" | "size") => Shape::of(Part::Int),
        (
            _,
            "member?" | "is_member" | "is_element" | "member" | "is_empty" | "is_key"
            | "is_defined" | "equal?" | "subset?" | "disjoint?" | "is_subset" | "is_queue"
            | "is_set" | "any" | "all",
        ) => Shape::boolean(),
        (_, "to_list" | "keys" | "values") => Shape::list(inside(module, arguments)),
        ("queue", "out" | "out_r") => {
            let element = inside(module, arguments);
            let value = Shape::tuple(vec![Shape::atom("value"), element]);
            Shape::tuple(vec![
                value.or(&Shape::atom("empty")),
                boxed(&inside(module, arguments)),
            ])
        }
        ("queue", "peek" | "peek_r") => {
            let value = Shape::tuple(vec![Shape::atom("value"), inside(module, arguments)]);
            value.or(&Shape::atom("empty"))
        }
        ("queue", "get" | "get_r" | "head" | "last") => inside(module, arguments),
        ("gb_trees" | "dict" | "orddict" | "array", "get" | "fetch") => inside(module, arguments),
        ("gb_trees", "lookup") => {
            let value = Shape::tuple(vec![Shape::atom("value"), inside(module, arguments)]);
            value.or(&Shape::atom("none"))
        }
        ("dict" | "orddict", "find") => {
            let value = Shape::tuple(vec![Shape::atom("ok"), inside(module, arguments)]);
            value.or(&Shape::atom("error"))
        }
        (
            _,
            "delete" | "del_element" | "filter" | "reject" | "subtract" | "difference" | "drop"
            | "drop_r" | "erase" | "delete_any" | "tail" | "delete_r" | "balance" | "reverse"
            | "intersection",
        ) => boxed(&inside(module, arguments)),
        (
            _,
            "new"
            | "empty"
            | "put"
            | "union"
            | "from_list"
            | "add_element"
            | "add"
            | "insert"
            | "in"
            | "in_r"
            | "join"
            | "from_orddict"
            | "enter"
            | "update"
            | "store"
            | "set"
            | "add_new"
            | "append"
            | "cons"
            | "snoc"
            | "init"
            | "symmetric_difference",
        ) => boxed(&within),
        _ => return None,
    })
}

/// What an argument adds to a box of that kind.
fn put_in(evaluator: &mut Evaluator<'_>, kind: &str, argument: &Shape) -> Shape {
    let put = |part: &Part| match part {
        Part::Boxed(own, inside) if &**own == kind => inside.clone(),
        Part::List(element) => element.clone(),
        Part::Closure(..) | Part::Fun(_) => Shape::never(),
        part => Shape::of(part.clone()),
    };
    let put: Vec<_> = argument.parts().iter().map(put).collect();
    evaluator.kept(&Shape::any(&put))
}

fn inside(kind: &str, arguments: &[Shape]) -> Shape {
    let parts = arguments.iter().flat_map(Shape::parts);
    let inside = parts.map(|part| match part {
        Part::Boxed(own, inside) if &**own == kind => inside.clone(),
        Part::Opaque(symbol) => Shape::symbol(symbol.part("an element")),
        _ => Shape::never(),
    });
    Shape::any(&inside.collect::<Vec<_>>())
}
