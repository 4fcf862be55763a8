//! Numbers: `1_000`, `16#ff`, `2.5e-3`.

use super::{Lexer, TermError, Token};
use crate::etf::BigInt;

/// Reading a number takes the square of its digits.
const DIGITS_MAX: usize = 100_000;

impl Lexer<'_> {
    pub(super) fn number(&mut self) -> Result<Token, TermError> {
        let whole = self.digits(10);
        if self.rest().starts_with('#') {
            let base = whole.parse().ok().filter(|base| (2..=36).contains(base));
            let Some(base) = base else {
                return Err(self.error("an impossible base of a number"));
            };
            self.bump();
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
        if self.rest().starts_with(['e', 'E']) {
            text.extend(self.bump());
            if matches!(self.peek(), Some('+' | '-')) {
                text.extend(self.bump());
            }
            text.push_str(&self.digits(10));
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Token::Float(value)),
            _ => Err(self.error("a float out of range or without an exponent")),
        }
    }

    /// Digits, and single underscores between them.
    fn digits(&mut self, base: u32) -> String {
        let mut digits = String::new();
        loop {
            digits.push_str(self.take_while(|c| c.is_digit(base)));
            let after = self.rest().strip_prefix('_');
            match after {
                Some(after)
                    if !digits.is_empty() && after.starts_with(|c: char| c.is_digit(base)) =>
                {
                    self.bump();
                }
                _ => return digits,
            }
        }
    }

    fn integer(&self, digits: &str, base: u32) -> Result<Token, TermError> {
        if digits.is_empty() {
            return Err(self.error("an integer without digits"));
        }
        if let Ok(value) = i128::from_str_radix(digits, base) {
            return Ok(Token::Int(value));
        }
        if digits.len() > DIGITS_MAX {
            return Err(self.error(format!("an integer of more than {DIGITS_MAX} digits")));
        }
        match BigInt::from_digits(digits, base) {
            Some(big) => Ok(Token::BigInt(big)),
            None => Err(self.error("an impossible integer")),
        }
    }
}
