//! Whether every value of one shape is one that another shape means.

use std::collections::BTreeMap;

use super::{MapShape, Origin, Part, Shape};
use crate::ast::Name;

/// Where one shape does not fit another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It is seen not to.
    Differs(String),
    /// It cannot be told.
    Unseen(String),
}

/// Names of the fields of records, as both sides have them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) old: &'a BTreeMap<Name, Vec<Name>>,
    pub(crate) new: &'a BTreeMap<Name, Vec<Name>>,
}

/// Whether what the old side leaves is what the new side makes. The names of parts and keys must be
/// equal; what each may be need only be among what the new side makes itself.
pub(crate) fn fits(old: &Shape, new: &Shape, names: Names<'_>) -> Result<(), Misfit> {
    shapes(old, new, "the state", names)
}

fn shapes(old: &Shape, new: &Shape, path: &str, names: Names<'_>) -> Result<(), Misfit> {
    if old == new && !beyond_limit(old) && names.old == names.new {
        return Ok(());
    }
    // What is seen to differ is told before what is not seen.
    let mut doubt = hidden(old, new, path);
    for one in old.parts() {
        match part(one, new, path, names) {
            Ok(()) => {}
            Err(Misfit::Unseen(why)) => doubt = doubt.or(Some(why)),
            Err(differs) => return Err(differs),
        }
    }
    doubt.map_or(Ok(()), |why| Err(Misfit::Unseen(why)))
}

/// An unknown value that only the new side makes: where the old side has data with parts, that may be
/// the same data with other parts.
fn hidden(old: &Shape, new: &Shape, path: &str) -> Option<String> {
    let data = |part: &Part| {
        matches!(
            part,
            Part::Map(_) | Part::Tuple(_) | Part::List(_) | Part::Boxed(..)
        )
    };
    let any_data = old.parts().iter().any(data);
    let unknown = new.parts().iter().find_map(|part| match part {
        Part::Opaque(symbol) if symbol.origin == Origin::Limit => Some(&symbol.text),
        Part::Opaque(symbol) if any_data && !old.parts().contains(part) => Some(&symbol.text),
        _ => None,
    });
    unknown.map(|text| format!("{path} may be {text} in the other version"))
}

fn beyond_limit(shape: &Shape) -> bool {
    shape.parts().iter().any(|part| match part {
        Part::Opaque(symbol) => symbol.origin == Origin::Limit,
        Part::Tuple(elements) => elements.iter().any(beyond_limit),
        Part::List(element) | Part::Boxed(_, element) => beyond_limit(element),
        Part::Map(map) => {
            let rest = map.rest.iter();
            let mut rest = rest.flat_map(|(key, value)| [key, value]);
            let based = map.base.as_ref();
            based.is_some_and(|base| base.origin == Origin::Limit)
                || map.fields.values().any(|field| beyond_limit(&field.value))
                || rest.any(beyond_limit)
        }
        _ => false,
    })
}

fn part(old: &Part, new: &Shape, path: &str, names: Names<'_>) -> Result<(), Misfit> {
    let same = new.parts().iter().find(|part| part.head() == old.head());
    match (old, same) {
        (Part::Opaque(symbol), _) if symbol.origin == Origin::Limit => {
            Err(Misfit::Unseen(format!("{path}: {}", symbol.text)))
        }
        (Part::Tuple(olds), Some(Part::Tuple(news))) => tuples(olds, news, path, names),
        (Part::List(old), Some(Part::List(new))) => {
            if let Some(key) = new_keyword(old, new) {
                let what = format!("key `{key}` of the keyword list {path} is new");
                return Err(Misfit::Differs(what));
            }
            shapes(old, new, &format!("an element of {path}"), names)
        }
        (Part::Boxed(kind, old), Some(Part::Boxed(_, new))) => {
            shapes(old, new, &format!("what is in the {kind} {path}"), names)
        }
        (Part::Map(old), Some(Part::Map(new))) => maps(old, new, path, names),
        (_, Some(_)) => Ok(()),
        (Part::Atom(_), None) if new.parts().contains(&Part::AnyAtom) => Ok(()),
        (old, None) => Err(absent(old, new, path, names)),
    }
}

/// A key that only the new side puts into a list of pairs with atoms as keys.
fn new_keyword<'s>(old: &Shape, new: &'s Shape) -> Option<&'s Name> {
    fn keys(shape: &Shape) -> Option<Vec<&Name>> {
        fn key(part: &Part) -> Option<&Name> {
            match part {
                Part::Tuple(pair) if pair.len() == 2 => pair[0].single_atom(),
                _ => None,
            }
        }
        shape.parts().iter().map(key).collect()
    }
    let (ours, theirs) = (keys(old)?, keys(new)?);
    match ours.is_empty() {
        true => None,
        false => theirs.into_iter().find(|key| !ours.contains(key)),
    }
}

/// The new side makes nothing like this.
fn absent(old: &Part, new: &Shape, path: &str, names: Names<'_>) -> Misfit {
    if let (Part::Tuple(olds), Some(record)) = (old, record(old, names.old))
        && let Some(fields) = names.new.get(record)
        && fields.len() + 1 != olds.len()
    {
        let known = &names.old[record];
        let gone = known.iter().filter(|field| !fields.contains(field));
        let added = fields.iter().filter(|field| !known.contains(field));
        let changes: Vec<String> = added
            .map(|field| format!("field `{field}` is new"))
            .chain(gone.map(|field| format!("field `{field}` is gone")))
            .collect();
        return Misfit::Differs(format!("{path}, record `{record}`: {}", changes.join(", ")));
    }
    let known = !new.has_opaque() && !matches!(old, Part::Opaque(_));
    if known && !new.is_never() {
        return Misfit::Differs(format!(
            "{path} may be {old}, which the other version never makes: there it is {new}"
        ));
    }
    Misfit::Unseen(format!(
        "{path} may be {old}; in the other version it is {new}"
    ))
}

