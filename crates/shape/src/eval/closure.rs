//! Funs: what they close over, and what calling them gives.

use super::control::variables;
use super::{Env, Evaluator, write};
use crate::Code;
use crate::ast::{Expr, Fun, Name};
use crate::shape::{MapShape, Named, Origin, Part, Shape};

/// A fun whose code is seen.
#[derive(Debug, Clone)]
pub(super) struct Closure<'a> {
    code: &'a Code,
    body: Body<'a>,
    env: Env,
}

#[derive(Debug, Clone)]
enum Body<'a> {
    Clauses(&'a Fun),
    Local(&'a Name),
    Remote(&'a Name, &'a Name),
}

/// The place of a fun in the code, and the values around it.
pub(super) type Place = (usize, Name, Name, usize, Env);

impl Closure<'_> {
    fn place(&self, arity: usize) -> Place {
        let module = self.code.module.clone();
        match self.body {
            Body::Clauses(fun) => (
                std::ptr::from_ref(fun).addr(),
                module.clone(),
                module,
                arity,
                self.env.clone(),
            ),
            Body::Local(name) => (0, module, name.clone(), arity, Env::new()),
            Body::Remote(module, name) => (1, module.clone(), name.clone(), arity, Env::new()),
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn fun(&mut self, code: &'a Code, expr: &'a Expr, env: &Env) -> Shape {
        let (body, arity, env) = match expr {
            Expr::Fun(fun) => {
                let arity = fun
                    .clauses
                    .first()
                    .map_or(0, |clause| clause.patterns.len());
                (Body::Clauses(fun), arity, env.clone())
            }
            Expr::LocalFun(name, arity) => (Body::Local(name), *arity, Env::new()),
            Expr::RemoteFun(fun) => match &**fun {
                (Expr::Atom(module), Expr::Atom(name), Expr::Number(arity)) => {
                    let arity = arity.as_u64().unwrap_or(0);
                    (Body::Remote(module, name), arity as usize, Env::new())
                }
                _ => return Shape::of(Part::Fun(0)),
            },
            _ => return Shape::limit("a fun that is not known"),
        };
        let closure = Closure { code, body, env };
        let next = self.closures.len();
        let number = *self.places.entry(closure.place(arity)).or_insert(next);
        if number == next {
            self.closures.push(closure);
        }
        Shape::of(Part::Closure(number, arity))
    }

    /// What calling a fun gives.
    pub(crate) fn called(&mut self, fun: &Shape, arguments: &[Shape]) -> Shape {
        if arguments.iter().any(Shape::is_never) {
            return Shape::never();
        }
        let mut union = Shape::never();
        for part in fun.parts() {
            union = union.or(&match part {
                Part::Closure(number, arity) if *arity == arguments.len() => {
                    self.run(*number, arguments)
                }
                Part::Fun(arity) if *arity == arguments.len() || *arity == 0 => {
                    Shape::opaque(Origin::Call, "what a fun of the state returns")
                }
                Part::Opaque(symbol) => Shape::symbol(symbol.part("what calling returns")),
                _ => Shape::never(),
            });
        }
        union
    }

    fn run(&mut self, number: usize, arguments: &[Shape]) -> Shape {
        let Some(closure) = self.closures.get(number).cloned() else {
            return Shape::limit("a fun that is not known");
        };
        match closure.body {
            Body::Local(name) => self.local(closure.code, name, arguments.to_vec()),
            Body::Remote(module, name) => {
                self.remote(closure.code, module, name, arguments.to_vec())
            }
            Body::Clauses(fun) => {
                let running = (closure.code.module.clone(), Name::from("fun"), number);
                if self
                    .active
                    .iter()
                    .filter(|active| **active == running)
                    .count()
                    > 2
                {
                    return Shape::limit("a fun that calls itself");
                }
                let mut env = closure.env;
                // The names in the head of a fun are its own.
                let mut own = Vec::new();
                let patterns = fun.clauses.iter().flat_map(|clause| &clause.patterns);
                patterns.for_each(|pattern| variables(pattern, &mut own));
                for var in own {
                    if let Some(slot) = env.get_mut(var as usize) {
                        *slot = None;
                    }
                }
                if let Some(name) = fun.name {
                    write(
                        &mut env,
                        name,
                        Shape::of(Part::Closure(number, arguments.len())),
                    );
                }
                self.active.push(running);
                let value = self.clauses(closure.code, &fun.clauses, arguments.to_vec(), &mut env);
                self.active.pop();
                value
            }
        }
    }

    /// A shape to keep: a fun of the module is known by its arity alone.
    pub(crate) fn kept(&self, shape: &Shape) -> Shape {
        let part = |part: &Part| match part {
            Part::Closure(number, arity) => match self.closures.get(*number).map(|c| &c.body) {
                // Found by name whenever it is called.
                Some(Body::Remote(module, name)) => {
                    let text = format!("fun {}:{name}/{arity}", crate::shape::module(module));
                    Shape::opaque(Origin::Call, text)
                }
                _ => Shape::of(Part::Fun(*arity)),
            },
            Part::Tuple(elements) => {
                Shape::tuple(elements.iter().map(|element| self.kept(element)).collect())
            }
            Part::List(element) => Shape::list(self.kept(element)),
            Part::Boxed(kind, element) => Shape::boxed(kind, self.kept(element)),
            Part::Map(map) => {
                let mut kept = MapShape::clone(map);
                for field in kept.fields.values_mut() {
                    field.value = self.kept(&field.value);
                }
                if let Some((key, value)) = &mut kept.rest {
                    *key = self.kept(key);
                    *value = self.kept(value);
                }
                Shape::map(kept)
            }
            part => Shape::of(part.clone()),
        };
        Shape::any(&shape.parts().iter().map(part).collect::<Vec<_>>())
    }

    /// What stands for an argument in the name of what an unknown function returns. A fun is told by
    /// what it returns.
    pub(super) fn named(&mut self, argument: &Shape) -> Named {
        let mut named = Named::of(&argument.filter(|part| !matches!(part, Part::Closure(..))));
        for part in argument.parts() {
            let Part::Closure(_, arity) = part else {
                continue;
            };
            let given = vec![Shape::outside(); *arity];
            let returned = self.called(&Shape::of(part.clone()), &given);
            let returned = Named::of(&self.kept(&returned));
            named
                .brief
                .push_str(&format!("a fun to {}", returned.brief));
            named.full.push_str(&format!("a fun to {}", returned.full));
        }
        named
    }
}
