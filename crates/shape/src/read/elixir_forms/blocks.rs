//! Forms of Elixir with blocks: `case`, `with`, `for`, `try` and the like.

use beam::etf::Term;

use super::Quoted;
use crate::ast::{Clause, Collect, Comprehension, Expr, Step, Try, With};

impl<'a> Quoted<'a> {
    pub(super) fn clauses(&mut self, clauses: &'a [Term]) -> Vec<Clause> {
        clauses.iter().map(|clause| self.clause(clause)).collect()
    }

    fn clause(&mut self, clause: &'a Term) -> Clause {
        let (head, body) = match clause.as_tuple() {
            Some([arrow, _, Term::List(sides)]) if arrow.is_atom("->") && sides.len() == 2 => {
                (sides[0].as_list().unwrap_or_default(), &sides[1])
            }
            _ => {
                return Clause {
                    patterns: vec![Expr::Unknown("a clause".into())],
                    guards: Vec::new(),
                    body: Expr::Unknown("a clause".into()),
                };
            }
        };
        let (patterns, guards) = match head {
            [only] => guarded(only).unwrap_or((head, None)),
            _ => (head, None),
        };
        Clause {
            patterns: self.exprs(patterns),
            guards: guards.map(|guard| self.guards(guard)).unwrap_or_default(),
            body: self.expr(body),
        }
    }

    /// `a when b` within a guard: alternatives.
    fn guards(&mut self, guard: &'a Term) -> Vec<Expr> {
        match guarded(guard) {
            Some(([first], Some(more))) => {
                let mut all = vec![self.expr(first)];
                all.extend(self.guards(more));
                all
            }
            _ => vec![self.expr(guard)],
        }
    }

    fn block(&mut self, blocks: &'a Term, name: &str) -> Vec<Clause> {
        let block = blocks.get(name).and_then(Term::as_list);
        block.map(|block| self.clauses(block)).unwrap_or_default()
    }

    pub(super) fn case(&mut self, subject: &'a Term, blocks: &'a Term) -> Expr {
        let subject = self.expr(subject);
        Expr::Case(Box::new(subject), self.block(blocks, "do"))
    }

    pub(super) fn cond(&mut self, blocks: &'a Term) -> Expr {
        let clauses = self.block(blocks, "do").into_iter();
        let unknown = || Expr::Unknown("a condition".into());
        let pair = |mut c: Clause| (c.patterns.pop().unwrap_or_else(unknown), c.body);
        Expr::Cond(clauses.map(pair).collect())
    }

    fn step(&mut self, term: &'a Term) -> Step {
        match term.as_tuple() {
            Some([arrow, _, Term::List(sides)]) if arrow.is_atom("<-") && sides.len() == 2 => {
                let source = self.expr(&sides[1]);
                let (pattern, guards) = match guarded(&sides[0]) {
                    Some(([pattern], Some(guard))) => (pattern, self.guards(guard)),
                    _ => (&sides[0], Vec::new()),
                };
                Step::Arrow(self.expr(pattern), guards, source)
            }
            Some([bits, _, Term::List(segments)]) if bits.is_atom("<<>>") => {
                self.bits_step(term, segments)
            }
            _ => Step::Plain(self.expr(term)),
        }
    }

    /// `<<a, b <- source>>`: the arrow is in the last segment.
    fn bits_step(&mut self, whole: &'a Term, segments: &'a [Term]) -> Step {
        let source = segments.last().and_then(Term::as_tuple);
        match source {
            Some([arrow, _, Term::List(sides)]) if arrow.is_atom("<-") && sides.len() == 2 => {
                let source = self.expr(&sides[1]);
                let mut patterns = self.exprs(&segments[..segments.len() - 1]);
                patterns.push(self.bits(&sides[..1]));
                Step::Bits(Expr::List(patterns, None), source)
            }
            _ => Step::Plain(self.expr(whole)),
        }
    }

    pub(super) fn with(&mut self, arguments: &'a [Term]) -> Expr {
        let Some((blocks, steps)) = arguments.split_last() else {
            return Expr::Unknown("with".into());
        };
        let steps = steps.iter().map(|step| self.step(step)).collect();
        Expr::With(Box::new(With {
            steps,
            body: self.body(blocks, "do"),
            otherwise: self.block(blocks, "else"),
        }))
    }

    fn body(&mut self, blocks: &'a Term, name: &str) -> Expr {
        let body = blocks.get(name).map(|body| self.expr(body));
        body.unwrap_or_else(|| Expr::Atom("nil".into()))
    }

    pub(super) fn comprehension(&mut self, arguments: &'a [Term]) -> Expr {
        let Some((blocks, steps)) = arguments.split_last() else {
            return Expr::Unknown("for".into());
        };
        let steps = steps.iter().map(|step| self.step(step)).collect();
        let into = blocks.get("into").map(|into| self.expr(into));
        let kind = match (into, blocks.get("reduce")) {
            (Some(into), _) => Collect::Into(into, self.body(blocks, "do")),
            (None, Some(first)) => Collect::Reduce(self.expr(first), self.block(blocks, "do")),
            (None, None) => Collect::List(self.body(blocks, "do")),
        };
        Expr::Comprehension(Box::new(Comprehension { steps, kind }))
    }

    pub(super) fn try_(&mut self, blocks: &'a Term) -> Expr {
        let mut handlers = self.block(blocks, "rescue");
        handlers.iter_mut().for_each(rescued);
        handlers.extend(self.block(blocks, "catch"));
        Expr::Try(Box::new(Try {
            body: self.body(blocks, "do"),
            result: self.block(blocks, "else"),
            handlers,
            after: blocks.get("after").map(|after| self.expr(after)),
        }))
    }

    pub(super) fn receive(&mut self, blocks: &'a Term) -> Expr {
        let mut after = self.block(blocks, "after");
        let after = after.pop().map(|mut clause| {
            let time = clause.patterns.pop();
            let time = time.unwrap_or_else(|| Expr::Unknown("after".into()));
            Box::new((time, clause.body))
        });
        Expr::Receive(self.block(blocks, "do"), after)
    }
}

/// `rescue e in [Module]` binds `e`.
fn rescued(clause: &mut Clause) {
    for pattern in &mut clause.patterns {
        if let Expr::Call(call) = pattern
            && let [bound, _] = call.arguments.as_mut_slice()
        {
            *pattern = std::mem::replace(bound, Expr::Wildcard);
        }
    }
}

/// Patterns and guard of `patterns when guard`.
fn guarded(term: &Term) -> Option<(&[Term], Option<&Term>)> {
    match term.as_tuple()? {
        [when, _, Term::List(parts)] if when.is_atom("when") => {
            let (guard, patterns) = parts.split_last()?;
            Some((patterns, Some(guard)))
        }
        _ => None,
    }
}
