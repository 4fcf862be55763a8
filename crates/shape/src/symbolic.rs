//! Expressions worked out as far as they can be without running them.
//!
//! Variables are replaced by what they are bound to, functions of the release by their bodies, and a
//! choice by its branch where the subject is known. What stays is left as an expression: two of these
//! that are equal, and whose local functions are equal, give the same value.

mod bind;
mod known;

use std::collections::{BTreeMap, BTreeSet};

use crate::Code;
use crate::ast::{Call, Callee, Clause, Expr, FunctionName, Step, Update, Var};
use crate::state::Version;

/// Calls inlined in each other.
const DEPTH_MAX: usize = 24;
const STEPS_MAX: usize = 20_000;

type Env = BTreeMap<Var, Expr>;

/// Works out expressions of one version.
#[derive(Debug)]
pub(crate) struct Symbolic<'a> {
    version: Version<'a>,
    depth: usize,
    steps: usize,
    /// Functions that expressions still call, by module.
    pub(crate) left: BTreeSet<(String, FunctionName)>,
    /// Calls of these functions, with arguments worked out.
    pub(crate) seen: Vec<(String, Vec<Expr>)>,
}

impl<'a> Symbolic<'a> {
    pub(crate) fn new(version: Version<'a>) -> Self {
        Self {
            version,
            depth: 0,
            steps: 0,
            left: BTreeSet::new(),
            seen: Vec::new(),
        }
    }

