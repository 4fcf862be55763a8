//! Terms from their tokens.

mod binary;

use super::Term;
use super::lex::{Lexer, Token};
use crate::Limits;

/// Why bytes are not Erlang term text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The bytes are not UTF-8 and do not declare `coding: latin-1`.
    #[error("byte {position} is not UTF-8, and no `%% coding: latin-1` line says otherwise")]
    Encoding {
        /// The first byte that is wrong.
        position: usize,
    },
    /// The text is not a sequence of terms, each ended by a dot.
    #[error("line {line}: {what}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What was met.
        what: String,
    },
    /// The text exceeds a limit.
    #[error("more than the limit of {limit} {what}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The file holds another number of terms than one.
    #[error("expected one term and found {found}")]
    NotOne {
        /// How many there are.
        found: usize,
    },
}

/// Reads every term of a file, each ended by a dot, as `file:consult/1` does.
///
/// # Errors
/// Where the bytes are no such text, or exceed the limits.
pub fn consult(bytes: &[u8], limits: &Limits) -> Result<Vec<Term>, TermError> {
    if bytes.len() > limits.bytes_max {
        return Err(TermError::Limit {
            what: "bytes",
            limit: limits.bytes_max,
        });
    }
    let text = decode(bytes)?;
    let mut lexer = Lexer::new(&text);
    let token = lexer.next()?;
    let mut parser = Parser {
        lexer,
        token,
        limits,
        terms: 0,
    };
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

/// The default is UTF-8; a `coding: latin-1` comment in the first two lines changes it, as in `epp`.
fn decode(bytes: &[u8]) -> Result<String, TermError> {
    let declared_latin1 = bytes.split(|&b| b == b'\n').take(2).any(|line| {
        let line = line.trim_ascii_start();
        line.starts_with(b"%") && {
            let line = String::from_utf8_lossy(line).to_ascii_lowercase();
            ["coding: latin-1", "coding:latin-1", "coding=latin-1"]
                .iter()
                .any(|declaration| line.contains(declaration))
        }
    });
    if declared_latin1 {
        return Ok(bytes.iter().map(|&b| char::from(b)).collect());
    }
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|e| TermError::Encoding {
            position: e.valid_up_to(),
        })
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    limits: &'a Limits,
    terms: usize,
}

impl Parser<'_> {
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
            Token::Str(_) => "a string".to_owned(),
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
            Token::BigInt(digits) => Ok(Term::BigInt(digits)),
            Token::Float(value) => Ok(Term::Float(value)),
            Token::Str(codes) => self.string(codes),
            Token::Punct("-") => self.negative(),
            Token::Punct("+") => self.number(),
            Token::Punct("{") => Ok(Term::Tuple(self.elements("}", depth)?)),
            Token::Punct("[") => self.list(depth),
            Token::Punct("<<") => self.binary(),
            Token::Punct("#{") => self.map(depth),
            _ => Err(self.unexpected("a term")),
        }
    }

    /// Takes the token that starts a term, and leaves one that cannot, so that errors can name it.
    fn advance_start(&mut self) -> Result<Token, TermError> {
        match self.token {
            Token::End
            | Token::Dot
            | Token::Punct("}" | "]" | ")" | ">>" | "=>" | "," | "|" | ":" | "/" | "(") => {
                Err(self.unexpected("a term"))
            }
            _ => self.advance(),
        }
    }

    fn count(&mut self, depth: usize) -> Result<(), TermError> {
        self.terms += 1;
        let limits = self.limits;
        for (value, what, limit) in [
            (self.terms, "terms", limits.terms_max),
            (depth, "nested terms", limits.depth_max),
        ] {
            if value > limit {
                return Err(TermError::Limit { what, limit });
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Term, TermError> {
        match self.token {
            Token::Int(_) | Token::BigInt(_) | Token::Float(_) => {}
            _ => return Err(self.unexpected("a number")),
        }
        Ok(match self.advance()? {
            Token::Float(value) => Term::Float(value),
            Token::BigInt(digits) => Term::BigInt(digits),
            Token::Int(value) => Term::Int(value),
            _ => return Err(self.unexpected("a number")),
        })
    }

    fn negative(&mut self) -> Result<Term, TermError> {
        Ok(match self.number()? {
            Term::Int(value) => Term::Int(-value),
            Term::Float(value) => Term::Float(-value),
            Term::BigInt(digits) => Term::BigInt(format!("-{digits}")),
            other => other,
        })
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

    fn string(&mut self, mut codes: Vec<u32>) -> Result<Term, TermError> {
        while let Token::Str(more) = &mut self.token {
            codes.append(more);
            self.advance()?;
        }
        if codes.is_empty() {
            return Ok(Term::List(Vec::new()));
        }
        let text: Option<String> = codes.iter().map(|&code| char::from_u32(code)).collect();
        Ok(text.map_or_else(
            || Term::List(codes.iter().map(|&c| Term::Int(i128::from(c))).collect()),
            Term::Str,
        ))
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
