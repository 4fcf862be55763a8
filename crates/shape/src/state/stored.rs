//! What came from outside and is in the state now.
//!
//! A callback sees two kinds of unknown values: what comes with the message, of which both versions see
//! the same, and what came with earlier ones and was kept. The latter is named by its place, so that
//! what the code asks of it can be compared.

use std::rc::Rc;

use crate::shape::{Origin, Part, Shape, Symbol};

/// Names what came from outside by its place.
pub(super) fn placed(shape: &Shape, place: &str) -> Shape {
    mapped(shape, place, &|symbol, place| match symbol.origin {
        Origin::Outside => Symbol {
            origin: Origin::Stored,
            text: format!("what came from outside into {place}").into(),
        },
        _ => symbol.clone(),
    })
}

/// Takes the names away again.
pub(super) fn unplaced(shape: &Shape) -> Shape {
    mapped(shape, "", &|symbol, _| match symbol.origin {
        Origin::Stored => Symbol {
            origin: Origin::Outside,
            text: "a value from outside".into(),
        },
        _ => symbol.clone(),
    })
}

fn mapped(shape: &Shape, place: &str, change: &dyn Fn(&Symbol, &str) -> Symbol) -> Shape {
    let part = |part: &Part| match part {
        Part::Opaque(symbol) => Shape::symbol(change(symbol, place)),
        Part::Tuple(elements) => {
            let elements = elements.iter().enumerate().map(|(index, element)| {
                mapped(
                    element,
                    &format!("element {} of {place}", index + 1),
                    change,
                )
            });
            Shape::tuple(elements.collect())
        }
        Part::List(element) => Shape::list(mapped(element, place, change)),
        Part::Boxed(kind, element) => Shape::boxed(kind, mapped(element, place, change)),
        Part::Map(map) => {
            let mut map = Rc::unwrap_or_clone(map.clone());
            for (key, field) in &mut map.fields {
                field.value = mapped(&field.value, &format!("`{key}` of {place}"), change);
            }
            if let Some((key, value)) = &mut map.rest {
                *key = mapped(key, &format!("a key of {place}"), change);
                *value = mapped(value, &format!("a value of {place}"), change);
            }
            map.base = map.base.map(|base| change(&base, place));
            Shape::map(map)
        }
        part => Shape::of(part.clone()),
    };
    Shape::any(&shape.parts().iter().map(part).collect::<Vec<_>>())
}
