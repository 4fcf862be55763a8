//! Terms from their tokens.

mod bits;
mod segment;

use std::borrow::Cow;

use super::Term;
use super::coding;
use super::error::TermError;
use super::lex::{Lexer, Token};
use crate::Limits;
use crate::etf::DEPTH_CAP;

/// Reads every term of a file, each ended by a dot, as `file:consult/1` does.
///
/// # Errors
/// Where the bytes are no such text, or exceed the limits.
pub fn consult(bytes: &[u8], limits: &Limits) -> Result<Vec<Term>, TermError> {
    let text = text_within(bytes, limits)?;
    let mut parser = Parser::new(&text, limits)?;
    let mut terms = Vec::new();
    while parser.token != Token::End {
        terms.push(parser.term(0)?);
        parser.expect_dot()?;
    }
    Ok(terms)
}

/// Reads a file that holds one term.
///
/// # Errors
/// As [`consult`], and where there is another number of terms.
pub fn consult_one(bytes: &[u8], limits: &Limits) -> Result<Term, TermError> {
    let mut terms = consult(bytes, limits)?;
    match terms.pop() {
        Some(term) if terms.is_empty() => Ok(term),
        last => Err(TermError::NotOne {
            found: terms.len() + usize::from(last.is_some()),
        }),
    }
}

/// Reads the first term of a file and does not look at what follows its dot, as `systools` reads `.rel`,
/// `.app` and `.appup` files.
///
/// # Errors
/// Where the file does not begin with a term and a dot, or exceeds the limits.
pub fn consult_first(bytes: &[u8], limits: &Limits) -> Result<Term, TermError> {
    let text = text_within(bytes, limits)?;
    let mut parser = Parser::new(&text, limits)?;
    if parser.token == Token::End {
        return Err(TermError::NotOne { found: 0 });
    }
    let term = parser.term(0)?;
    match parser.token {
        Token::Dot => Ok(term),
        _ => Err(parser.unexpected("a dot")),
    }
}

