//! Every expression of a function, patterns too.

use crate::ast::{Callee, Clause, Collect, Expr, Function, Step};

/// Visits the expressions of a function, each before those within.
pub(crate) fn function<'e>(function: &'e Function, visit: &mut dyn FnMut(&'e Expr)) {
    clauses(&function.clauses, visit);
}

fn clauses<'e>(clauses: &'e [Clause], visit: &mut dyn FnMut(&'e Expr)) {
    for clause in clauses {
        all(&clause.patterns, visit);
        all(&clause.guards, visit);
        expr(&clause.body, visit);
    }
}

fn all<'e>(exprs: &'e [Expr], visit: &mut dyn FnMut(&'e Expr)) {
    exprs.iter().for_each(|each| expr(each, visit));
}

fn pairs<'e>(pairs: &'e [(Expr, Expr)], visit: &mut dyn FnMut(&'e Expr)) {
    for (left, right) in pairs {
        expr(left, visit);
        expr(right, visit);
    }
}

fn steps<'e>(steps: &'e [Step], visit: &mut dyn FnMut(&'e Expr)) {
    for step in steps {
        match step {
            Step::Arrow(pattern, guards, source) => {
                expr(pattern, visit);
                all(guards, visit);
                expr(source, visit);
            }
            Step::Bits(pattern, source) => {
                expr(pattern, visit);
                expr(source, visit);
            }
            Step::Plain(plain) => expr(plain, visit),
        }
    }
}

/// Visits an expression, then those within.
pub(crate) fn expr<'e>(whole: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    visit(whole);
    match whole {
        Expr::Atom(_)
        | Expr::Number(_)
        | Expr::Binary(_)
        | Expr::Var(_)
        | Expr::Wildcard
        | Expr::Pin(_)
        | Expr::LocalFun(..)
        | Expr::Unknown(_) => {}
        Expr::Bits(segments) => {
            for segment in segments {
                expr(&segment.value, visit);
                segment.size.iter().for_each(|size| expr(size, visit));
            }
        }
        Expr::Tuple(elements) | Expr::Block(elements) => all(elements, visit),
        Expr::List(elements, tail) => {
            all(elements, visit);
            tail.iter().for_each(|tail| expr(tail, visit));
        }
        Expr::Map(fields) | Expr::Cond(fields) => pairs(fields, visit),
        Expr::Struct(module, fields) => {
            expr(module, visit);
            pairs(fields, visit);
        }
        Expr::Update(update) => {
            expr(&update.map, visit);
            for (key, value, _) in &update.fields {
                expr(key, visit);
                expr(value, visit);
            }
        }
        Expr::Field(map, _) => expr(map, visit),
        Expr::Element(element) => expr(&element.tuple, visit),
        Expr::SetElements(set) => {
            expr(&set.tuple, visit);
            set.elements
                .iter()
                .for_each(|(_, value)| expr(value, visit));
        }
        Expr::Match(one, other) => {
            expr(one, visit);
            expr(other, visit);
        }
        Expr::Call(call) => {
            match &call.callee {
                Callee::Computed(module, name) => {
                    expr(module, visit);
                    expr(name, visit);
                }
                Callee::Value(fun) => expr(fun, visit),
                Callee::Local(_) | Callee::Remote(..) => {}
            }
            all(&call.arguments, visit);
        }
        Expr::Case(subject, of) => {
            expr(subject, visit);
            clauses(of, visit);
        }
        Expr::With(with) => {
            steps(&with.steps, visit);
            expr(&with.body, visit);
            clauses(&with.otherwise, visit);
        }
        Expr::Try(attempt) => {
            expr(&attempt.body, visit);
            clauses(&attempt.result, visit);
            clauses(&attempt.handlers, visit);
            attempt.after.iter().for_each(|after| expr(after, visit));
        }
        Expr::Receive(of, after) => {
            clauses(of, visit);
            if let Some(after) = after {
                expr(&after.0, visit);
                expr(&after.1, visit);
            }
        }
        Expr::Fun(fun) => clauses(&fun.clauses, visit),
        Expr::RemoteFun(fun) => {
            expr(&fun.0, visit);
            expr(&fun.1, visit);
            expr(&fun.2, visit);
        }
        Expr::Comprehension(comprehension) => {
            steps(&comprehension.steps, visit);
            match &comprehension.kind {
                Collect::List(value) | Collect::Bits(value) => expr(value, visit),
                Collect::Map(one, other) | Collect::Into(one, other) => {
                    expr(one, visit);
                    expr(other, visit);
                }
                Collect::Reduce(first, of) => {
                    expr(first, visit);
                    clauses(of, visit);
                }
            }
        }
    }
}
