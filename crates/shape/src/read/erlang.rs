//! Erlang's abstract code.

use std::collections::BTreeMap;

use beam::etf::Term;

use super::erlang_records::Records;
use super::vars::Vars;
use super::{literal, unknown};
use crate::ast::{Call, Callee, Clause, Expr, Fun, Function, FunctionName, Line, Presence, Update};
use crate::{Code, CodeError, Language};

mod blocks;

pub(super) fn module<'a>(forms: &'a [Term]) -> Result<Code, CodeError> {
    let attribute = |name: &'static str| {
        forms.iter().filter_map(move |form| match form.as_tuple() {
            Some([kind, _, key, value]) if kind.is_atom("attribute") && key.is_atom(name) => {
                Some(value)
            }
            _ => None,
        })
    };
    let module = attribute("module").find_map(|value| match value {
        Term::Tuple(parts) => parts.first()?.as_atom(),
        value => value.as_atom(),
    });
    let module = module.ok_or_else(|| unknown("no module attribute"))?;
    let records = Records::read(attribute("record"));
    let import = |import: &&'a [Term]| match *import {
        [Term::Atom(module), Term::List(names)] => Some((module.as_str(), names)),
        _ => None,
    };
    let imports = attribute("import").filter_map(Term::as_tuple);
    let imports = imports
        .filter_map(|each| import(&each))
        .flat_map(|(module, names)| {
            names.iter().filter_map(move |pair| match pair.as_tuple()? {
                [name, arity] => Some(((name.as_atom()?, arity.as_u64()?), module)),
                _ => None,
            })
        });
    let imports: Imports<'_> = imports.collect();
    let mut functions: BTreeMap<FunctionName, Function> = BTreeMap::new();
    for form in forms {
        let Some([kind, _, name, arity, clauses]) = form.as_tuple() else {
            continue;
        };
        if !kind.is_atom("function") {
            continue;
        }
        let (Some(name), Some(arity), Some(clauses)) =
            (name.as_atom(), arity.as_u64(), clauses.as_list())
        else {
            return Err(unknown("a function that is not known"));
        };
        let read = |clause| {
            let mut forms = Forms::new(&records, &imports);
            forms.clause(clause)
        };
        let function = Function {
            exported: false,
            injected: false,
            clauses: clauses.iter().map(read).collect(),
        };
        functions.insert((name.into(), arity as usize), function);
    }
    let all = attribute("compile").any(|value| match value {
        Term::List(options) => options.iter().any(|option| option.is_atom("export_all")),
        option => option.is_atom("export_all"),
    });
    let exports = attribute("export").filter_map(Term::as_list).flatten();
    let exports: Vec<(&str, u64)> = exports
        .filter_map(|pair| match pair.as_tuple() {
            Some([name, arity]) => Some((name.as_atom()?, arity.as_u64()?)),
            _ => None,
        })
        .collect();
    for ((name, arity), function) in &mut functions {
        function.exported = all || exports.contains(&(&**name, *arity as u64));
    }
    let behaviours = attribute("behaviour").chain(attribute("behavior"));
    Ok(Code {
        module: module.into(),
        language: Language::Erlang,
        functions,
        records: records.names(),
        behaviours: behaviours
            .filter_map(|value| Some(value.as_atom()?.into()))
            .collect(),
        vsn: attribute("vsn").next().cloned(),
    })
}

/// The module that a function is imported from, by name and arity.
type Imports<'a> = BTreeMap<(&'a str, u64), &'a str>;

/// Reads the expressions of one clause of a function.
pub(super) struct Forms<'a> {
    pub(super) vars: Vars<'a>,
    pub(super) records: &'a Records<'a>,
    imports: &'a Imports<'a>,
    /// Whether a pattern is read: there, a field of a record that is not named may be anything.
    pub(super) in_pattern: bool,
}

impl<'a> Forms<'a> {
    pub(super) fn new(records: &'a Records<'a>, imports: &'a Imports<'a>) -> Self {
        Self {
            imports,
            vars: Vars::default(),
            records,
            in_pattern: false,
        }
    }

    pub(super) fn pattern(&mut self, term: &'a Term) -> Expr {
        let within = std::mem::replace(&mut self.in_pattern, true);
        let pattern = self.expr(term);
        self.in_pattern = within;
        pattern
    }

