//! From and to term text, where both have the same terms.

use crate::term::Term as Text;

use super::Term;

/// A term that no text stands for: something that names a part of a running system, or a local fun.
/// And a float that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no form in term text")]
pub struct NotText(pub String);

impl TryFrom<&Text> for Term {
    type Error = NotText;

    /// # Errors
    /// Where a float is not finite; a term that was read has none such.
    fn try_from(text: &Text) -> Result<Self, NotText> {
        let all = |terms: &[Text]| terms.iter().map(Self::try_from).collect::<Result<_, _>>();
        let refused = || NotText(text.to_string());
        Ok(match text {
            Text::Atom(name) => Self::atom(name),
            Text::Int(value) => Self::from(*value),
            Text::BigInt(big) => Self::integer(big.is_negative(), big.magnitude()),
            Text::Float(value) => Self::float(*value).ok_or_else(refused)?,
            Text::Str(text) => Self::string(text),
            Text::Binary(bytes) => Self::binary(bytes.clone()),
            Text::Bits(bits) => Self::Bits(bits.clone()),
            Text::Tuple(elements) => Self::Tuple(all(elements)?),
            Text::List(elements) => Self::List(all(elements)?),
            Text::Improper(elements, tail) => {
                Self::Improper(all(elements)?, Box::new(Self::try_from(tail.as_ref())?))
            }
            Text::Map(pairs) => {
                let pair = |(key, value): &(Text, Text)| {
                    Ok((Self::try_from(key)?, Self::try_from(value)?))
                };
                Self::Map(pairs.iter().map(pair).collect::<Result<_, NotText>>()?)
            }
            Text::Fun {
                module,
                name,
                arity,
            } => Self::Export {
                module: module.clone(),
                name: name.clone(),
                arity: *arity,
            },
        })
    }
}

impl TryFrom<&Term> for Text {
    type Error = NotText;

    /// Lists stay lists of characters: whether one was meant as a string is not known.
    ///
    /// # Errors
    /// Where no text stands for the term.
    fn try_from(term: &Term) -> Result<Self, NotText> {
        let all = |terms: &[Term]| terms.iter().map(Self::try_from).collect::<Result<_, _>>();
        let refused = || NotText(term.to_string());
        Ok(match term {
            Term::Int(value) => Self::Int((*value).into()),
            Term::Big(big) => Self::big(big.clone()),
            Term::Float(value) => Self::Float(value.get()),
            Term::Atom(name) => Self::atom(name),
            Term::Export {
                module,
                name,
                arity,
            } => Self::Fun {
                module: module.clone(),
                name: name.clone(),
                arity: *arity,
            },
            Term::Tuple(elements) => Self::Tuple(all(elements)?),
            Term::Map(pairs) => {
                let pair = |(key, value): (&Term, &Term)| {
                    Ok((Self::try_from(key)?, Self::try_from(value)?))
                };
                Self::Map(pairs.iter().map(pair).collect::<Result<_, NotText>>()?)
            }
            Term::List(elements) => Self::List(all(elements)?),
            Term::Improper(elements, tail) => {
                Self::Improper(all(elements)?, Box::new(Self::try_from(tail.as_ref())?))
            }
            Term::Binary(bytes) => Self::Binary(bytes.clone()),
            Term::Bits(bits) => Self::Bits(bits.clone()),
            Term::Reference(_) | Term::Fun(_) | Term::Port(_) | Term::Pid(_) => {
                return Err(refused());
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::term::consult_one;

    #[test]
    fn a_term_of_a_file_comes_back_from_the_wire_as_the_same_text() {
        let source = br#"{a,[1,-2.5e0,<<"b">>|t],#{'K' => []},fun m:f/2,170141183460469231731687303715884105727,<<1,5:3>>,-16#123456789ABCDEF0123456789ABCDEF01234}."#;
        let text = consult_one(source, &Limits::RELEASE).unwrap();
        let term = Term::try_from(&text).unwrap();
        let bytes = crate::etf::encode(&term).unwrap();
        let back = crate::etf::decode(&bytes, &Limits::RELEASE).unwrap();
        assert_eq!(Text::try_from(&back).unwrap(), text);
        assert_eq!(back.to_string(), text.to_string());
    }

    #[test]
    fn a_pid_has_no_text() {
        let pid = Term::Pid(crate::etf::Pid {
            node: "n@h".into(),
            id: 1,
            serial: 0,
            creation: 1,
        });
        let refused = Text::try_from(&Term::list([pid])).unwrap_err();
        assert!(refused.to_string().contains("<n@h.1.0>"), "{refused}");
    }
}
