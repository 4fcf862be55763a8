//! Quoted expressions of Elixir, as the compiler leaves them after expansion.

mod bits;
mod blocks;

use beam::etf::Term;

use super::literal;
use super::vars::Vars;
use crate::ast::{Call, Callee, Expr, Fun, Line, Name, Presence, Update};

/// Reads the expressions of one clause of a function.
#[derive(Debug, Default)]
pub(super) struct Quoted<'a> {
    vars: Vars<'a>,
}

impl<'a> Quoted<'a> {
    pub(super) fn expr(&mut self, term: &'a Term) -> Expr {
        match term {
            Term::Tuple(parts) => match parts.as_slice() {
                [first, second] => Expr::Tuple(vec![self.expr(first), self.expr(second)]),
                [head, meta, arguments] => self.node(head, meta, arguments),
                _ => Expr::Unknown("a quoted tuple".into()),
            },
            Term::List(elements) => self.list(elements),
            other => literal(other),
        }
    }

    pub(super) fn exprs(&mut self, terms: &'a [Term]) -> Vec<Expr> {
        terms.iter().map(|term| self.expr(term)).collect()
    }

    /// `[a, b | tail]` has the bar as its last element.
    fn list(&mut self, elements: &'a [Term]) -> Expr {
        if let Some((last, init)) = elements.split_last()
            && let Some((head, tail)) = bar(last)
        {
            let mut all = self.exprs(init);
            all.push(self.expr(head));
            return Expr::List(all, Some(Box::new(self.expr(tail))));
        }
        Expr::List(self.exprs(elements), None)
    }

    fn node(&mut self, head: &'a Term, meta: &'a Term, arguments: &'a Term) -> Expr {
        match (head, arguments) {
            (Term::Atom(name), Term::Atom(_)) => self.var(name, meta),
            (Term::Atom(name), Term::List(arguments)) => self.form(name, meta, arguments),
            (Term::Tuple(_), Term::List(arguments)) => self.remote(head, meta, arguments),
            _ => Expr::Unknown("a quoted triple".into()),
        }
    }

    fn var(&mut self, name: &'a str, meta: &'a Term) -> Expr {
        if name == "_" {
            return Expr::Wildcard;
        }
        if name == "__STACKTRACE__" {
            let callee = Callee::Remote("erlang".into(), "get_stacktrace".into());
            return call(meta, callee, Vec::new());
        }
        let version = meta.get("version").and_then(Term::as_int);
        Expr::Var(self.vars.number(name, version.unwrap_or(-1)))
    }

    fn form(&mut self, name: &'a str, meta: &'a Term, arguments: &'a [Term]) -> Expr {
        match (name, arguments) {
            ("__block__", [only]) => self.expr(only),
            ("__block__", _) => Expr::Block(self.exprs(arguments)),
            ("{}", _) => Expr::Tuple(self.exprs(arguments)),
            ("%{}", _) => self.map(arguments, None),
            ("%", [module, map]) => self.structure(module, map),
            ("=", [left, right]) => self.matched(left, right),
            ("^", [var]) => match self.expr(var) {
                Expr::Var(var) => Expr::Pin(var),
                _ => Expr::Unknown("a pin".into()),
            },
            ("<<>>", _) => self.bits(arguments),
            ("&", [what]) => self.capture(what),
            ("fn", clauses) => Expr::Fun(Box::new(Fun {
                line: line(meta),
                name: None,
                clauses: self.clauses(clauses),
            })),
            ("case", [subject, blocks]) => self.case(subject, blocks),
            ("cond", [blocks]) => self.cond(blocks),
            ("with", _) => self.with(arguments),
            ("for", _) => self.comprehension(arguments),
            ("try", [blocks]) => self.try_(blocks),
            ("receive", [blocks]) => self.receive(blocks),
            ("super", _) => self.super_(meta, arguments),
            ("::" | "|" | "->" | "when" | "<-", _) => Expr::Unknown(name.into()),
            _ => self.local(name, meta, arguments),
        }
    }

    fn local(&mut self, name: &'a str, meta: &'a Term, arguments: &'a [Term]) -> Expr {
        call(meta, Callee::Local(name.into()), self.exprs(arguments))
    }

    fn super_(&mut self, meta: &'a Term, arguments: &'a [Term]) -> Expr {
        let name = match meta.get("super").map(Term::as_tuple) {
            Some(Some([_, name])) => name.as_atom(),
            _ => None,
        };
        self.local(name.unwrap_or("super"), meta, arguments)
    }

