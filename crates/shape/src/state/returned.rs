//! Where the state stands in what a callback returns.

use crate::ast::Name;
use crate::shape::{Part, Shape};

/// A tag, the arity of the tuple, and the index of what is looked for.
type Place = (&'static str, usize, usize);

pub(super) const SERVER_INIT: &[Place] = &[("ok", 2, 1), ("ok", 3, 1)];
pub(super) const SERVER: &[Place] = &[
    ("reply", 3, 2),
    ("reply", 4, 2),
    ("noreply", 2, 1),
    ("noreply", 3, 1),
];
const CONTINUE: &[Place] = &[("ok", 3, 2), ("reply", 4, 3), ("noreply", 3, 2)];
pub(super) const STATEM_INIT_STATE: &[Place] = &[("ok", 3, 1), ("ok", 4, 1)];
pub(super) const STATEM_INIT_DATA: &[Place] = &[("ok", 3, 2), ("ok", 4, 2)];
pub(super) const STATEM_STATE: &[Place] = &[("next_state", 3, 1), ("next_state", 4, 1)];
pub(super) const STATEM_DATA: &[Place] = &[
    ("next_state", 3, 2),
    ("next_state", 4, 2),
    ("keep_state", 2, 1),
    ("keep_state", 3, 1),
    ("repeat_state", 2, 1),
    ("repeat_state", 3, 1),
];
pub(super) const EVENT: &[Place] = &[("ok", 2, 1), ("ok", 3, 1)];
pub(super) const EVENT_CALL: &[Place] = &[("ok", 3, 2), ("ok", 4, 2)];
pub(crate) const CODE_CHANGE: &[Place] = &[("ok", 2, 1)];
pub(crate) const CODE_CHANGE_STATE: &[Place] = &[("ok", 3, 1)];
pub(crate) const CODE_CHANGE_DATA: &[Place] = &[("ok", 3, 2)];

/// The shape of what stands at these places. Of an unknown value it is a part that is named.
pub(crate) fn at(places: &[Place], returned: &Shape) -> Shape {
    let mut union = Shape::never();
    for part in returned.parts() {
        match part {
            Part::Tuple(elements) => {
                for (tag, arity, index) in places {
                    if elements.len() == *arity && (tag.is_empty() || elements[0].may_be_atom(tag))
                    {
                        union = union.or(&elements[*index]);
                    }
                }
            }
            Part::Opaque(symbol) => {
                let (tag, arity, index) = places.first().copied().unwrap_or_default();
                let which = format!("element {} of {arity} after `{tag}`", index + 1);
                union = union.or(&Shape::symbol(symbol.part(&which)));
            }
            _ => {}
        }
    }
    union
}

/// What a callback of a server hands to `handle_continue`.
pub(super) fn continued(returned: &Shape) -> Shape {
    let actions = at(CONTINUE, returned);
    let mut union = Shape::never();
    for part in actions.parts() {
        match part {
            Part::Tuple(pair) if pair.len() == 2 && pair[0].may_be_atom("continue") => {
                union = union.or(&pair[1]);
            }
            Part::Opaque(_) => union = union.or(&Shape::outside()),
            _ => {}
        }
    }
    union
}

/// The atoms in an atom or a list of atoms.
pub(super) fn atoms(shape: &Shape) -> Vec<Name> {
    let mut all = Vec::new();
    for part in shape.parts() {
        match part {
            Part::Atom(name) => all.push(name.clone()),
            Part::List(element) => all.extend(atoms(element)),
            _ => {}
        }
    }
    all
}
