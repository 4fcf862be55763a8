//! Tokens of Erlang term text.

use std::num::IntErrorKind;

use super::parse::TermError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Atom(String),
    /// An unquoted word that is no atom, such as `fun`.
    Reserved(&'static str),
    Int(i128),
    /// Digits of a number too large for the above.
    BigInt(String),
    Float(f64),
    /// Code points, since a string may hold ones that no `char` can.
    Str(Vec<u32>),
    Punct(&'static str),
    /// The dot that ends a term.
    Dot,
    End,
}

const PUNCTUATION: [&str; 16] = [
    "<<", ">>", "=>", "#{", "{", "}", "[", "]", "(", ")", ",", "|", "-", "+", ":", "/",
];

/// The words that `erl_scan` takes for no atom. `maybe` and `else` are ones since OTP 27 only.
pub(super) const RESERVED: [&str; 27] = [
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case",
    "catch", "cond", "div", "end", "fun", "if", "let", "not", "of", "or", "orelse", "receive",
    "rem", "try", "when", "xor",
];

pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
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

    /// The line that is being read, counted from 1.
    pub(super) fn line(&self) -> usize {
        1 + self.text.as_bytes()[..self.position]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
    }

    pub(super) fn error(&self, what: impl Into<String>) -> TermError {
        TermError::Syntax {
            line: self.line(),
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
            '"' => self.string(),
            '\'' => self.quoted_atom(),
            '.' => self.dot(),
            c if starts_atom(c) => Ok(self.word()),
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

    fn word(&mut self) -> Token {
        let word = self.take_while(continues_atom);
        match RESERVED.iter().find(|reserved| **reserved == word) {
            Some(reserved) => Token::Reserved(reserved),
            None => Token::Atom(word.to_owned()),
        }
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(is_blank);
            if self.peek() != Some('%') {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn dot(&mut self) -> Result<Token, TermError> {
        self.bump();
        match self.peek() {
            None | Some('%') => Ok(Token::Dot),
            Some(c) if is_blank(c) => Ok(Token::Dot),
            Some(_) => Err(self.error("a dot that ends no term")),
        }
    }

    fn quoted_atom(&mut self) -> Result<Token, TermError> {
        let codes = self.quoted('\'')?;
        let name: Option<String> = codes.into_iter().map(char::from_u32).collect();
        match name {
            Some(name) if name.chars().count() <= 255 => Ok(Token::Atom(name)),
            Some(_) => Err(self.error("an atom longer than 255 characters")),
            None => Err(self.error("an atom with an impossible character")),
        }
    }

    fn string(&mut self) -> Result<Token, TermError> {
        self.quoted('"').map(Token::Str)
    }

    fn quoted(&mut self, quote: char) -> Result<Vec<u32>, TermError> {
        let opening = self.error(format!("no closing {quote}"));
        self.bump();
        let mut codes = Vec::new();
        loop {
            match self.bump() {
                None => return Err(opening),
                Some(c) if c == quote => return Ok(codes),
                Some('\\') => codes.push(self.escape()?),
                Some(c) => codes.push(u32::from(c)),
            }
        }
    }

    fn character(&mut self) -> Result<Token, TermError> {
        self.bump();
        let code = match self.bump() {
            None => return Err(self.error("nothing after $")),
            Some('\\') => self.escape()?,
            Some(c) => u32::from(c),
        };
        Ok(Token::Int(i128::from(code)))
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<u32, TermError> {
        let Some(c) = self.bump() else {
            return Err(self.error("nothing after a backslash"));
        };
        Ok(match c {
            'b' => 8,
            'd' => 127,
            'e' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            's' => 32,
            't' => 9,
            'v' => 11,
            'x' => return self.hexadecimal_escape(),
            '^' => match self.bump() {
                Some(c @ '@'..='_') | Some(c @ 'a'..='z') => u32::from(c) & 31,
                _ => return Err(self.error("an unknown control character")),
            },
            '0'..='7' => {
                let start = self.position - 1;
                for _ in 0..2 {
                    if matches!(self.peek(), Some('0'..='7')) {
                        self.bump();
                    }
                }
                return u32::from_str_radix(&self.text[start..self.position], 8)
                    .map_err(|_| self.error("an impossible octal escape"));
            }
            other => u32::from(other),
        })
    }

    fn hexadecimal_escape(&mut self) -> Result<u32, TermError> {
        let digits = if self.peek() == Some('{') {
            self.bump();
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            if self.bump() != Some('}') {
                return Err(self.error("a \\x{…} escape that does not end"));
            }
            digits
        } else {
            let start = self.position;
            for _ in 0..2 {
                if !self.bump().is_some_and(|c| c.is_ascii_hexdigit()) {
                    return Err(self.error("a \\x escape without two digits"));
                }
            }
            &self.text[start..self.position]
        };
        match u32::from_str_radix(digits, 16) {
            Ok(code) if code <= 0x10_ffff => Ok(code),
            _ => Err(self.error("an impossible \\x escape")),
        }
    }

    fn number(&mut self) -> Result<Token, TermError> {
        let whole = self.digits(10);
        if self.peek() == Some('#') && !self.rest().starts_with("#{") {
            self.bump();
            let base = whole.parse().ok().filter(|base| (2..=36).contains(base));
            let Some(base) = base else {
                return Err(self.error("an impossible base of a number"));
            };
            let digits = self.digits(base);
            return self.integer(&digits, base);
        }
        let fraction_follows = self
            .rest()
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if fraction_follows {
            return self.float(whole);
        }
        self.integer(&whole, 10)
    }

    fn float(&mut self, mut text: String) -> Result<Token, TermError> {
        self.bump();
        text.push('.');
        text.push_str(&self.digits(10));
        let exponent = self.rest().strip_prefix(['e', 'E']).is_some_and(|rest| {
            let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
            rest.starts_with(|c: char| c.is_ascii_digit())
        });
        if exponent {
            text.extend(self.bump());
            if matches!(self.peek(), Some('+' | '-')) {
                text.extend(self.bump());
            }
            text.push_str(&self.digits(10));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Token::Float(value)),
            _ => Err(self.error("a float out of range")),
        }
    }

    /// Digits, and single underscores between them.
    fn digits(&mut self, base: u32) -> String {
        let mut digits = String::new();
        loop {
            match self.peek() {
                Some(c) if c.is_digit(base) => {
                    digits.push(c);
                    self.bump();
                }
                Some('_')
                    if !digits.is_empty()
                        && self.rest()[1..].starts_with(|c: char| c.is_digit(base)) =>
                {
                    self.bump();
                }
                _ => return digits,
            }
        }
    }

    fn integer(&self, digits: &str, base: u32) -> Result<Token, TermError> {
        match i128::from_str_radix(digits, base) {
            Ok(value) => Ok(Token::Int(value)),
            // No file holds such a number in another base than the one that Erlang prints.
            Err(e) if *e.kind() == IntErrorKind::PosOverflow && base == 10 => {
                Ok(Token::BigInt(digits.trim_start_matches('0').to_owned()))
            }
            Err(_) => Err(self.error("an integer without digits, or one too large for its base")),
        }
    }
}

fn is_blank(c: char) -> bool {
    c <= ' ' || ('\u{80}'..='\u{a0}').contains(&c)
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
