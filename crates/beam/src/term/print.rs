//! Terms as text that Erlang reads back.

use std::fmt::{self, Display, Formatter, Write};

use super::Term;
use super::lex::{RESERVED, continues_atom, is_text, starts_atom};
use crate::etf::Bits;

/// Prints the term so that `file:consult/1`, given a dot after it, reads the same term.
///
/// Only an atom with one of the characters U+FFFE and U+FFFF has no text that Erlang reads.
impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(name) => atom(f, name),
            Self::Int(value) => write!(f, "{value}"),
            Self::BigInt(big) => write!(f, "{big}"),
            Self::Float(value) => float(f, *value),
            Self::Str(text) if text.chars().all(is_text) => quoted(f, '"', text),
            Self::Str(text) => {
                f.write_char('[')?;
                for (index, c) in text.chars().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{}", u32::from(c))?;
                }
                f.write_char(']')
            }
            Self::Binary(bytes) => binary(f, bytes),
            Self::Bits(bits) => bitstring(f, bits),
            Self::Tuple(elements) => {
                f.write_char('{')?;
                separated(f, elements)?;
                f.write_char('}')
            }
            Self::List(elements) => {
                f.write_char('[')?;
                separated(f, elements)?;
                f.write_char(']')
            }
            Self::Improper(elements, tail) => {
                f.write_char('[')?;
                separated(f, elements)?;
                write!(f, "|{tail}]")
            }
            Self::Map(pairs) => {
                f.write_str("#{")?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    // The space keeps a key such as a character apart from the arrow.
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{key} => {value}")?;
                }
                f.write_char('}')
            }
            Self::Fun {
                module,
                name,
                arity,
            } => {
                f.write_str("fun ")?;
                atom(f, module)?;
                f.write_char(':')?;
                atom(f, name)?;
                write!(f, "/{arity}")
            }
        }
    }
}

fn separated(f: &mut Formatter<'_>, elements: &[Term]) -> fmt::Result {
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        element.fmt(f)?;
    }
    Ok(())
}

/// Quotes the atom unless it reads as one without: a small letter first, then letters, digits, `_` and
/// `@`, and no reserved word of any OTP.
pub(crate) fn atom(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    let plain = name.starts_with(starts_atom) && name.chars().all(continues_atom);
    let reserved = RESERVED.contains(&name) || matches!(name, "maybe" | "else");
    if plain && !reserved {
        f.write_str(name)
    } else {
        quoted(f, '\'', name)
    }
}

pub(crate) fn quoted(f: &mut Formatter<'_>, quote: char, text: &str) -> fmt::Result {
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\\' => f.write_str("\\\\")?,
            c if c == quote => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\x{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
}

pub(crate) fn binary(f: &mut Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    if bytes.is_empty() {
        return f.write_str("<<>>");
    }
    if bytes.iter().all(|b| matches!(b, b' '..=b'~')) {
        let text: String = bytes.iter().map(|&b| char::from(b)).collect();
        f.write_str("<<")?;
        quoted(f, '"', &text)?;
        return f.write_str(">>");
    }
    f.write_str("<<")?;
    for (index, byte) in bytes.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(f, "{comma}{byte}")?;
    }
    f.write_str(">>")
}

pub(crate) fn bitstring(f: &mut Formatter<'_>, bits: &Bits) -> fmt::Result {
    f.write_str("<<")?;
    if let Some((last, whole)) = bits.bytes().split_last() {
        whole.iter().try_for_each(|byte| write!(f, "{byte},"))?;
        let unused = 8 - bits.last_bits();
        write!(f, "{}:{}", last >> unused, bits.last_bits())?;
    }
    f.write_str(">>")
}

/// Erlang wants a digit on both sides of the point, also before an exponent.
pub(crate) fn float(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let point = if mantissa.contains('.') { "" } else { ".0" };
            write!(f, "{mantissa}{point}e{exponent}")
        }
        None => f.write_str(&text),
    }
}
