//! Patterns: which values match, and what their variables get.

use super::data::key;
use super::{Env, Evaluator, write};
use crate::ast::Expr;
use crate::shape::{Key, MapShape, Part, Shape, Symbol};
use crate::{Code, Language};

/// Whether a value matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    Never,
    Maybe,
    Always,
}

/// Whether the values of a shape match a pattern.
pub(super) fn matches(pattern: &Expr, shape: &Shape) -> Match {
    let mut all = shape.parts().iter().map(|part| part_matches(pattern, part));
    let Some(first) = all.next() else {
        return Match::Never;
    };
    all.fold(first, |one, other| match one == other {
        true => one,
        false => Match::Maybe,
    })
}

pub(super) fn part_matches(pattern: &Expr, part: &Part) -> Match {
    match (pattern, part) {
        (Expr::Wildcard | Expr::Var(_), _) => Match::Always,
        (Expr::Match(one, other), part) => part_matches(one, part).min(part_matches(other, part)),
        (Expr::Pin(_) | Expr::Unknown(_) | Expr::Call(_) | Expr::Block(_), _) => Match::Maybe,
        (_, Part::Opaque(_)) => Match::Maybe,
        (Expr::Atom(wanted), Part::Atom(name)) if wanted == name => Match::Always,
        (Expr::Atom(_), Part::AnyAtom) => Match::Maybe,
        (Expr::Number(_), Part::Int | Part::Float) => Match::Maybe,
        (Expr::Binary(_) | Expr::Bits(_), Part::Binary) => Match::Maybe,
        (Expr::Tuple(patterns), Part::Tuple(elements)) if patterns.len() == elements.len() => {
            let each = patterns.iter().zip(elements);
            let each = each.map(|(pattern, element)| matches(pattern, element));
            each.min().unwrap_or(Match::Always)
        }
        (Expr::List(patterns, tail), Part::List(element)) => {
            match (patterns.is_empty(), tail, element.is_never()) {
                (true, None, true) => Match::Always,
                (false, _, true) => Match::Never,
                _ => {
                    let each = patterns.iter().map(|pattern| matches(pattern, element));
                    each.min().unwrap_or(Match::Maybe).min(Match::Maybe)
                }
            }
        }
        (Expr::Map(fields), Part::Map(map)) => fields_match(fields, map),
        (Expr::Struct(module, fields), Part::Map(map)) => {
            let tag = match (module.atom(), map.get(&Key::Atom("__struct__".into()))) {
                (_, None) => Match::Never,
                (Some(module), Some(tag)) => matches(&Expr::Atom(module.clone()), &tag),
                (None, Some(_)) => Match::Always,
            };
            tag.min(fields_match(fields, map))
        }
        (Expr::Map(_) | Expr::Struct(..), Part::Boxed(..)) => Match::Maybe,
        // Forms that are no pattern of this part.
        _ => Match::Never,
    }
}

fn fields_match(fields: &[(Expr, Expr)], map: &MapShape) -> Match {
    let field = |(name, pattern): &(Expr, Expr)| {
        let Some(key) = key(name) else {
            return Match::Maybe;
        };
        let Some(value) = map.get(&key) else {
            return Match::Never;
        };
        let surely = map.fields.get(&key).is_some_and(|field| !field.optional);
        match surely {
            true => matches(pattern, &value),
            false => matches(pattern, &value).min(Match::Maybe),
        }
    };
    let all = fields.iter().map(field);
    all.min().unwrap_or(Match::Always)
}

