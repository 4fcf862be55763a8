//! Forms of Erlang with clauses or qualifiers.

use beam::etf::Term;

use super::Forms;
use crate::ast::{Call, Callee, Collect, Comprehension, Expr, Line, Segment, Step, Try, With};

impl<'a> Forms<'a> {
    pub(super) fn block(&mut self, kind: &str, parts: &'a [Term]) -> Expr {
        match (kind, parts) {
            ("block", [_, _, Term::List(body)]) => self.body(body),
            ("case", [_, _, subject, Term::List(clauses)]) => {
                let subject = self.expr(subject);
                Expr::Case(Box::new(subject), self.clauses(clauses))
            }
            ("if", [_, _, Term::List(clauses)]) => {
                let clauses = self.clauses(clauses).into_iter();
                let pairs = clauses.flat_map(|clause| {
                    let body = clause.body;
                    let pair = move |guard| (guard, body.clone());
                    clause.guards.into_iter().map(pair)
                });
                Expr::Cond(pairs.collect())
            }
            (
                "try",
                [
                    _,
                    _,
                    Term::List(body),
                    Term::List(result),
                    Term::List(handlers),
                    Term::List(after),
                ],
            ) => Expr::Try(Box::new(Try {
                body: self.body(body),
                result: self.clauses(result),
                handlers: self.clauses(handlers),
                after: (!after.is_empty()).then(|| self.body(after)),
            })),
            ("catch", [_, _, body]) => {
                let caught = Expr::Tuple(vec![Expr::Atom("EXIT".into()), reason()]);
                Expr::Try(Box::new(Try {
                    body: self.expr(body),
                    result: Vec::new(),
                    handlers: vec![crate::ast::Clause {
                        patterns: vec![Expr::Wildcard],
                        guards: Vec::new(),
                        body: caught,
                    }],
                    after: None,
                }))
            }
            ("receive", [_, _, Term::List(clauses)]) => Expr::Receive(self.clauses(clauses), None),
            ("receive", [_, _, Term::List(clauses), time, Term::List(body)]) => {
                let clauses = self.clauses(clauses);
                let after = (self.expr(time), self.body(body));
                Expr::Receive(clauses, Some(Box::new(after)))
            }
            ("maybe", [_, _, Term::List(body), rest @ ..]) => self.maybe(body, rest),
            ("lc" | "bc", [_, _, value, Term::List(steps)]) => {
                let steps = self.steps(steps);
                let value = self.expr(value);
                let kind = if kind == "lc" {
                    Collect::List(value)
                } else {
                    Collect::Bits(value)
                };
                Expr::Comprehension(Box::new(Comprehension { steps, kind }))
            }
            ("mc", [_, _, field, Term::List(steps)]) => {
                let steps = self.steps(steps);
                let Some([_, _, key, value]) = field.as_tuple() else {
                    return Expr::Unknown("a map comprehension".into());
                };
                let kind = Collect::Map(self.expr(key), self.expr(value));
                Expr::Comprehension(Box::new(Comprehension { steps, kind }))
            }
            _ => Expr::Unknown(format!("{kind:.40}").into()),
        }
    }

    fn maybe(&mut self, body: &'a [Term], rest: &'a [Term]) -> Expr {
        let (last, init) = match body.split_last() {
            Some((last, init)) => (last, init),
            None => return Expr::Unknown("maybe".into()),
        };
        let mut steps: Vec<Step> = init.iter().map(|step| self.step(step)).collect();
        let body = match self.step(last) {
            Step::Plain(body) => body,
            arrow => {
                steps.push(arrow);
                Expr::Unknown("the value of a maybe".into())
            }
        };
        let otherwise = match rest.first().and_then(Term::as_tuple) {
            Some([_, _, Term::List(clauses)]) => self.clauses(clauses),
            _ => Vec::new(),
        };
        Expr::With(Box::new(With {
            steps,
            body,
            otherwise,
        }))
    }

    fn steps(&mut self, steps: &'a [Term]) -> Vec<Step> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, term: &'a Term) -> Step {
        match term.as_tuple() {
            Some([Term::Atom(kind), _, pattern, source]) => match kind.as_str() {
                "generate" | "generate_strict" | "maybe_match" => {
                    let source = self.expr(source);
                    Step::Arrow(self.pattern(pattern), Vec::new(), source)
                }
                "b_generate" | "b_generate_strict" => {
                    let source = self.expr(source);
                    Step::Bits(self.pattern(pattern), source)
                }
                "m_generate" | "m_generate_strict" => {
                    let source = self.expr(source);
                    let pattern = match pattern.as_tuple() {
                        Some([_, _, key, value]) => {
                            Expr::Tuple(vec![self.pattern(key), self.pattern(value)])
                        }
                        _ => Expr::Wildcard,
                    };
                    Step::Arrow(pattern, Vec::new(), source)
                }
                _ => Step::Plain(self.expr(term)),
            },
            _ => Step::Plain(self.expr(term)),
        }
    }

    pub(super) fn bits(&mut self, segments: &'a [Term]) -> Expr {
        let segment = |segment: &'a Term| match segment.as_tuple() {
            Some([_, _, value, size, kind]) => {
                let kind = kind.as_list().unwrap_or_default().iter();
                let kind = kind.map(|name| match name {
                    Term::Atom(name) => name.as_str().into(),
                    other => format!("{other}").into(),
                });
                let mut kind: Vec<_> = kind.collect();
                kind.sort();
                let text = match value.as_tuple() {
                    Some([string, _, text]) if string.is_atom("string") => text.text(),
                    _ => None,
                };
                Segment {
                    value: match text {
                        Some(text) if kind.is_empty() => Expr::Binary(text.into_bytes()),
                        _ => self.expr(value),
                    },
                    size: (!size.is_atom("default")).then(|| self.expr(size)),
                    kind,
                }
            }
            _ => Segment {
                value: Expr::Unknown("a segment".into()),
                size: None,
                kind: Vec::new(),
            },
        };
        let segments: Vec<_> = segments.iter().map(segment).collect();
        match segments.as_slice() {
            [] => Expr::Binary(Vec::new()),
            [
                Segment {
                    value: Expr::Binary(text),
                    size: None,
                    ..
                },
            ] => Expr::Binary(text.clone()),
            _ => Expr::Bits(segments),
        }
    }
}

/// What an expression that is caught ended with.
fn reason() -> Expr {
    Expr::Call(Box::new(Call {
        line: Line(None),
        callee: Callee::Remote("erlang".into(), "get_stacktrace".into()),
        arguments: Vec::new(),
    }))
}
