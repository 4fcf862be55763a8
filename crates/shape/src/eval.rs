//! Abstract interpretation: the shape of what an expression evaluates to.
//!
//! Functions are followed by name, within the module and into others of the release, with the shapes of
//! their arguments. A function that is called again before its shape is known has the shape found so
//! far; whoever asks repeats the whole until nothing grows ([`Evaluator::settle`]). What is joined is
//! only ever joined, so this ends, and where it would take too long the shape is a limit, which fits
//! nothing.

mod call;
mod closure;
mod control;
mod data;
mod library;
mod narrow;
mod pattern;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::Code;
use crate::ast::{Expr, Name, Var};
use crate::shape::{Shape, Symbol};
use crate::state::Version;

use closure::Closure;
pub(crate) use control::{may_be_taken, surely};
pub(crate) use library::is_standard;

/// Expressions that are looked at, in all passes together.
const STEPS_MAX: u32 = 100_000;
/// Passes until nothing may grow any more.
const PASSES_MAX: usize = 16;
/// Expressions nested in each other, through calls.
const DEPTH_MAX: u16 = 220;

/// What variables have, by their number.
pub(crate) type Env = Vec<Option<Shape>>;

/// A call with the shapes of its arguments.
type Called = (Name, Name, Vec<Shape>);

