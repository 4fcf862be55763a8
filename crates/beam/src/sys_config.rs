//! `releases/VSN/sys.config`: the environment of applications, over that of their `.app` files.

use crate::Limits;
use crate::term::{Term, TermError, consult_one};

/// A `sys.config`, as written; files that it includes are named, not read.
#[derive(Debug, Clone, PartialEq)]
pub struct SysConfig {
    /// Its elements in their order; a later one wins over an earlier one key by key.
    pub elements: Vec<Element>,
}

/// An element of a `sys.config`.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// The environment of an application.
    Application {
        /// The application's name.
        name: String,
        /// Its keys and values.
        env: Vec<(Term, Term)>,
    },
    /// Another file of the same kind, to be read at this place.
    Include(String),
}

/// Why bytes are no `sys.config`. To `release_handler` such a file is an empty one, silently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SysConfigError {
    /// The bytes are not one Erlang term.
    #[error(transparent)]
    Term(#[from] TermError),
    /// The term is no list.
    #[error("expected a list of {{APPLICATION, [{{KEY, VALUE}}]}}")]
    Shape,
    /// An element is neither an application's environment nor the name of a file.
    #[error("element number {number}: expected {{APPLICATION, [{{KEY, VALUE}}]}}")]
    Element {
        /// Its place in the list, counted from 1.
        number: usize,
    },
}

impl SysConfig {
    /// Reads the bytes of a `sys.config`.
    ///
    /// # Errors
    /// Where they are none.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, SysConfigError> {
        let Term::List(elements) = consult_one(bytes, limits)? else {
            return Err(SysConfigError::Shape);
        };
        let elements = elements
            .into_iter()
            .zip(1..)
            .map(|(term, number)| element(term).ok_or(SysConfigError::Element { number }))
            .collect::<Result<_, _>>()?;
        Ok(Self { elements })
    }

    /// The value of a key of an application, as far as this file tells: the last one counts.
    pub fn get(&self, application: &str, key: &str) -> Option<&Term> {
        let of_application = self
            .elements
            .iter()
            .rev()
            .filter_map(|element| match element {
                Element::Application { name, env } if name == application => Some(env),
                _ => None,
            });
        of_application
            .flat_map(|env| env.iter().rev())
            .find_map(|(found, value)| (found.as_atom() == Some(key)).then_some(value))
    }

    /// The file's text, with a key on each line where one is long.
    pub fn to_text(&self) -> String {
        let pair = |(key, value): &(Term, Term)| Term::Tuple(vec![key.clone(), value.clone()]);
        let elements = self.elements.iter().map(|element| match element {
            Element::Application { name, env } => {
                let env = Term::List(env.iter().map(pair).collect());
                Term::Tuple(vec![Term::atom(name), env])
            }
            Element::Include(file) => Term::string(file),
        });
        let list = Term::List(elements.collect());
        format!("%% coding: utf-8\n{}.\n", list.pretty())
    }
}

fn element(term: Term) -> Option<Element> {
    let Term::Tuple(elements) = term else {
        return term.text().map(Element::Include);
    };
    let [name, env] = elements.try_into().ok()?;
    let (Term::Atom(name), Term::List(env)) = (name, env) else {
        return None;
    };
    let pair = |term| match term {
        Term::Tuple(elements) => match <[Term; 2]>::try_from(elements) {
            Ok([key, value]) => Some((key, value)),
            Err(_) => None,
        },
        _ => None,
    };
    let env = env.into_iter().map(pair).collect::<Option<_>>()?;
    Some(Element::Application { name, env })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SysConfig, SysConfigError> {
        SysConfig::read(text.as_bytes(), &Limits::RELEASE)
    }

    #[test]
    fn the_last_value_of_a_key_counts() {
        let config = read(
            "%% coding: utf-8\n[{shop,[{port,1},{name,\"a\"},{port,2}]},\"other\",\n\
             {shop,[{name,\"b\"}]},{kernel,[{\"odd\",1}]}].",
        )
        .unwrap();
        assert_eq!(config.get("shop", "port"), Some(&Term::Int(2)));
        assert_eq!(config.get("shop", "name"), Some(&Term::string("b")));
        assert_eq!(config.get("shop", "host"), None);
        assert_eq!(config.get("kernel", "odd"), None);
        assert_eq!(config.elements[1], Element::Include("other".to_owned()));
        assert_eq!(read(&config.to_text()).unwrap(), config);
    }

    #[test]
    fn a_wrong_one_is_refused_with_its_place() {
        for (text, message) in [
            (
                "{shop,[]}.",
                "expected a list of {APPLICATION, [{KEY, VALUE}]}",
            ),
            (
                "[{shop,[]},{kernel,[odd]}].",
                "element number 2: expected {APPLICATION, [{KEY, VALUE}]}",
            ),
            (
                "[{shop,[]},odd].",
                "element number 2: expected {APPLICATION, [{KEY, VALUE}]}",
            ),
            ("[]. []. ", "expected one term and found 2"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }
}
