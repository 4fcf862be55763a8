//! What `code_change` makes of a state.

use super::Migration;
use super::vsn::{Taken, Vsn};
use crate::Behaviour;
use crate::ast::Clause;
use crate::eval::{Evaluator, may_be_taken, surely};
use crate::shape::{Part, Shape};
use crate::state::{Version, name_and_data, pair, returned};

/// The shape of the state afterwards; a migration where there is none, or where it cannot be told.
pub(super) fn state(
    newer: Version<'_>,
    behaviour: Behaviour,
    name: &str,
    vsn: &Vsn,
    before: &Shape,
) -> Result<Shape, Migration> {
    // Where the state stands among the arguments, and how many there are.
    let (states, arity) = match behaviour {
        Behaviour::GenStatem => match name_and_data(before) {
            Some((name, data)) => (vec![(1, name), (2, data)], 4),
            None => {
                let why = "states that are no pair of name and data".to_owned();
                return Err(Migration::Unseen { why });
            }
        },
        Behaviour::Special => (vec![(0, before.clone())], 4),
        _ => (vec![(1, before.clone())], 3),
    };
    let vsn_index = match behaviour {
        Behaviour::Special => 2,
        _ => 0,
    };
    let mut arguments = vec![Shape::outside(); arity];
    for (index, shape) in states {
        arguments[index] = shape;
    }
    let Some(function) = newer.code.function(name, arity) else {
        let why = format!("there is no {name}/{arity}");
        return Err(Migration::NotHandled { why });
    };
    let taken: Vec<(&Clause, Taken)> = function
        .clauses
        .iter()
        .map(|clause| (clause, vsn.taken_by(&clause.patterns[vsn_index])))
        .filter(|(_, taken)| *taken != Taken::No)
        .collect();
    if taken.is_empty() {
        let why = format!("{name}/{arity} has no clause for that version");
        return Err(Migration::NotHandled { why });
    }
    let mut evaluator = Evaluator::new(newer);
    let mut raises = false;
    let returned = evaluator.settle(Shape::never(), |evaluator, returned| {
        let mut union = returned.clone();
        let mut left = arguments.clone();
        raises = false;
        for (clause, taken) in &taken {
            if left.iter().any(Shape::is_never) {
                break;
            }
            let value = evaluator.one_clause(newer.code, clause, &left);
            raises |= value.is_never() && may_be_taken(clause, &left, vsn_index);
            union = union.or(&evaluator.kept(&value));
            if *taken == Taken::Yes && clause.guards.is_empty() {
                surely(clause, &mut left, vsn_index);
            }
        }
        union
    });
    let Some(returned) = returned else {
        let why = format!("what {name}/{arity} returns does not settle");
        return Err(Migration::Unseen { why });
    };
    if raises {
        let why = format!("{name}/{arity} raises for that version or some state");
        return Err(Migration::NotHandled { why });
    }
    check(&returned, name, arity)?;
    not_left(&taken, arguments, vsn_index, name)?;
    Ok(match behaviour {
        Behaviour::GenStatem => pair(
            returned::at(returned::CODE_CHANGE_STATE, &returned),
            returned::at(returned::CODE_CHANGE_DATA, &returned),
        ),
        _ => returned::at(returned::CODE_CHANGE, &returned),
    })
}

/// It must return, and nothing but `ok`.
fn check(returned: &Shape, name: &str, arity: usize) -> Result<(), Migration> {
    let whole = if name == "code_change" && arity == 4 {
        3
    } else {
        2
    };
    let ok = |part: &Part| match part {
        Part::Tuple(elements) => {
            elements.len() == whole && elements[0].single_atom().is_some_and(|tag| &**tag == "ok")
        }
        _ => false,
    };
    if returned.is_never() {
        let why = format!("{name}/{arity} raises for that version or state");
        return Err(Migration::NotHandled { why });
    }
    match returned.parts().iter().find(|part| !ok(part)) {
        None => Ok(()),
        Some(Part::Opaque(symbol)) => Err(Migration::Unseen {
            why: format!("{name}/{arity} returns {}", symbol.text),
        }),
        Some(other) => Err(Migration::NotHandled {
            why: format!("{name}/{arity} may return {other}"),
        }),
    }
}

/// No state may be without a clause.
fn not_left(
    taken: &[(&Clause, Taken)],
    mut left: Vec<Shape>,
    vsn_index: usize,
    name: &str,
) -> Result<(), Migration> {
    for (clause, taken) in taken {
        if *taken == Taken::Yes && clause.guards.is_empty() {
            surely(clause, &mut left, vsn_index);
        }
    }
    if left.iter().any(Shape::is_never) {
        return Ok(());
    }
    Err(Migration::Unseen {
        why: format!("{name} may have no clause for some states of that version"),
    })
}