fn text_within<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, str>, TermError> {
    if bytes.len() > limits.bytes_max {
        return Err(TermError::Limit {
            what: "bytes",
            limit: limits.bytes_max,
        });
    }
    coding::text(bytes)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    bytes_max: usize,
    depth_max: usize,
    terms_max: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, limits: &Limits) -> Result<Self, TermError> {
        let mut lexer = Lexer::new(text);
        let token = lexer.next()?;
        Ok(Self {
            lexer,
            token,
            bytes_max: limits.bytes_max,
            depth_max: limits.depth_max.min(DEPTH_CAP),
            terms_max: limits.terms_max,
            terms: 0,
        })
    }

    fn advance(&mut self) -> Result<Token, TermError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn accept(&mut self, punct: &str) -> Result<bool, TermError> {
        let found = matches!(self.token, Token::Punct(p) if p == punct);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, punct: &str) -> Result<(), TermError> {
        if self.accept(punct)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{punct}`")))
    }

    /// Does not look past the dot, so that a broken next term is its own error.
    fn expect_dot(&mut self) -> Result<(), TermError> {
        if self.token == Token::Dot {
            self.advance()?;
            return Ok(());
        }
        Err(self.unexpected("a dot"))
    }

    fn unexpected(&self, wanted: &str) -> TermError {
        let found = match &self.token {
            Token::End => "the end of the file".to_owned(),
            Token::Dot => "a dot".to_owned(),
            Token::Punct(p) => format!("`{p}`"),
            Token::Atom(name) => format!("atom {name:.40}"),
            Token::Reserved(word) => format!("reserved word `{word}`"),
            Token::Int(_) | Token::BigInt(_) | Token::Float(_) => "a number".to_owned(),
            Token::Str(_) | Token::Binary(_) => "a string".to_owned(),
        };
        self.lexer
            .error(format!("expected {wanted}, found {found}"))
    }

    fn term(&mut self, depth: usize) -> Result<Term, TermError> {
        self.count(depth)?;
        match self.advance_start()? {
            Token::Reserved("fun") => self.fun(),
            Token::Atom(name) => Ok(Term::Atom(name)),
            Token::Int(value) => Ok(Term::Int(value)),
            Token::BigInt(big) => Ok(Term::BigInt(big)),
            Token::Float(value) => Ok(Term::Float(value)),
            Token::Str(text) => self.joined_string(text).map(Term::string),
            Token::Binary(text) => Ok(Term::Binary(text.into_bytes())),
            Token::Punct("-") => Ok(negated(self.number(depth + 1)?)),
            Token::Punct("+") => self.number(depth + 1),
            Token::Punct("{") => Ok(Term::Tuple(self.elements("}", depth)?)),
            Token::Punct("[") => self.list(depth),
            Token::Punct("<<") => self.binary(depth),
            Token::Punct("#") => self.map(depth),
            Token::Punct("(") => {
                let term = self.term(depth + 1)?;
                self.expect(")")?;
                Ok(term)
            }
            _ => Err(self.unexpected("a term")),
        }
    }

    /// Takes the token that starts a term, and leaves one that cannot, so that errors can name it.
    fn advance_start(&mut self) -> Result<Token, TermError> {
        match self.token {
            Token::End
            | Token::Dot
            | Token::Punct("}" | "]" | ")" | ">>" | "=>" | "," | "|" | ":" | "/") => {
                Err(self.unexpected("a term"))
            }
            Token::Reserved(word) if word != "fun" => Err(self.unexpected("a term")),
            _ => self.advance(),
        }
    }

    fn count(&mut self, depth: usize) -> Result<(), TermError> {
        self.terms += 1;
        for (value, what, limit) in [
            (self.terms, "terms", self.terms_max),
            (depth, "nested terms", self.depth_max),
        ] {
            if value > limit {
                return Err(TermError::Limit { what, limit });
            }
        }
        Ok(())
    }

    /// What follows a sign: a number without one of its own, in parentheses or not.
    fn number(&mut self, depth: usize) -> Result<Term, TermError> {
        self.count(depth)?;
        if self.accept("(")? {
            // A sign within is one too many, and so no number.
            let number = self.number(depth + 1)?;
            self.expect(")")?;
            return Ok(number);
        }
        if !matches!(
            self.token,
            Token::Int(_) | Token::BigInt(_) | Token::Float(_)
        ) {
            return Err(self.unexpected("a number"));
        }
        match self.advance()? {
            Token::Float(value) => Ok(Term::Float(value)),
            Token::BigInt(big) => Ok(Term::BigInt(big)),
            Token::Int(value) => Ok(Term::Int(value)),
            _ => Err(self.unexpected("a number")),
        }
    }

    fn elements(&mut self, close: &str, depth: usize) -> Result<Vec<Term>, TermError> {
        let mut elements = Vec::new();
        if self.accept(close)? {
            return Ok(elements);
        }
        loop {
            elements.push(self.term(depth + 1)?);
            if self.accept(close)? {
                return Ok(elements);
            }
            self.expect(",")?;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Term, TermError> {
        let mut elements = Vec::new();
        if self.accept("]")? {
            return Ok(Term::List(elements));
        }
        loop {
            elements.push(self.term(depth + 1)?);
            if self.accept("]")? {
                return Ok(Term::List(elements));
            }
            if self.accept("|")? {
                let tail = self.term(depth + 1)?;
                self.expect("]")?;
                return Ok(joined(elements, tail));
            }
            self.expect(",")?;
        }
    }

    fn map(&mut self, depth: usize) -> Result<Term, TermError> {
        self.expect("{")?;
        let mut pairs: Vec<(Term, Term)> = Vec::new();
        if self.accept("}")? {
            return Ok(Term::Map(pairs));
        }
        loop {
            let key = self.term(depth + 1)?;
            self.expect("=>")?;
            let value = self.term(depth + 1)?;
            pairs.push((key, value));
            if self.accept("}")? {
                return Ok(Term::Map(pairs));
            }
            self.expect(",")?;
        }
    }

    /// Joins strings side by side.
    fn joined_string(&mut self, mut text: String) -> Result<String, TermError> {
        while let Token::Str(more) = &self.token {
            text.push_str(more);
            self.advance()?;
        }
        Ok(text)
    }

    fn fun(&mut self) -> Result<Term, TermError> {
        let module = self.name()?;
        self.expect(":")?;
        let name = self.name()?;
        self.expect("/")?;
        let Token::Int(arity) = self.token else {
            return Err(self.unexpected("an arity"));
        };
        let arity = u8::try_from(arity).map_err(|_| self.lexer.error("an impossible arity"))?;
        self.advance()?;
        Ok(Term::Fun {
            module,
            name,
            arity,
        })
    }

    fn name(&mut self) -> Result<String, TermError> {
        if matches!(self.token, Token::Atom(_))
            && let Token::Atom(name) = self.advance()?
        {
            return Ok(name);
        }
        Err(self.unexpected("an atom"))
    }
}

fn negated(number: Term) -> Term {
    match number {
        Term::Int(value) => Term::Int(-value),
        Term::Float(value) => Term::Float(-value),
        Term::BigInt(big) => Term::big(big.negated()),
        other => other,
    }
}

/// `[a | [b]]` is `[a, b]`.
fn joined(mut elements: Vec<Term>, tail: Term) -> Term {
    match tail {
        Term::List(more) => {
            elements.extend(more);
            Term::List(elements)
        }
        Term::Str(text) => {
            elements.extend(text.chars().map(|c| Term::Int(i128::from(u32::from(c)))));
            Term::List(elements)
        }
        Term::Improper(more, last) => {
            elements.extend(more);
            Term::Improper(elements, last)
        }
        other => Term::Improper(elements, Box::new(other)),
    }
}