/// Interprets the functions of one version.
#[derive(Debug)]
pub(crate) struct Evaluator<'a> {
    pub(crate) version: Version<'a>,
    steps: u32,
    depth: u16,
    table: HashMap<Called, Shape>,
    seen: HashSet<Called>,
    active: Vec<(Name, Name, usize)>,
    grew: bool,
    closures: Vec<Closure<'a>>,
    places: HashMap<closure::Place, usize>,
    /// What is demanded of unknown values: a key, a tuple of some arity.
    pub(crate) demands: BTreeMap<Symbol, BTreeSet<String>>,
    /// Keys that are demanded of maps that never have them.
    pub(crate) misses: BTreeSet<String>,
    /// Modules whose functions were not followed.
    pub(crate) depends: BTreeSet<String>,
    /// What was noted for the next pass.
    noted: BTreeMap<&'static str, Shape>,
    /// Calls of functions that were asked for, with their arguments.
    pub(crate) observed: BTreeMap<(Name, Name), BTreeSet<Vec<Shape>>>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(version: Version<'a>) -> Self {
        Self {
            version,
            steps: 0,
            depth: 0,
            table: HashMap::new(),
            seen: HashSet::new(),
            active: Vec::new(),
            grew: false,
            closures: Vec::new(),
            places: HashMap::new(),
            demands: BTreeMap::new(),
            misses: BTreeSet::new(),
            depends: BTreeSet::new(),
            noted: BTreeMap::new(),
            observed: BTreeMap::new(),
        }
    }

    /// Repeats until a pass finds nothing new. `pass` returns what it found; the last is returned, and
    /// nothing where it still grew in the end.
    pub(crate) fn settle<T: PartialEq>(
        &mut self,
        mut first: T,
        mut pass: impl FnMut(&mut Self, &T) -> T,
    ) -> Option<T> {
        for _ in 0..PASSES_MAX {
            self.seen.clear();
            self.grew = false;
            self.misses.clear();
            let observed = self.observed.clone();
            let found = pass(self, &first);
            if found == first && !self.grew && self.observed == observed {
                return Some(found);
            }
            first = found;
        }
        None
    }

    /// Notes a shape under a name, joined with what was noted before.
    pub(crate) fn note(&mut self, name: &'static str, shape: Shape) {
        let known = self.noted(name);
        let joined = known.or(&self.kept(&shape));
        self.grew |= joined != known;
        self.noted.insert(name, joined);
    }

    /// What was noted under a name.
    pub(crate) fn noted(&self, name: &str) -> Shape {
        self.noted.get(name).cloned().unwrap_or_else(Shape::never)
    }

    /// Calls a function of the module itself.
    pub(crate) fn enter(&mut self, name: &str, arguments: Vec<Shape>) -> Shape {
        let code = self.version.code;
        self.apply(code, &Name::from(name), arguments)
    }

    fn apply(&mut self, code: &'a Code, name: &Name, arguments: Vec<Shape>) -> Shape {
        let Some(function) = code.function(name, arguments.len()) else {
            return Shape::never();
        };
        let place = (code.module.clone(), name.clone(), arguments.len());
        if self
            .active
            .iter()
            .filter(|active| **active == place)
            .count()
            > 6
        {
            return Shape::limit("a recursion that does not settle");
        }
        let key = (code.module.clone(), name.clone(), arguments);
        if !self.seen.insert(key.clone()) {
            let known = self.table.get(&key).cloned();
            return known.unwrap_or_else(Shape::never);
        }
        self.active.push(place);
        let found = self.clauses(code, &function.clauses, key.2.clone(), &mut Env::new());
        self.active.pop();
        let known = self.table.get(&key).cloned().unwrap_or_else(Shape::never);
        let joined = known.or(&found);
        if joined != known {
            self.grew = true;
            self.table.insert(key, joined.clone());
        }
        joined
    }

    pub(crate) fn eval(&mut self, code: &'a Code, expr: &'a Expr, env: &mut Env) -> Shape {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.depth > DEPTH_MAX {
            return Shape::limit("code that is too large to follow");
        }
        self.depth += 1;
        let shape = self.expr(code, expr, env);
        self.depth -= 1;
        shape
    }

    fn expr(&mut self, code: &'a Code, expr: &'a Expr, env: &mut Env) -> Shape {
        match expr {
            Expr::Atom(name) => Shape::atom(name.clone()),
            Expr::Number(number) => Shape::of_number(number),
            Expr::Var(var) | Expr::Pin(var) => read(env, *var),
            Expr::Block(body) => self.block(code, body, env),
            Expr::Call(call) => self.call(code, call, env),
            Expr::Match(pattern, value) => {
                let value = self.eval(code, value, env);
                self.bind(code, pattern, &value, env)
            }
            Expr::Fun(_) | Expr::LocalFun(..) | Expr::RemoteFun(_) => self.fun(code, expr, env),
            Expr::Case(..)
            | Expr::Cond(_)
            | Expr::With(_)
            | Expr::Try(_)
            | Expr::Receive(..)
            | Expr::Comprehension(_) => self.control(code, expr, env),
            Expr::Unknown(what) => Shape::limit(what),
            Expr::Wildcard => Shape::limit("a blank"),
            _ => self.data(code, expr, env),
        }
    }

    fn block(&mut self, code: &'a Code, body: &'a [Expr], env: &mut Env) -> Shape {
        let mut last = Shape::nil();
        for expr in body {
            last = self.eval(code, expr, env);
            if last.is_never() {
                return last;
            }
        }
        last
    }

    fn evals(&mut self, code: &'a Code, exprs: &'a [Expr], env: &mut Env) -> Vec<Shape> {
        let all = exprs.iter().map(|expr| self.eval(code, expr, env));
        all.collect()
    }

    /// Notes that an unknown value must have this.
    fn demand(&mut self, symbol: &Symbol, what: String) {
        self.demands.entry(symbol.clone()).or_default().insert(what);
    }
}

fn read(env: &Env, var: Var) -> Shape {
    let bound = env.get(var as usize).cloned().flatten();
    bound.unwrap_or_else(|| Shape::limit("a variable that is not seen"))
}

fn write(env: &mut Env, var: Var, shape: Shape) {
    let index = var as usize;
    if env.len() <= index {
        env.resize(index + 1, None);
    }
    env[index] = Some(shape);
}

/// What variables have after one of two ways was taken.
fn merge(env: &mut Env, other: Env) {
    for (index, theirs) in other.into_iter().enumerate() {
        match (env.get_mut(index), theirs) {
            (Some(Some(ours)), Some(theirs)) => *ours = ours.or(&theirs),
            (Some(ours @ None), theirs) => *ours = theirs,
            (None, theirs) => env.push(theirs),
            (Some(Some(_)), None) => {}
        }
    }
}
