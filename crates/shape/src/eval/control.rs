//! Forms that choose.

use super::pattern::{Match, matches, part_matches};
use super::{Env, Evaluator, merge, narrow};
use crate::Code;
use crate::ast::{Clause, Collect, Comprehension, Expr, Presence, Step, Try, Var, With};
use crate::shape::{Key, MapShape, Part, Shape};

impl<'a> Evaluator<'a> {
    pub(super) fn control(&mut self, code: &'a Code, expr: &'a Expr, env: &mut Env) -> Shape {
        match expr {
            Expr::Case(subject, clauses) => {
                let subject = self.eval(code, subject, env);
                self.clauses(code, clauses, vec![subject], env)
            }
            Expr::Cond(pairs) => self.cond(code, pairs, env),
            Expr::With(with) => self.with(code, with, env),
            Expr::Try(attempt) => self.attempt(code, attempt, env),
            Expr::Receive(clauses, after) => {
                let mut union = self.clauses(code, clauses, vec![Shape::outside()], env);
                if let Some(after) = after {
                    self.eval(code, &after.0, env);
                    union = union.or(&self.eval(code, &after.1, &mut env.clone()));
                }
                union
            }
            Expr::Comprehension(comprehension) => self.comprehension(code, comprehension, env),
            _ => Shape::limit("a form that is not known"),
        }
    }

    /// The clauses that may be taken, each with what is left by those before it.
    pub(super) fn clauses(
        &mut self,
        code: &'a Code,
        clauses: &'a [Clause],
        mut subjects: Vec<Shape>,
        env: &mut Env,
    ) -> Shape {
        let mut union = Shape::never();
        let before = env.clone();
        let mut first = true;
        if subjects.iter().any(Shape::is_never) {
            return union;
        }
        for clause in clauses {
            if clause.patterns.len() != subjects.len() {
                continue;
            }
            let all = clause.patterns.iter().zip(&subjects);
            let matched = all
                .clone()
                .map(|(pattern, shape)| matches(pattern, shape))
                .min();
            let matched = matched.unwrap_or(Match::Always);
            if matched == Match::Never {
                continue;
            }
            let mut within = before.clone();
            for (pattern, shape) in all {
                self.bind(code, pattern, shape, &mut within);
            }
            narrow::narrow(&clause.guards, &mut within);
            if !self.may_hold(code, &clause.guards, &mut within) {
                continue;
            }
            let value = self.eval(code, &clause.body, &mut within);
            if !value.is_never() {
                union = union.or(&value);
                if std::mem::take(&mut first) {
                    *env = within;
                } else {
                    merge(env, within);
                }
            }
            if clause.guards.is_empty() {
                if compares(&clause.patterns, &before) {
                    continue;
                }
                if matched == Match::Always {
                    break;
                }
                left_over(&clause.patterns, &mut subjects);
            }
        }
        union
    }

    /// The value of one clause of a function, where it is taken.
    pub(crate) fn one_clause(
        &mut self,
        code: &'a Code,
        clause: &'a Clause,
        with: &[Shape],
    ) -> Shape {
        let one = std::slice::from_ref(clause);
        self.clauses(code, one, with.to_vec(), &mut Env::new())
    }

    /// Whether one of the guards may hold. None: it does.
    fn may_hold(&mut self, code: &'a Code, guards: &'a [Expr], env: &mut Env) -> bool {
        let mut any = guards.is_empty();
        for guard in guards {
            any |= self.eval(code, guard, env).may_be_atom("true");
        }
        any
    }

    fn cond(&mut self, code: &'a Code, pairs: &'a [(Expr, Expr)], env: &mut Env) -> Shape {
        let mut union = Shape::never();
        let mut after: Option<Env> = None;
        for (condition, body) in pairs {
            let holds = self.eval(code, condition, env);
            if holds.is_never() {
                continue;
            }
            let mut within = env.clone();
            let value = self.eval(code, body, &mut within);
            if !value.is_never() {
                union = union.or(&value);
                match &mut after {
                    Some(after) => merge(after, within),
                    None => after = Some(within),
                }
            }
            if holds.single_atom().is_some_and(|atom| &**atom == "true") {
                break;
            }
        }
        if let Some(after) = after {
            *env = after;
        }
        union
    }

