//! What guards tell of variables.

use super::{Env, read, write};
use crate::ast::{Call, Callee, Expr, Var};
use crate::shape::{Part, Shape};

/// Narrows the variables that guards speak of, where these hold: the guards are alternatives.
pub(super) fn narrow(guards: &[Expr], env: &mut Env) {
    let [first, rest @ ..] = guards else {
        return;
    };
    let mut facts = facts(first, env);
    for guard in rest {
        facts = either(facts, self::facts(guard, env));
    }
    for (var, shape) in facts {
        write(env, var, shape);
    }
}

fn facts(guard: &Expr, env: &Env) -> Vec<(Var, Shape)> {
    let Expr::Call(call) = guard else {
        return Vec::new();
    };
    let name = match &call.callee {
        Callee::Remote(module, name) if &**module == "erlang" => name,
        Callee::Local(name) => name,
        _ => return Vec::new(),
    };
    match (&**name, call.arguments.as_slice()) {
        ("andalso" | "and", [one, other]) => {
            let mut all = facts(one, env);
            let mut within = env.clone();
            for (var, shape) in &all {
                write(&mut within, *var, shape.clone());
            }
            all.extend(facts(other, &within));
            all
        }
        ("orelse" | "or", [one, other]) => either(facts(one, env), facts(other, env)),
        ("=:=" | "==", [Expr::Var(var), Expr::Atom(name)] | [Expr::Atom(name), Expr::Var(var)]) => {
            let known = read(env, *var);
            match known.may_be_atom(name) {
                true => vec![(*var, Shape::atom(name.clone()))],
                false => Vec::new(),
            }
        }
        _ => tested(call, name, env),
    }
}

/// A variable of which a test of its type holds.
fn tested(call: &Call, name: &str, env: &Env) -> Vec<(Var, Shape)> {
    let Some(Expr::Var(var)) = call.arguments.first() else {
        return Vec::new();
    };
    let known = read(env, *var);
    let narrowed =
        match name {
            "is_integer" => known.only(&Shape::of(Part::Int)),
            "is_float" => known.only(&Shape::of(Part::Float)),
            "is_number" => known.only(&Shape::number()),
            "is_binary" | "is_bitstring" => known.only(&Shape::of(Part::Binary)),
            "is_boolean" => known.only(&Shape::boolean()),
            "is_pid" => known.only(&Shape::of(Part::Pid)),
            "is_reference" => known.only(&Shape::of(Part::Reference)),
            "is_port" => known.only(&Shape::of(Part::Port)),
            "is_atom" => known.only(&Shape::of(Part::AnyAtom)),
            // An unknown value stays what it is: its inside is still unknown.
            "is_map" => known
                .filter(|part| matches!(part, Part::Map(_) | Part::Boxed(..) | Part::Opaque(_))),
            "is_list" => known.filter(|part| matches!(part, Part::List(_) | Part::Opaque(_))),
            "is_tuple" => known
                .filter(|part| matches!(part, Part::Tuple(_) | Part::Boxed(..) | Part::Opaque(_))),
            "is_function" => known
                .filter(|part| matches!(part, Part::Fun(_) | Part::Closure(..) | Part::Opaque(_))),
            _ => return Vec::new(),
        };
    vec![(*var, narrowed)]
}

impl Shape {
    /// What is one of these simple parts; of an unknown value, these parts.
    fn only(&self, simple: &Shape) -> Shape {
        let atoms = simple.parts().contains(&Part::AnyAtom);
        let mut union = Shape::never();
        for part in self.parts() {
            union = union.or(&match part {
                Part::Opaque(_) => simple.clone(),
                Part::AnyAtom => {
                    simple.filter(|part| matches!(part, Part::Atom(_) | Part::AnyAtom))
                }
                part @ Part::Atom(_) if atoms => Shape::of(part.clone()),
                part if simple.parts().contains(part) => Shape::of(part.clone()),
                _ => Shape::never(),
            });
        }
        union
    }
}

/// What both alternatives tell of.
fn either(one: Vec<(Var, Shape)>, other: Vec<(Var, Shape)>) -> Vec<(Var, Shape)> {
    let both = one.into_iter().filter_map(|(var, shape)| {
        let (_, theirs) = other.iter().rev().find(|(theirs, _)| *theirs == var)?;
        Some((var, shape.or(theirs)))
    });
    both.collect()
}
