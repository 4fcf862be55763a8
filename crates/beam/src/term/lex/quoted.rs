//! Strings, quoted atoms, characters and their escapes.

use super::{Lexer, TermError, Token, is_blank, is_text};

impl Lexer<'_> {
    pub(super) fn quoted_atom(&mut self) -> Result<Token, TermError> {
        let name = self.quoted('\'', Escapes::Read)?;
        self.atom(name)
    }

    /// Reads a string in quotes.
    ///
    /// Three quotes and nothing more on the line begin a triple-quoted string. That is OTP 27's reading;
    /// to older ones it is three strings side by side, with the line breaks and indentation kept.
    pub(super) fn string(&mut self) -> Result<String, TermError> {
        match self.triple()? {
            Some(text) => Ok(text),
            None => self.quoted('"', Escapes::Read),
        }
    }

    /// `~"text"` and its kin, of OTP 27: `~`, `~b` and `~B` make binaries, `~s` and `~S` strings; the
    /// capitals read no escapes.
    pub(super) fn sigil(&mut self) -> Result<Token, TermError> {
        self.bump();
        let name = self.take_while(|c| c.is_ascii_alphabetic());
        let escapes = match name {
            "B" | "S" => Escapes::Keep,
            _ => Escapes::Read,
        };
        let text = match self.triple()? {
            Some(text) => text,
            None => {
                let close = match self.peek() {
                    Some('(') => ')',
                    Some('[') => ']',
                    Some('{') => '}',
                    Some('<') => '>',
                    Some(c @ ('/' | '|' | '\'' | '"' | '`' | '#')) => c,
                    _ => return Err(self.error("a sigil without a string")),
                };
                self.quoted(close, escapes)?
            }
        };
        match name {
            "" | "b" | "B" => Ok(Token::Binary(text)),
            "s" | "S" => Ok(Token::Str(text)),
            _ => Err(self.error(format!("an unknown sigil ~{name:.20}"))),
        }
    }

    /// Reads up to the closing character, the opening one being next.
    fn quoted(&mut self, close: char, escapes: Escapes) -> Result<String, TermError> {
        let start = self.position;
        self.bump();
        let mut text = String::new();
        loop {
            let escaped = |c| c == '\\' && escapes == Escapes::Read;
            text.push_str(self.take_while(|c| c != close && !escaped(c) && is_text(c)));
            match self.bump() {
                None => return Err(self.error_at(start, format!("no closing {close}"))),
                Some(c) if c == close => return Ok(text),
                Some(c) if escaped(c) => text.push(self.escape()?),
                Some(_) => return Err(self.error("a character that is none")),
            }
        }
    }

    /// Reads a triple-quoted string, if one begins here: lines up to one that begins with as many
    /// quotes, whose indentation is taken off every line.
    fn triple(&mut self) -> Result<Option<String>, TermError> {
        let rest = self.rest();
        if !rest.starts_with("\"\"\"") || self.position < self.plain_quotes_until {
            return Ok(None);
        }
        let count = rest.bytes().take_while(|&b| b == b'"').count();
        let quotes = &rest[..count];
        let blank = |c: char| c != '\n' && is_blank(c);
        let after = rest[count..].trim_start_matches(blank);
        let Some(body) = after.strip_prefix('\n') else {
            // The rest of these quotes is no such beginning either, and is not counted again.
            self.plain_quotes_until = self.position + count;
            return Ok(None);
        };
        let start = self.position;
        let mut lines = Vec::new();
        let mut read = rest.len() - body.len();
        for line in body.split('\n') {
            let content = line.trim_start_matches(is_blank);
            if content.starts_with(quotes) {
                let indentation = &line[..line.len() - content.len()];
                self.position += read + indentation.len() + count;
                return self.outdented(start, &lines, indentation).map(Some);
            }
            lines.push(line);
            read += line.len() + 1;
        }
        Err(self.error(format!("no closing {quotes}")))
    }

    fn outdented(
        &self,
        start: usize,
        lines: &[&str],
        indentation: &str,
    ) -> Result<String, TermError> {
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            match line.strip_prefix(indentation) {
                Some(content) => text.push_str(content),
                // A blank line may be shorter.
                None if line.chars().all(is_blank) => {}
                None => {
                    let what = "a line of a triple-quoted string is indented less than its end";
                    return Err(self.error_at(start, what));
                }
            }
        }
        // The carriage return of the last line goes with its line feed.
        if text.ends_with('\r') {
            text.pop();
        }
        match text.chars().all(is_text) {
            true => Ok(text),
            false => Err(self.error_at(start, "a character that is none")),
        }
    }

    pub(super) fn character(&mut self) -> Result<Token, TermError> {
        self.bump();
        let code = match self.bump() {
            None => return Err(self.error("nothing after $")),
            Some('\\') => self.escape()?,
            Some(c) if is_text(c) => c,
            Some(_) => return Err(self.error("a character that is none")),
        };
        Ok(Token::Int(u32::from(code).into()))
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, TermError> {
        let Some(c) = self.bump() else {
            return Err(self.error("nothing after a backslash"));
        };
        let code = match c {
            'b' => 8,
            'd' => 127,
            'e' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            's' => 32,
            't' => 9,
            'v' => 11,
            'x' => self.hexadecimal_escape()?,
            '^' => match self.bump() {
                Some(c) => u32::from(c) & 31,
                None => return Err(self.error("nothing after a backslash")),
            },
            '0'..='7' => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    if let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
                        self.bump();
                        code = code * 8 + digit;
                    }
                }
                code
            }
            other => u32::from(other),
        };
        char::from_u32(code)
            .filter(|&c| is_text(c))
            .ok_or_else(|| self.error("an escape of a character that is none"))
    }

    fn hexadecimal_escape(&mut self) -> Result<u32, TermError> {
        let digits = if self.rest().starts_with('{') {
            self.bump();
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            if self.bump() != Some('}') {
                return Err(self.error("a \\x{…} escape that does not end"));
            }
            digits
        } else {
            let rest = self.rest();
            match rest.get(..2) {
                Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    self.position += 2;
                    digits
                }
                _ => return Err(self.error("a \\x escape without two digits")),
            }
        };
        u32::from_str_radix(digits, 16).map_err(|_| self.error("an impossible \\x escape"))
    }
}