    fn with(&mut self, code: &'a Code, with: &'a With, env: &mut Env) -> Shape {
        let outside = env.clone();
        let mut failed = Shape::never();
        let mut within = env.clone();
        let mut reached = true;
        for step in &with.steps {
            match step {
                Step::Arrow(pattern, guards, value) => {
                    let value = self.eval(code, value, &mut within);
                    failed = failed.or(&match guards.is_empty() {
                        true => value.filter(|part| part_matches(pattern, part) != Match::Always),
                        false => value.clone(),
                    });
                    reached = !self.bind(code, pattern, &value, &mut within).is_never();
                    narrow::narrow(guards, &mut within);
                }
                Step::Plain(expr) | Step::Bits(_, expr) => {
                    reached = !self.eval(code, expr, &mut within).is_never();
                }
            }
            if !reached {
                break;
            }
        }
        let value = match reached {
            true => self.eval(code, &with.body, &mut within),
            false => Shape::never(),
        };
        match with.otherwise.is_empty() {
            true => value.or(&failed),
            false => {
                value.or(&self.clauses(code, &with.otherwise, vec![failed], &mut outside.clone()))
            }
        }
    }

    fn attempt(&mut self, code: &'a Code, attempt: &'a Try, env: &mut Env) -> Shape {
        let before = env.clone();
        let mut within = env.clone();
        let mut value = self.eval(code, &attempt.body, &mut within);
        if !attempt.result.is_empty() {
            value = self.clauses(code, &attempt.result, vec![value], &mut within);
        }
        for handler in &attempt.handlers {
            let mut caught = before.clone();
            for pattern in &handler.patterns {
                self.bind(code, pattern, &Shape::outside(), &mut caught);
            }
            narrow::narrow(&handler.guards, &mut caught);
            value = value.or(&self.eval(code, &handler.body, &mut caught));
        }
        if let Some(after) = &attempt.after {
            self.eval(code, after, &mut before.clone());
        }
        *env = before;
        merge(env, within);
        value
    }

    fn comprehension(
        &mut self,
        code: &'a Code,
        comprehension: &'a Comprehension,
        env: &mut Env,
    ) -> Shape {
        let mut within = env.clone();
        let mut reached = true;
        for step in &comprehension.steps {
            match step {
                Step::Arrow(pattern, _, source) => {
                    let source = self.eval(code, source, &mut within);
                    let element = self.elements(&source);
                    reached &= !self.bind(code, pattern, &element, &mut within).is_never();
                }
                Step::Bits(pattern, source) => {
                    self.eval(code, source, &mut within);
                    if let Expr::List(patterns, None) = pattern {
                        for pattern in patterns {
                            self.bind(code, pattern, &Shape::outside(), &mut within);
                        }
                    } else {
                        self.bind(code, pattern, &Shape::of(Part::Binary), &mut within);
                    }
                }
                Step::Plain(filter) => {
                    self.eval(code, filter, &mut within);
                }
            }
        }
        self.collect(code, &comprehension.kind, reached, env, within)
    }

    fn collect(
        &mut self,
        code: &'a Code,
        kind: &'a Collect,
        reached: bool,
        env: &mut Env,
        mut within: Env,
    ) -> Shape {
        let mut value = |this: &mut Self, expr| match reached {
            true => this.eval(code, expr, &mut within),
            false => Shape::never(),
        };
        match kind {
            Collect::List(expr) => Shape::list(value(self, expr)),
            Collect::Bits(expr) => {
                value(self, expr);
                Shape::of(Part::Binary)
            }
            Collect::Map(key, of) => {
                let (key, of) = (value(self, key), value(self, of));
                match key.is_never() || of.is_never() {
                    true => Shape::map(MapShape::default()),
                    false => Shape::map(MapShape::default().with_rest(&key, &of)),
                }
            }
            Collect::Into(into, expr) => {
                let value = value(self, expr);
                let into = self.eval(code, into, env);
                self.poured(&into, &value)
            }
            Collect::Reduce(first, clauses) => {
                let mut so_far = self.eval(code, first, env);
                if !reached {
                    return so_far;
                }
                for _ in 0..8 {
                    let next =
                        self.clauses(code, clauses, vec![so_far.clone()], &mut within.clone());
                    let joined = so_far.or(&next);
                    if joined == so_far {
                        return so_far;
                    }
                    so_far = joined;
                }
                Shape::limit("a reduction that does not settle")
            }
        }
    }