    pub(super) fn expr(&mut self, term: &'a Term) -> Expr {
        let parts = term.as_tuple().unwrap_or_default();
        let Some(kind) = parts.first().and_then(Term::as_atom) else {
            return Expr::Unknown("a form".into());
        };
        match (kind, parts) {
            ("cons", _) => self.list(term),
            ("nil", _) => Expr::List(Vec::new(), None),
            ("var", [_, _, Term::Atom(name)]) if name == "_" => Expr::Wildcard,
            ("var", [_, _, Term::Atom(name)]) => Expr::Var(self.vars.number(name, 0)),
            ("atom" | "integer" | "char" | "float", [_, _, value]) => literal(value),
            ("string", [_, _, value]) => literal(value),
            ("record" | "record_field" | "record_index", _) => self.record(kind, parts),
            ("tuple", [_, _, Term::List(elements)]) => Expr::Tuple(self.exprs(elements)),
            ("map", _) => self.map(parts),
            ("call", [_, anno, callee, Term::List(arguments)]) => {
                self.call(anno, callee, arguments)
            }
            ("op", [_, anno, Term::Atom(name), operands @ ..]) => {
                self.operator(anno, name, operands)
            }
            ("match", [_, _, left, right]) => {
                let right = self.expr(right);
                Expr::Match(Box::new(self.pattern(left)), Box::new(right))
            }
            ("fun" | "named_fun", _) => self.fun(parts),
            ("bin", [_, _, Term::List(segments)]) => self.bits(segments),
            _ => self.block(kind, parts),
        }
    }

    pub(super) fn exprs(&mut self, terms: &'a [Term]) -> Vec<Expr> {
        terms.iter().map(|term| self.expr(term)).collect()
    }

    pub(super) fn body(&mut self, terms: &'a [Term]) -> Expr {
        match terms {
            [only] => self.expr(only),
            _ => Expr::Block(self.exprs(terms)),
        }
    }

    /// Without descending along the list.
    fn list(&mut self, mut term: &'a Term) -> Expr {
        let mut elements = Vec::new();
        loop {
            match term.as_tuple() {
                Some([cons, _, head, tail]) if cons.is_atom("cons") => {
                    elements.push(self.expr(head));
                    term = tail;
                }
                Some([nil, _]) if nil.is_atom("nil") => return Expr::List(elements, None),
                _ => return Expr::List(elements, Some(Box::new(self.expr(term)))),
            }
        }
    }

