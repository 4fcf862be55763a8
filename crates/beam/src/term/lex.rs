//! Tokens of Erlang term text.

mod number;
mod quoted;

use super::TermError;
use crate::etf::BigInt;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Atom(String),
    /// An unquoted word that is no atom, such as `fun`.
    Reserved(&'static str),
    Int(i128),
    /// A number too large for the above.
    BigInt(BigInt),
    Float(f64),
    Str(String),
    /// A string with a sigil that makes it a binary.
    Binary(String),
    Punct(&'static str),
    /// The dot that ends a term.
    Dot,
    End,
}

const PUNCTUATION: [&str; 16] = [
    "<<", ">>", "=>", "{", "}", "[", "]", "(", ")", ",", "|", "-", "+", ":", "/", "#",
];

/// The words that `erl_scan` takes for no atom. `maybe` and `else` are ones since OTP 27 only.
pub(super) const RESERVED: [&str; 27] = [
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case",
    "catch", "cond", "div", "end", "fun", "if", "let", "not", "of", "or", "orelse", "receive",
    "rem", "try", "when", "xor",
];

/// Characters of an atom, by Erlang's own limit.
const ATOM_CHARACTERS_MAX: usize = 255;

pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// Before here no triple-quoted string begins.
    plain_quotes_until: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            plain_quotes_until: 0,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += c.len_utf8();
        Some(c)
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.position += end;
        &rest[..end]
    }

    /// An error on the line that is being read.
    pub(super) fn error(&self, what: impl Into<String>) -> TermError {
        self.error_at(self.position, what)
    }

    fn error_at(&self, position: usize, what: impl Into<String>) -> TermError {
        let before = &self.text.as_bytes()[..position];
        TermError::Syntax {
            line: 1 + before.iter().filter(|&&b| b == b'\n').count(),
            what: what.into(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Token, TermError> {
        self.skip_blank();
        let Some(c) = self.peek() else {
            return Ok(Token::End);
        };
        match c {
            '0'..='9' => self.number(),
            '$' => self.character(),
            '"' => self.string().map(Token::Str),
            '\'' => self.quoted_atom(),
            '~' => self.sigil(),
            '.' => self.dot(),
            c if starts_atom(c) => self.word(),
            c => {
                for text in PUNCTUATION {
                    if self.rest().starts_with(text) {
                        self.position += text.len();
                        return Ok(Token::Punct(text));
                    }
                }
                Err(self.error(format!("unexpected {c:?}")))
            }
        }
    }

    fn word(&mut self) -> Result<Token, TermError> {
        let word = self.take_while(continues_atom);
        match RESERVED.iter().find(|reserved| **reserved == word) {
            Some(reserved) => Ok(Token::Reserved(reserved)),
            None => self.atom(word.to_owned()),
        }
    }

    fn atom(&self, name: String) -> Result<Token, TermError> {
        // Bytes are counted first, since these are nearly always few.
        if name.len() > ATOM_CHARACTERS_MAX && name.chars().count() > ATOM_CHARACTERS_MAX {
            return Err(self.error("an atom longer than 255 characters"));
        }
        Ok(Token::Atom(name))
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(is_blank);
            if self.peek() != Some('%') {
                return;
            }
            self.take_while(|c| c != '\n' && is_text(c));
        }
    }

    fn dot(&mut self) -> Result<Token, TermError> {
        self.bump();
        match self.peek() {
            None | Some('%') => Ok(Token::Dot),
            Some(c) if is_blank(c) => {
                self.bump();
                Ok(Token::Dot)
            }
            Some(_) => Err(self.error("a dot that ends no term")),
        }
    }
}

fn is_blank(c: char) -> bool {
    c <= ' ' || ('\u{80}'..='\u{a0}').contains(&c)
}

/// Whether Erlang allows the character in text, written as itself or as an escape.
pub(super) fn is_text(c: char) -> bool {
    !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Small letters of Latin-1 start an atom, as in `erl_scan`.
pub(super) fn starts_atom(c: char) -> bool {
    c.is_ascii_lowercase() || (('ß'..='ÿ').contains(&c) && c != '÷')
}

pub(super) fn continues_atom(c: char) -> bool {
    starts_atom(c)
        || c.is_ascii_alphanumeric()
        || c == '_'
        || c == '@'
        || (('À'..='Þ').contains(&c) && c != '×')
}