    /// A collection with more elements of this shape.
    pub(super) fn poured(&mut self, into: &Shape, element: &Shape) -> Shape {
        if element.is_never() {
            return into.clone();
        }
        let mut union = Shape::never();
        for part in into.parts() {
            union = union.or(&match part {
                Part::List(known) => Shape::list(known.or(element)),
                Part::Boxed(kind, known) => Shape::boxed(kind, known.or(element)),
                Part::Map(map) => {
                    let mut poured = Shape::map((**map).clone());
                    for part in element.parts() {
                        let Part::Tuple(pair) = part else {
                            let unknown = Shape::of(part.clone());
                            poured = self.put_any(&poured, &unknown, &unknown);
                            continue;
                        };
                        let [key, value] = pair.as_slice() else {
                            continue;
                        };
                        poured = match key.single_atom() {
                            Some(name) => {
                                let key = Key::Atom(name.clone());
                                let put = self.put(&poured, &key, value, Presence::Free);
                                // It may not be among the elements.
                                poured.or(&put)
                            }
                            None => self.put_any(&poured, key, value),
                        };
                    }
                    poured
                }
                Part::Binary => Shape::of(Part::Binary),
                part => Shape::of(part.clone()),
            });
        }
        union
    }
}

/// Whether a clause of a function takes any of these arguments.
pub(crate) fn may_be_taken(clause: &Clause, with: &[Shape], known: usize) -> bool {
    let mut pairs = clause.patterns.iter().zip(with).enumerate();
    pairs.all(|(index, (pattern, shape))| index == known || matches(pattern, shape) != Match::Never)
}

/// Takes away from arguments what a clause of a function surely takes. The argument at `known` was seen
/// to be taken.
pub(crate) fn surely(clause: &Clause, left: &mut [Shape], known: usize) {
    if compares(&clause.patterns, &Env::new()) {
        return;
    }
    let pairs = clause.patterns.iter().zip(&mut *left).enumerate();
    let says = |(index, (pattern, shape)): &(usize, (&Expr, &mut Shape))| {
        *index != known && matches(pattern, shape) != Match::Always
    };
    let mut saying = pairs.filter(says);
    match (saying.next(), saying.next()) {
        (None, _) => left.iter_mut().for_each(|shape| *shape = Shape::never()),
        (Some((_, (pattern, subject))), None) => {
            *subject = subject.filter(|part| part_matches(pattern, part) != Match::Always);
        }
        _ => {}
    }
}

/// Takes away what the patterns match surely, where only one of them says anything.
fn left_over(patterns: &[Expr], subjects: &mut [Shape]) {
    let says = |(pattern, shape): &(&Expr, &mut Shape)| matches(pattern, shape) != Match::Always;
    let mut saying = patterns.iter().zip(subjects).filter(says);
    if let (Some((pattern, subject)), None) = (saying.next(), saying.next()) {
        *subject = subject.filter(|part| part_matches(pattern, part) != Match::Always);
    }
}

/// Whether patterns compare with a variable that was bound before, or twice with the same.
fn compares(patterns: &[Expr], before: &Env) -> bool {
    let mut vars = Vec::new();
    patterns
        .iter()
        .for_each(|pattern| variables(pattern, &mut vars));
    let bound = |var: &Var| before.get(*var as usize).is_some_and(Option::is_some);
    let any_bound = vars.iter().any(bound);
    let count = vars.len();
    vars.sort_unstable();
    vars.dedup();
    any_bound || vars.len() < count
}

/// The variables that a pattern binds.
pub(super) fn variables(pattern: &Expr, vars: &mut Vec<Var>) {
    match pattern {
        Expr::Var(var) => vars.push(*var),
        Expr::Tuple(patterns) => patterns.iter().for_each(|p| variables(p, vars)),
        Expr::List(patterns, tail) => {
            patterns.iter().for_each(|p| variables(p, vars));
            if let Some(tail) = tail {
                variables(tail, vars);
            }
        }
        Expr::Map(fields) => fields.iter().for_each(|(_, p)| variables(p, vars)),
        Expr::Struct(module, fields) => {
            variables(module, vars);
            fields.iter().for_each(|(_, p)| variables(p, vars));
        }
        Expr::Match(one, other) => {
            variables(one, vars);
            variables(other, vars);
        }
        Expr::Bits(segments) => segments.iter().for_each(|s| variables(&s.value, vars)),
        Expr::Call(call) => call.arguments.iter().for_each(|p| variables(p, vars)),
        _ => {}
    }
}