fn record<'a>(part: &Part, records: &'a BTreeMap<Name, Vec<Name>>) -> Option<&'a Name> {
    let Part::Tuple(elements) = part else {
        return None;
    };
    let (name, fields) = records.get_key_value(elements.first()?.single_atom()?)?;
    (fields.len() + 1 == elements.len()).then_some(name)
}

fn tuples(olds: &[Shape], news: &[Shape], path: &str, names: Names<'_>) -> Result<(), Misfit> {
    let tag = olds.first().and_then(Shape::single_atom);
    let fields = |of: &'_ BTreeMap<Name, Vec<Name>>| {
        let fields = of.get(tag?)?;
        (fields.len() + 1 == olds.len()).then(|| fields.clone())
    };
    let (ours, theirs) = (fields(names.old), fields(names.new));
    if let (Some(tag), Some(ours), Some(theirs)) = (tag, &ours, &theirs)
        && ours != theirs
    {
        let moved = ours
            .iter()
            .zip(theirs)
            .find(|(ours, theirs)| ours != theirs);
        let (ours, theirs) = moved.map(|(a, b)| (&**a, &**b)).unwrap_or_default();
        return Err(Misfit::Differs(format!(
            "{path}, record `{tag}`: field `{theirs}` stands where `{ours}` stood"
        )));
    }
    for (index, (old, new)) in olds.iter().zip(news).enumerate() {
        let place = match &ours {
            Some(fields) if index > 0 => format!("field `{}` of {path}", fields[index - 1]),
            _ => format!("element {} of {path}", index + 1),
        };
        shapes(old, new, &place, names)?;
    }
    Ok(())
}

fn maps(old: &MapShape, new: &MapShape, path: &str, names: Names<'_>) -> Result<(), Misfit> {
    let differs = |what: String| Err(Misfit::Differs(what));
    for (key, field) in &new.fields {
        match old.fields.get(key) {
            None => return differs(format!("key `{key}` of {path} is new")),
            Some(ours) if ours.optional && !field.optional => {
                return differs(format!(
                    "key `{key}` of {path} may be missing; in the other version it never is"
                ));
            }
            Some(_) => {}
        }
    }
    if let Some(key) = old.fields.keys().find(|key| !new.fields.contains_key(key)) {
        return differs(format!("key `{key}` of {path} is gone"));
    }
    let mut doubt = Ok(());
    for (key, field) in &old.fields {
        let Some(theirs) = new.fields.get(key) else {
            continue;
        };
        match shapes(
            &field.value,
            &theirs.value,
            &format!("`{key}` of {path}"),
            names,
        ) {
            Err(Misfit::Unseen(why)) if doubt.is_ok() => doubt = Err(Misfit::Unseen(why)),
            Err(Misfit::Differs(what)) => return differs(what),
            _ => {}
        }
    }
    doubt?;
    match (&old.rest, &new.rest) {
        (Some((key, value)), Some((new_key, new_value))) => {
            shapes(key, new_key, &format!("a key of {path}"), names)?;
            shapes(value, new_value, &format!("a value of {path}"), names)
        }
        (Some(_), None) => differs(format!(
            "{path} has keys that are computed, and in the other version none"
        )),
        (None, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::*;

    fn check(old: &Shape, new: &Shape) -> Result<(), Misfit> {
        let none = BTreeMap::new();
        fits(
            old,
            new,
            Names {
                old: &none,
                new: &none,
            },
        )
    }

    fn map(keys: &[(&str, Shape)]) -> Shape {
        let empty = MapShape::default();
        Shape::map(keys.iter().fold(empty, |map, (key, value)| {
            map.with(Key::Atom((*key).into()), value.clone())
        }))
    }

    #[test]
    fn a_state_fits_where_the_new_side_makes_such_states() {
        let int = Shape::of(Part::Int);
        let maybe = int.or(&Shape::nil());
        assert_eq!(
            check(&map(&[("a", int.clone())]), &map(&[("a", maybe.clone())])),
            Ok(())
        );
        assert!(matches!(
            check(&map(&[("a", maybe)]), &map(&[("a", int.clone())])),
            Err(Misfit::Differs(_))
        ));
        assert!(matches!(
            check(&map(&[]), &map(&[("a", int)])),
            Err(Misfit::Differs(_))
        ));
    }

    #[test]
    fn what_was_given_up_fits_nothing_not_even_itself() {
        let given_up = Shape::tuple(vec![Shape::limit("too deep")]);
        assert!(matches!(
            check(&given_up, &given_up),
            Err(Misfit::Unseen(_))
        ));
    }

    #[test]
    fn unknown_values_fit_where_their_origin_is_the_same() {
        let made = |text: &str| Shape::opaque(Origin::Call, text);
        assert_eq!(check(&made("f(1)"), &made("f(1)")), Ok(()));
        assert!(matches!(
            check(&made("f(1)"), &made("g(1)")),
            Err(Misfit::Unseen(_))
        ));
    }
}