    fn map(&mut self, parts: &'a [Term]) -> Expr {
        let (map, fields) = match parts {
            [_, _, Term::List(fields)] => (None, fields),
            [_, _, map, Term::List(fields)] => (Some(self.expr(map)), fields),
            _ => return Expr::Unknown("a map".into()),
        };
        let field = |field: &'a Term| match field.as_tuple() {
            Some([kind, _, key, value]) => {
                let exact = kind.is_atom("map_field_exact");
                let presence = if exact {
                    Presence::Demanded
                } else {
                    Presence::Free
                };
                Some((key, value, presence))
            }
            _ => None,
        };
        let fields = fields.iter().filter_map(field);
        let mut fields: Vec<_> = fields
            .map(|(key, value, presence)| (self.expr(key), self.expr(value), presence))
            .collect();
        fields.sort_by(|(a, _, _), (b, _, _)| a.atom().cmp(&b.atom()));
        match map {
            Some(map) => Expr::Update(Box::new(Update {
                map,
                module: None,
                fields,
            })),
            None => Expr::Map(
                fields
                    .into_iter()
                    .map(|(key, value, _)| (key, value))
                    .collect(),
            ),
        }
    }

    fn call(&mut self, anno: &'a Term, callee: &'a Term, arguments: &'a [Term]) -> Expr {
        let callee = match callee.as_tuple() {
            Some([kind, _, name]) if kind.is_atom("atom") => {
                // Of this module, or of `erlang`: told when the call is followed.
                let name = name.as_atom().unwrap_or_default();
                match self.imports.get(&(name, arguments.len() as u64)) {
                    Some(module) => Callee::Remote((*module).into(), name.into()),
                    None => Callee::Local(name.into()),
                }
            }
            Some([kind, _, module, name]) if kind.is_atom("remote") => {
                match (self.expr(module), self.expr(name)) {
                    (Expr::Atom(module), Expr::Atom(name)) => Callee::Remote(module, name),
                    (module, name) => Callee::Computed(module, name),
                }
            }
            _ => Callee::Value(self.expr(callee)),
        };
        let arguments = self.exprs(arguments);
        call(anno, callee, arguments)
    }

    fn operator(&mut self, anno: &'a Term, name: &'a str, operands: &'a [Term]) -> Expr {
        if let ("-", [operand]) = (name, operands)
            && let Some([_, _, Term::Int(value)]) = operand.as_tuple()
        {
            return Expr::Number(Term::Int(value.wrapping_neg()));
        }
        let callee = Callee::Remote("erlang".into(), name.into());
        call(anno, callee, self.exprs(operands))
    }

    fn fun(&mut self, parts: &'a [Term]) -> Expr {
        let (anno, name, clauses) = match parts {
            [_, anno, Term::Atom(name), Term::List(clauses)] => {
                (anno, Some(self.vars.number(name, 0)), clauses)
            }
            [_, anno, what] => match what.as_tuple() {
                Some([kind, Term::List(clauses)]) if kind.is_atom("clauses") => {
                    (anno, None, clauses)
                }
                Some([_, name, arity]) => {
                    let name = name.as_atom().unwrap_or_default();
                    return Expr::LocalFun(name.into(), arity.as_u64().unwrap_or(0) as usize);
                }
                Some([_, module, name, arity]) => {
                    return Expr::RemoteFun(Box::new((
                        self.expr(module),
                        self.expr(name),
                        self.expr(arity),
                    )));
                }
                _ => return Expr::Unknown("a fun".into()),
            },
            _ => return Expr::Unknown("a fun".into()),
        };
        Expr::Fun(Box::new(Fun {
            line: line(anno),
            name,
            clauses: self.clauses(clauses),
        }))
    }

    pub(super) fn clauses(&mut self, clauses: &'a [Term]) -> Vec<Clause> {
        clauses.iter().map(|clause| self.clause(clause)).collect()
    }

    pub(super) fn clause(&mut self, clause: &'a Term) -> Clause {
        match clause.as_tuple() {
            Some(
                [
                    _,
                    _,
                    Term::List(patterns),
                    Term::List(guards),
                    Term::List(body),
                ],
            ) => Clause {
                patterns: patterns.iter().map(|p| self.pattern(p)).collect(),
                guards: guards.iter().map(|all| self.guard(all)).collect(),
                body: self.body(body),
            },
            _ => Clause {
                patterns: vec![Expr::Unknown("a clause".into())],
                guards: Vec::new(),
                body: Expr::Unknown("a clause".into()),
            },
        }
    }

    /// Tests that must all hold, joined as `andalso` does.
    fn guard(&mut self, all: &'a Term) -> Expr {
        let tests = all.as_list().unwrap_or_default().iter();
        let tests = tests.map(|test| self.expr(test)).collect::<Vec<_>>();
        let both = |left, right| {
            Expr::Call(Box::new(Call {
                line: Line(None),
                callee: Callee::Remote("erlang".into(), "andalso".into()),
                arguments: vec![left, right],
            }))
        };
        let joined = tests.into_iter().reduce(both);
        joined.unwrap_or_else(|| Expr::Atom("true".into()))
    }
}

/// An annotation is a line, a pair of line and column, or a list of facts.
fn line(anno: &Term) -> Line {
    let line = match anno {
        Term::Int(line) => Some(*line),
        Term::Tuple(pair) => pair.first().and_then(Term::as_int),
        facts => match facts.get("location") {
            Some(Term::Tuple(pair)) => pair.first().and_then(Term::as_int),
            location => location.and_then(Term::as_int),
        },
    };
    Line(line.and_then(|line| u32::try_from(line).ok()))
}

fn call(anno: &Term, callee: Callee, arguments: Vec<Expr>) -> Expr {
    Expr::Call(Box::new(Call {
        line: line(anno),
        callee,
        arguments,
    }))
}