impl<'a> Evaluator<'a> {
    /// Binds the variables of a pattern; returns what of the shape matches it.
    pub(super) fn bind(
        &mut self,
        code: &'a Code,
        pattern: &'a Expr,
        shape: &Shape,
        env: &mut Env,
    ) -> Shape {
        let shape = shape.filter(|part| part_matches(pattern, part) != Match::Never);
        if shape.is_never() {
            return shape;
        }
        match pattern {
            Expr::Var(var) => {
                let bound = env.get(*var as usize).is_some_and(Option::is_some);
                // A bound variable of Erlang is compared with.
                if code.language == Language::Elixir || !bound {
                    write(env, *var, shape.clone());
                }
            }
            Expr::Match(one, other) => {
                // The side that says more comes first, and narrows what the other gets.
                let (first, second) = match **one {
                    Expr::Var(_) => (other, one),
                    _ => (one, other),
                };
                let narrowed = self.bind(code, first, &shape, env);
                return self.bind(code, second, &narrowed, env);
            }
            Expr::Tuple(patterns) => {
                for (index, pattern) in patterns.iter().enumerate() {
                    let element = self.element_of(&shape, index, patterns.len());
                    self.bind(code, pattern, &element, env);
                }
            }
            Expr::List(patterns, tail) => {
                let element = self.elements(&shape);
                self.demand_list(&shape);
                for pattern in patterns {
                    self.bind(code, pattern, &element, env);
                }
                if let Some(tail) = tail {
                    self.bind(code, tail, &Shape::list(element), env);
                }
            }
            Expr::Map(fields) => self.bind_fields(code, fields, &shape, env),
            Expr::Struct(module, fields) => {
                let tag = self.struct_of(&shape, module);
                self.bind(code, module, &tag, env);
                self.bind_fields(code, fields, &shape, env);
            }
            Expr::Bits(segments) => {
                for segment in segments {
                    let integer = segment.kind.iter().all(|kind| !is_bytes(kind));
                    let float = segment.kind.iter().any(|kind| &**kind == "float");
                    let value = match (integer, float) {
                        (_, true) => Part::Float,
                        (true, _) => Part::Int,
                        (false, _) => Part::Binary,
                    };
                    self.bind(code, &segment.value, &Shape::of(value), env);
                }
            }
            Expr::Call(call) => {
                // `"prefix" ++ Rest`
                for argument in &call.arguments {
                    if let Expr::Var(_) = argument {
                        self.bind(code, argument, &shape, env);
                    }
                }
            }
            _ => {}
        }
        shape
    }

    fn bind_fields(
        &mut self,
        code: &'a Code,
        fields: &'a [(Expr, Expr)],
        shape: &Shape,
        env: &mut Env,
    ) {
        for (name, pattern) in fields {
            let value = match key(name) {
                Some(key) => self.fetch(shape, &key),
                None => {
                    let entries = self.elements(shape);
                    self.element_of(&entries, 1, 2)
                }
            };
            self.bind(code, pattern, &value, env);
        }
    }

    fn element_of(&mut self, shape: &Shape, index: usize, arity: usize) -> Shape {
        let mut union = Shape::never();
        for part in shape.parts() {
            match part {
                Part::Tuple(elements) if elements.len() == arity => {
                    union = union.or(&elements[index]);
                }
                Part::Opaque(symbol) => {
                    self.demand(symbol, format!("a tuple of {arity}"));
                    let which = format!("element {}", index + 1);
                    union = union.or(&Shape::symbol(symbol.part(&which)));
                }
                _ => {}
            }
        }
        union
    }

    fn struct_of(&mut self, shape: &Shape, module: &Expr) -> Shape {
        let symbols: Vec<Symbol> = opaque(shape);
        for symbol in &symbols {
            if let Some(module) = module.atom() {
                self.demand(symbol, format!("a struct of `{module}`"));
            }
        }
        match symbols.is_empty() {
            true => self.fetch(shape, &Key::Atom("__struct__".into())),
            false => Shape::of(Part::AnyAtom),
        }
    }

    fn demand_list(&mut self, shape: &Shape) {
        for symbol in opaque(shape) {
            self.demand(&symbol, "a list".to_owned());
        }
    }
}

fn is_bytes(kind: &str) -> bool {
    matches!(
        kind,
        "binary" | "bytes" | "bitstring" | "bits" | "utf8" | "float"
    )
}

fn opaque(shape: &Shape) -> Vec<Symbol> {
    let symbol = |part: &Part| match part {
        Part::Opaque(symbol) => Some(symbol.clone()),
        _ => None,
    };
    shape.parts().iter().filter_map(symbol).collect()
}
