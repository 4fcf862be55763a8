//! Binaries: `<<1, "text", "text"/utf8>>`.

use super::{Parser, TermError};
use crate::term::Term;
use crate::term::lex::Token;

impl Parser<'_> {
    /// What follows `<<`.
    pub(super) fn binary(&mut self) -> Result<Term, TermError> {
        let mut bytes = Vec::new();
        if self.accept(">>")? {
            return Ok(Term::Binary(bytes));
        }
        loop {
            self.segment(&mut bytes)?;
            if self.accept(">>")? {
                return Ok(Term::Binary(bytes));
            }
            self.expect(",")?;
        }
    }

    /// A byte or a string, a string also with `/utf8`. Without it each character is one byte, the low
    /// eight bits of its code, as Erlang has it.
    fn segment(&mut self, bytes: &mut Vec<u8>) -> Result<(), TermError> {
        match self.advance_start()? {
            Token::Int(value) => {
                bytes.push(low_byte(value));
                Ok(())
            }
            Token::Punct("-") => {
                let Term::Int(value) = self.negative()? else {
                    return Err(self.lexer.error("a float in a binary"));
                };
                bytes.push(low_byte(value));
                Ok(())
            }
            Token::Str(codes) => {
                if !self.accept("/")? {
                    bytes.extend(codes.into_iter().map(|code| low_byte(i128::from(code))));
                    return Ok(());
                }
                if self.token != Token::Atom("utf8".to_owned()) {
                    return Err(self.unexpected("utf8"));
                }
                self.advance()?;
                let text: Option<String> = codes.into_iter().map(char::from_u32).collect();
                let text =
                    text.ok_or_else(|| self.lexer.error("a string that UTF-8 cannot hold"))?;
                bytes.extend(text.into_bytes());
                Ok(())
            }
            _ => Err(self.unexpected("a byte or a string")),
        }
    }
}

fn low_byte(value: i128) -> u8 {
    value.to_le_bytes()[0]
}
