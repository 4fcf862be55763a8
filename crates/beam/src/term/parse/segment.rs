//! Bit syntax: `<<1, 2:16/little, "text"/utf8, <<3>>/binary>>`.
//!
//! After the reference manual, "Bit Syntax Expressions", and what `eval_bits` makes of constants.

use super::bits::BitWriter;
use super::{Parser, TermError, negated};
use crate::term::Term;
use crate::term::lex::Token;

/// How a segment is written.
#[derive(Debug, Clone, Copy, Default)]
struct Spec {
    kind: Option<Kind>,
    /// In units.
    size: Option<usize>,
    /// In bits.
    unit: Option<usize>,
    /// `native` is little: that is what every machine is that a release is made for.
    endian: Option<Endian>,
    /// Means nothing where a segment is made, and must not be said twice in two ways.
    signed: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
    Binary,
    Utf8,
    Utf16,
    Utf32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endian {
    Big,
    Little,
    Native,
}

/// What stands before the colon.
enum Value {
    Term(Term),
    /// Each character is a segment of its own.
    Text(String),
}

impl Parser<'_> {
    /// What follows `<<`.
    pub(super) fn binary(&mut self, depth: usize) -> Result<Term, TermError> {
        let mut bits = BitWriter::new(self.bytes_max);
        if self.accept(">>")? {
            return Ok(Term::Binary(Vec::new()));
        }
        loop {
            self.segment(&mut bits, depth + 1)?;
            if self.accept(">>")? {
                return Ok(bits.into_term());
            }
            self.expect(",")?;
        }
    }

    fn segment(&mut self, bits: &mut BitWriter, depth: usize) -> Result<(), TermError> {
        let value = self.segment_value(depth)?;
        let plain = !matches!(self.token, Token::Punct(":" | "/"));
        match value {
            // Without more each character is one byte, the low eight bits of its code.
            Value::Text(text) if plain => text
                .chars()
                .try_for_each(|c| bits.integer(&Term::Int(u32::from(c).into()), 8, false)),
            Value::Text(text) => {
                let spec = self.spec(depth)?;
                // What would be wrong with any character is wrong with none.
                let mut nothing = BitWriter::new(self.bytes_max);
                self.write(&mut nothing, &Term::Int(0), spec)?;
                text.chars()
                    .try_for_each(|c| self.write(bits, &Term::Int(u32::from(c).into()), spec))
            }
            Value::Term(term) => {
                let spec = self.spec(depth)?;
                self.write(bits, &term, spec)
            }
        }
    }

    fn segment_value(&mut self, depth: usize) -> Result<Value, TermError> {
        if self.accept("-")? {
            return Ok(Value::Term(negated(self.number(depth)?)));
        }
        if self.accept("+")? {
            return self.number(depth).map(Value::Term);
        }
        self.primary(depth)
    }

    /// A string, or a term without a sign; in parentheses or not, and within them also with a sign.
    fn primary(&mut self, depth: usize) -> Result<Value, TermError> {
        self.count(depth)?;
        if self.accept("(")? {
            let value = self.segment_value(depth + 1)?;
            self.expect(")")?;
            return Ok(value);
        }
        if let Token::Str(_) = self.token
            && let Token::Str(text) = self.advance()?
        {
            return self.joined_string(text).map(Value::Text);
        }
        self.term(depth).map(Value::Term)
    }

    /// What follows the value: `:size`, `/type-type`, both or neither.
    fn spec(&mut self, depth: usize) -> Result<Spec, TermError> {
        let mut spec = Spec::default();
        if self.accept(":")? {
            spec.size = match self.primary(depth)? {
                Value::Term(Term::Int(size)) if size >= 0 => {
                    Some(usize::try_from(size).unwrap_or(usize::MAX))
                }
                _ => return Err(self.lexer.error("a segment whose size is no number")),
            };
        }
        if self.accept("/")? {
            self.kind(&mut spec)?;
            while self.accept("-")? {
                self.kind(&mut spec)?;
            }
        }
        Ok(spec)
    }

