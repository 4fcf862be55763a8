//! Terms as people read them.

use std::fmt::{self, Display, Formatter, Write};

use super::Term;
use crate::term::print::{atom, binary, bitstring, float, quoted};

/// Prints the term as the Erlang shell does: lists of printable characters as strings, binaries of
/// printable text as text. What names something in a node is printed with the node's name. Integers of
/// more than 128 bits are printed in base 16.
impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Big(big) => write!(f, "{big}"),
            Self::Float(value) => float(f, value.get()),
            Self::Atom(name) => atom(f, name),
            Self::Reference(reference) => {
                f.write_str("#Ref<")?;
                atom(f, &reference.node)?;
                reference
                    .ids
                    .iter()
                    .rev()
                    .try_for_each(|id| write!(f, ".{id}"))?;
                f.write_char('>')
            }
            Self::Fun(fun) => {
                f.write_str("#Fun<")?;
                atom(f, &fun.module)?;
                write!(f, ".{}.{}>", fun.old_index, fun.old_uniq)
            }
            Self::Export {
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
            Self::Port(port) => {
                f.write_str("#Port<")?;
                atom(f, &port.node)?;
                write!(f, ".{}>", port.id)
            }
            Self::Pid(pid) => {
                f.write_char('<')?;
                atom(f, &pid.node)?;
                write!(f, ".{}.{}>", pid.id, pid.serial)
            }
            Self::Tuple(elements) => {
                f.write_char('{')?;
                separated(f, elements)?;
                f.write_char('}')
            }
            Self::Map(pairs) => {
                f.write_str("#{")?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{key} => {value}")?;
                }
                f.write_char('}')
            }
            Self::List(elements) => match printable(elements) {
                Some(text) => quoted(f, '"', &text),
                None => {
                    f.write_char('[')?;
                    separated(f, elements)?;
                    f.write_char(']')
                }
            },
            Self::Improper(elements, tail) => {
                f.write_char('[')?;
                separated(f, elements)?;
                write!(f, "|{tail}]")
            }
            Self::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.is_ascii() && text.chars().all(readable) => {
                    f.write_str("<<")?;
                    quoted(f, '"', text)?;
                    f.write_str("/utf8>>")
                }
                _ => binary(f, bytes),
            },
            Self::Bits(bits) => bitstring(f, bits),
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

fn readable(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\r' | '\t')
}

/// The text of a list that is one, and not empty.
fn printable(elements: &[Term]) -> Option<String> {
    let code = |element: &Term| {
        let code = u32::try_from(element.as_int()?).ok()?;
        char::from_u32(code).filter(|&c| readable(c))
    };
    elements.first()?;
    elements.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Pid, Port, Reference};
    use super::*;

    #[test]
    fn terms_read_as_in_the_shell() {
        let check = |term: Term, expected: &str| assert_eq!(term.to_string(), expected);
        let node = || "shop_1@host".to_owned();
        let pid = Pid {
            node: node(),
            id: 90,
            serial: 1,
            creation: 7,
        };
        let port = Port {
            node: node(),
            id: 5,
            creation: 7,
        };
        let reference = Reference {
            node: node(),
            creation: 7,
            ids: vec![1, 2, 3],
        };
        check(Term::Pid(pid), "<shop_1@host.90.1>");
        check(Term::Port(port), "#Port<shop_1@host.5>");
        check(Term::Reference(reference), "#Ref<shop_1@host.3.2.1>");
        check(Term::string("on\n"), r#""on\n""#);
        check(Term::list([Term::Int(1), Term::atom("Up")]), "[1,'Up']");
        check(Term::list([]), "[]");
        check(Term::binary("é"), r#"<<"é"/utf8>>"#);
        check(Term::binary([1, 255]), "<<1,255>>");
        check(
            Term::bitstring(vec![3, 0b1010_0000], 3).unwrap(),
            "<<3,5:3>>",
        );
        check(
            Term::integer(true, &[1; 17]),
            &format!("-16#{}", "01".repeat(17)[1..].to_owned()),
        );
        check(Term::from(u64::MAX), "18446744073709551615");
        let tail = Box::new(Term::atom("b"));
        check(Term::Improper(vec![Term::atom("a")], tail), "[a|b]");
        let map = Term::Map([(Term::atom("k"), Term::float(1.5).unwrap())].into());
        check(map, "#{k => 1.5e0}");
    }
}