/// Whether backslashes mean something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Read,
    Keep,
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::term::{Term, consult_one};

    /// After EEP 64 and EEP 66; the Erlang that the other tests ask is older.
    #[test]
    fn triple_quoted_strings_and_sigils_are_read_as_otp_27_does() {
        let read = |text: &str| consult_one(text.as_bytes(), &Limits::RELEASE);
        let check = |text: &str, expected: Term| assert_eq!(read(text), Ok(expected), "{text}");
        check(
            "\"\"\"\n  one\n   \\n \"two\"\n\n  \"\"\".",
            Term::string("one\n \\n \"two\"\n"),
        );
        check("\"\"\" \t\n\"\"\".", Term::string(""));
        check("\"\"\"\"\n\"\"\"\n\"\"\"\".", Term::string("\"\"\""));
        check("\"\"\"\r\na\r\nb\r\n\"\"\".", Term::string("a\r\nb"));
        check("\"\" \"a\".", Term::string("a"));
        check("~\"é\\n\".", Term::Binary("é\n".into()));
        check("~b(a\\)b).", Term::Binary("a)b".into()));
        check("~B[\\n].", Term::Binary("\\n".into()));
        check("~s|a|.", Term::string("a"));
        check("~S'\\'.", Term::string("\\"));
        check("~\"\"\"\n a\n \"\"\".", Term::Binary("a".into()));
        for text in ["\"\"\"\na\n  \"\"\".", "\"\"\"\na", "~x\"a\".", "~.", "~b"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