    /// On the right the match is read first: it was before the left bound its names.
    fn matched(&mut self, left: &'a Term, right: &'a Term) -> Expr {
        let right = self.expr(right);
        Expr::Match(Box::new(self.expr(left)), Box::new(right))
    }

    fn map(&mut self, arguments: &'a [Term], module: Option<Name>) -> Expr {
        if let [only] = arguments
            && let Some((map, fields)) = bar(only)
        {
            let map = self.expr(map);
            let fields = self.pairs(fields.as_list().unwrap_or_default());
            let demanded = |(key, value)| (key, value, Presence::Demanded);
            return Expr::Update(Box::new(Update {
                map,
                module,
                fields: fields.into_iter().map(demanded).collect(),
            }));
        }
        Expr::Map(self.pairs(arguments))
    }

    fn pairs(&mut self, pairs: &'a [Term]) -> Vec<(Expr, Expr)> {
        let pairs = pairs.iter().map(|pair| match pair.as_tuple() {
            Some([key, value]) => (self.expr(key), self.expr(value)),
            _ => (Expr::Unknown("a key".into()), self.expr(pair)),
        });
        let mut pairs: Vec<_> = pairs.collect();
        // The order in which fields are written says nothing.
        pairs.sort_by(|(a, _), (b, _)| a.atom().cmp(&b.atom()));
        pairs
    }

    fn structure(&mut self, module: &'a Term, map: &'a Term) -> Expr {
        let module = self.expr(module);
        let fields = match map.as_tuple() {
            Some([_, _, fields]) => fields.as_list().unwrap_or_default(),
            _ => &[],
        };
        match self.map(fields, module.atom().cloned()) {
            Expr::Map(fields) => Expr::Struct(Box::new(module), fields),
            update => update,
        }
    }

    /// `&name/arity`, local or of another module; all else was made an anonymous function.
    fn capture(&mut self, what: &'a Term) -> Expr {
        let unknown = || Expr::Unknown("a capture".into());
        let Some([slash, _, Term::List(parts)]) = what.as_tuple() else {
            return unknown();
        };
        let [named, arity] = parts.as_slice() else {
            return unknown();
        };
        let Some([head, _, _]) = named.as_tuple() else {
            return unknown();
        };
        match (slash.is_atom("/"), head, arity.as_u64()) {
            (true, Term::Atom(name), Some(arity)) => {
                Expr::LocalFun(name.as_str().into(), arity as usize)
            }
            (true, Term::Tuple(_), Some(_)) => match dot(head) {
                Some([module, name]) => Expr::RemoteFun(Box::new((
                    self.expr(module),
                    self.expr(name),
                    literal(arity),
                ))),
                _ => unknown(),
            },
            _ => unknown(),
        }
    }

    fn remote(&mut self, head: &'a Term, meta: &'a Term, arguments: &'a [Term]) -> Expr {
        let callee = match dot(head) {
            Some([fun]) => Callee::Value(self.expr(fun)),
            Some([module, name]) => match (self.expr(module), self.expr(name)) {
                (Expr::Atom(module), Expr::Atom(name)) => Callee::Remote(module, name),
                (map, Expr::Atom(key))
                    if arguments.is_empty() && meta.get("no_parens").is_some() =>
                {
                    return Expr::Field(Box::new(map), key);
                }
                (module, name) => Callee::Computed(module, name),
            },
            _ => return Expr::Unknown("a quoted call".into()),
        };
        let arguments = self.exprs(arguments);
        call(meta, callee, arguments)
    }
}

/// What stands on both sides of `|`.
fn bar(term: &Term) -> Option<(&Term, &Term)> {
    match term.as_tuple()? {
        [head, _, Term::List(sides)] if head.is_atom("|") => match sides.as_slice() {
            [left, right] => Some((left, right)),
            _ => None,
        },
        _ => None,
    }
}

/// What the dot of a call stands between.
fn dot(term: &Term) -> Option<&[Term]> {
    match term.as_tuple()? {
        [head, _, Term::List(parts)] if head.is_atom(".") => Some(parts),
        _ => None,
    }
}

fn line(meta: &Term) -> Line {
    let line = meta.get("line").and_then(Term::as_int);
    Line(line.and_then(|line| u32::try_from(line).ok()))
}

fn call(meta: &Term, callee: Callee, arguments: Vec<Expr>) -> Expr {
    Expr::Call(Box::new(Call {
        line: line(meta),
        callee,
        arguments,
    }))
}