    fn code_of(&self, module: &str) -> Option<&'a Code> {
        match module == &*self.version.code.module {
            true => Some(self.version.code),
            false => self.version.others.code(module),
        }
    }

    /// What a function of a module returns.
    pub(crate) fn function(
        &mut self,
        module: &str,
        name: &str,
        arguments: &[Expr],
    ) -> Option<Expr> {
        let code = self.code_of(module)?;
        let function = code.function(name, arguments.len())?;
        if self.depth >= DEPTH_MAX || self.steps > STEPS_MAX {
            return None;
        }
        self.depth += 1;
        let taken = self.taken(code, &function.clauses, arguments, &Env::new());
        let value = taken.map(|(clause, mut env)| self.expr(code, &clause.body, &mut env));
        self.depth -= 1;
        value
    }

    /// The clause that is taken, where that is known.
    fn taken(
        &mut self,
        code: &'a Code,
        clauses: &'a [Clause],
        values: &[Expr],
        env: &Env,
    ) -> Option<(&'a Clause, Env)> {
        if let [only] = clauses
            && only.guards.is_empty()
        {
            // It is taken, or there is no value.
            let mut within = env.clone();
            for (pattern, value) in only.patterns.iter().zip(values) {
                bind::bind(pattern, value, &mut within);
                bind::rest(pattern, value, &mut within);
            }
            return Some((only, within));
        }
        for clause in clauses {
            let mut within = env.clone();
            let mut all = clause.patterns.iter().zip(values);
            let bound = all.try_fold(true, |all, (pattern, value)| {
                Some(all && bind::bind(pattern, value, &mut within)?)
            });
            if !bound? {
                continue;
            }
            let Some(guard) = clause.guards.first() else {
                return Some((clause, within));
            };
            let holds = self.expr(code, guard, &mut within.clone());
            match (holds.is("true"), clause.guards.len()) {
                (true, _) => return Some((clause, within)),
                (false, 1) if holds.atom().is_some() => {}
                _ => return None,
            }
        }
        None
    }

    pub(crate) fn expr(&mut self, code: &'a Code, expr: &'a Expr, env: &mut Env) -> Expr {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Expr::Unknown("code that is too large to follow".into());
        }
        match expr {
            Expr::Var(var) | Expr::Pin(var) => match env.get(var) {
                Some(value) => value.clone(),
                None => Expr::Var(*var),
            },
            Expr::Tuple(elements) => Expr::Tuple(self.exprs(code, elements, env)),
            Expr::List(elements, tail) => {
                let mut elements = self.exprs(code, elements, env);
                match tail.as_ref().map(|tail| self.expr(code, tail, env)) {
                    None => Expr::List(elements, None),
                    Some(Expr::List(more, tail)) => {
                        elements.extend(more);
                        Expr::List(elements, tail)
                    }
                    Some(tail) => Expr::List(elements, Some(Box::new(tail))),
                }
            }
            Expr::Map(fields) => Expr::Map(self.fields(code, fields, env)),
            Expr::Struct(module, fields) => {
                let module = self.expr(code, module, env);
                Expr::Struct(Box::new(module), self.fields(code, fields, env))
            }
            Expr::Update(update) => self.update(code, update, env),
            Expr::Field(map, key) => {
                let map = self.expr(code, map, env);
                match known::get(&map, &Expr::Atom(key.clone())) {
                    Some(value) => value,
                    None => Expr::Field(Box::new(map), key.clone()),
                }
            }
            Expr::Match(pattern, value) => {
                let value = self.expr(code, value, env);
                bind::bind(pattern, &value, env);
                bind::rest(pattern, &value, env);
                value
            }
            Expr::Block(body) => {
                let mut last = Expr::Atom("nil".into());
                for expr in body {
                    last = self.expr(code, expr, env);
                }
                last
            }
            Expr::Case(subject, clauses) => {
                let value = self.expr(code, subject, env);
                match self.taken(code, clauses, std::slice::from_ref(&value), env) {
                    Some((clause, mut within)) => self.expr(code, &clause.body, &mut within),
                    None => Expr::Case(Box::new(value), self.clauses(code, clauses, env)),
                }
            }
            Expr::Cond(pairs) => {
                let pairs = pairs.iter();
                let mut all = Vec::new();
                for (condition, body) in pairs {
                    let condition = self.expr(code, condition, env);
                    if condition.is("true") && all.is_empty() {
                        return self.expr(code, body, env);
                    }
                    if !condition.is("false") && !condition.is("nil") {
                        all.push((condition, self.expr(code, body, &mut env.clone())));
                    }
                }
                Expr::Cond(all)
            }
            Expr::Call(call) => self.call(code, call, env),
            Expr::LocalFun(name, arity) => {
                let own = (code.module.to_string(), (name.clone(), *arity));
                self.left.insert(own);
                expr.clone()
            }
            Expr::With(with) => {
                let mut within = env.clone();
                for step in &with.steps {
                    match step {
                        Step::Arrow(_, _, value) | Step::Plain(value) | Step::Bits(_, value) => {
                            self.expr(code, value, &mut within);
                        }
                    }
                }
                self.leave(code, expr, env)
            }
            Expr::Try(attempt) => {
                self.expr(code, &attempt.body, &mut env.clone());
                self.leave(code, expr, env)
            }
            other => self.leave(code, other, env),
        }
    }

    /// Leaves an expression as it is. Where it uses variables that are bound, so that it is told apart
    /// by what they are bound to, these stand beside it.
    fn leave(&mut self, code: &'a Code, expr: &'a Expr, env: &Env) -> Expr {
        let mut bound = Vec::new();
        crate::walk::expr(expr, &mut |part| match part {
            Expr::Var(var) | Expr::Pin(var) => {
                if let Some(value) = env.get(var)
                    && !bound.contains(value)
                {
                    bound.push(value.clone());
                }
            }
            Expr::Call(call) => {
                let arity = call.arguments.len();
                match &call.callee {
                    Callee::Local(name) => {
                        self.left
                            .insert((code.module.to_string(), (name.clone(), arity)));
                    }
                    Callee::Remote(module, name) => {
                        self.left
                            .insert((module.to_string(), (name.clone(), arity)));
                    }
                    _ => {}
                }
            }
            Expr::LocalFun(name, arity) => {
                self.left
                    .insert((code.module.to_string(), (name.clone(), *arity)));
            }
            _ => {}
        });
        match bound.is_empty() {
            true => expr.clone(),
            false => Expr::Block(bound.into_iter().chain([expr.clone()]).collect()),
        }
    }

    fn exprs(&mut self, code: &'a Code, exprs: &'a [Expr], env: &mut Env) -> Vec<Expr> {
        exprs
            .iter()
            .map(|expr| self.expr(code, expr, env))
            .collect()
    }

    fn fields(
        &mut self,
        code: &'a Code,
        fields: &'a [(Expr, Expr)],
        env: &mut Env,
    ) -> Vec<(Expr, Expr)> {
        let fields = fields.iter();
        let all =
            fields.map(|(key, value)| (self.expr(code, key, env), self.expr(code, value, env)));
        all.collect()
    }

    fn clauses(&mut self, code: &'a Code, clauses: &'a [Clause], env: &Env) -> Vec<Clause> {
        let clause = |clause: &'a Clause| Clause {
            patterns: clause.patterns.clone(),
            guards: clause
                .guards
                .iter()
                .map(|guard| self.expr(code, guard, &mut env.clone()))
                .collect(),
            body: self.expr(code, &clause.body, &mut env.clone()),
        };
        clauses.iter().map(clause).collect()
    }

    fn update(&mut self, code: &'a Code, update: &'a Update, env: &mut Env) -> Expr {
        let mut map = self.expr(code, &update.map, env);
        for (key, value, _) in &update.fields {
            let key = self.expr(code, key, env);
            let value = self.expr(code, value, env);
            map = known::put(map, key, value);
        }
        map
    }

    fn call(&mut self, code: &'a Code, call: &'a Call, env: &mut Env) -> Expr {
        let arguments = self.exprs(code, &call.arguments, env);
        let (module, name) = match &call.callee {
            Callee::Local(name) => (code.module.clone(), name.clone()),
            Callee::Remote(module, name) => (module.clone(), name.clone()),
            Callee::Computed(module, name) => {
                let module = self.expr(code, module, env);
                let name = self.expr(code, name, env);
                match (module.atom(), name.atom()) {
                    (Some(module), Some(name)) => (module.clone(), name.clone()),
                    _ => return rebuilt(call, Callee::Computed(module, name), arguments),
                }
            }
            Callee::Value(fun) => {
                let fun = self.expr(code, fun, env);
                return rebuilt(call, Callee::Value(fun), arguments);
            }
        };
        let called = format!("{module}:{name}");
        if let Some(value) = known::call(self, &called, &arguments) {
            return value;
        }
        if !crate::eval::is_standard(&module)
            && let Some(value) = self.function(&module, &name, &arguments)
        {
            return value;
        }
        self.seen.push((called, arguments.clone()));
        self.left
            .insert((module.to_string(), (name.clone(), arguments.len())));
        rebuilt(call, Callee::Remote(module, name), arguments)
    }
}

fn rebuilt(call: &Call, callee: Callee, arguments: Vec<Expr>) -> Expr {
    Expr::Call(Box::new(Call {
        line: call.line,
        callee,
        arguments,
    }))
}