    fn kind(&mut self, spec: &mut Spec) -> Result<(), TermError> {
        let name = self.name()?;
        let fresh = match name.as_str() {
            "integer" => set(&mut spec.kind, Kind::Integer),
            "float" => set(&mut spec.kind, Kind::Float),
            "utf8" => set(&mut spec.kind, Kind::Utf8),
            "utf16" => set(&mut spec.kind, Kind::Utf16),
            "utf32" => set(&mut spec.kind, Kind::Utf32),
            "binary" => set(&mut spec.kind, Kind::Binary),
            "bytes" => set(&mut spec.kind, Kind::Binary) && set(&mut spec.unit, 8),
            "bitstring" | "bits" => set(&mut spec.kind, Kind::Binary) && set(&mut spec.unit, 1),
            "big" => set(&mut spec.endian, Endian::Big),
            "little" => set(&mut spec.endian, Endian::Little),
            "native" => set(&mut spec.endian, Endian::Native),
            "signed" => set(&mut spec.signed, true),
            "unsigned" => set(&mut spec.signed, false),
            "unit" => {
                self.expect(":")?;
                let Token::Int(unit @ 1..=256) = self.token else {
                    return Err(self.unexpected("a unit from 1 to 256"));
                };
                self.advance()?;
                set(&mut spec.unit, unit as usize)
            }
            other => {
                let what = format!("an unknown type of a segment, {other:.40}");
                return Err(self.lexer.error(what));
            }
        };
        match fresh {
            true => Ok(()),
            false => Err(self.lexer.error("a segment of two types")),
        }
    }

    fn write(&self, bits: &mut BitWriter, value: &Term, spec: Spec) -> Result<(), TermError> {
        let refused = |what: &str| Err(self.lexer.error(what));
        let little = matches!(spec.endian, Some(Endian::Little | Endian::Native));
        let kind = spec.kind.unwrap_or(Kind::Integer);
        let sized = |default: usize| match (spec.size, spec.unit) {
            (None, None) => Some(default),
            (None, Some(_)) => None,
            (Some(size), unit) => Some(size.saturating_mul(unit.unwrap_or(1))),
        };
        match (kind, value) {
            (Kind::Integer, Term::Int(_) | Term::BigInt(_)) => match sized(8) {
                Some(size) => bits.integer(value, size, little),
                None => refused("a unit without a size"),
            },
            (Kind::Float, Term::Int(_) | Term::Float(_)) => {
                let value = match value {
                    Term::Float(value) => *value,
                    Term::Int(value) => *value as f64,
                    _ => return refused("a segment that is no float"),
                };
                match sized(64) {
                    Some(64) => bits.whole(value.to_be_bytes(), little),
                    Some(32) => bits.whole((value as f32).to_be_bytes(), little),
                    _ => refused("a float of other than 32 or 64 bits"),
                }
            }
            (Kind::Binary, Term::Binary(_) | Term::Bits(_)) => {
                let (bytes, count) = match value {
                    Term::Binary(bytes) => (bytes.as_slice(), bytes.len() * 8),
                    Term::Bits(tail) => {
                        let whole = (tail.bytes().len() - 1) * 8;
                        (tail.bytes(), whole + usize::from(tail.last_bits()))
                    }
                    _ => return refused("a segment that is no binary"),
                };
                let unit = spec.unit.unwrap_or(8);
                match spec.size {
                    Some(size) if size.saturating_mul(unit) <= count => {
                        bits.bits(bytes, size * unit)
                    }
                    None if count % unit == 0 => bits.bits(bytes, count),
                    _ => refused("a binary of another size than its segment"),
                }
            }
            (Kind::Utf8 | Kind::Utf16 | Kind::Utf32, Term::Int(code)) => {
                if spec.size.is_some() || spec.unit.is_some() {
                    return refused("a size of a character");
                }
                let Some(c) = u32::try_from(*code).ok().and_then(char::from_u32) else {
                    return refused("a number that is no character");
                };
                match kind {
                    Kind::Utf8 => {
                        let mut buffer = [0; 4];
                        let text = c.encode_utf8(&mut buffer);
                        bits.bits(text.as_bytes(), text.len() * 8)
                    }
                    Kind::Utf16 => {
                        let mut buffer = [0; 2];
                        c.encode_utf16(&mut buffer)
                            .iter()
                            .try_for_each(|word| bits.whole(word.to_be_bytes(), little))
                    }
                    _ => bits.whole(u32::from(c).to_be_bytes(), little),
                }
            }
            _ => refused("a segment whose value is not of its type"),
        }
    }
}

/// Sets what was not set, or was set to the same.
fn set<T: PartialEq + Copy>(field: &mut Option<T>, value: T) -> bool {
    *field.get_or_insert(value) == value
}
