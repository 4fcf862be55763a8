//! Shapes in words, and the symbols of what is made of unknown values.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use super::{Key, MapShape, Origin, Part, Shape, Symbol};
use crate::ast::Name;

/// Longer names of unknown values are not told apart.
const TEXT_MAX: usize = 200;

/// A module without the prefix of Elixir.
pub(crate) fn module(name: &str) -> &str {
    name.strip_prefix("Elixir.").unwrap_or(name)
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(name) => f.write_str(module(name)),
            Self::Int(value) => value.fmt(f),
            Self::Binary(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
        }
    }
}

impl Symbol {
    /// What a part of this unknown value is.
    pub(crate) fn part(&self, which: &str) -> Self {
        match self.origin {
            Origin::Outside | Origin::Limit => self.clone(),
            _ if self.text.len() + which.len() > TEXT_MAX => Self {
                origin: Origin::Limit,
                text: "an unknown value followed too far".into(),
            },
            origin => Self {
                origin,
                text: format!("{which} of {}", self.text).into(),
            },
        }
    }

    /// The value of a key of this unknown map.
    pub(crate) fn field(&self, key: &Key) -> Shape {
        Shape::symbol(self.part(&format!("`{key}`")))
    }
}

impl Display for Shape {
    /// Without what is inside, so that the text of something that grows does not grow with it.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.is_never() {
            return f.write_str("nothing");
        }
        let listed: Vec<String> = self.parts().iter().take(6).map(Part::to_string).collect();
        f.write_str(&listed.join(" or "))?;
        match self.parts().len() {
            0..=6 => Ok(()),
            _ => f.write_str(" or more"),
        }
    }
}

impl Shape {
    /// With everything inside.
    pub(crate) fn in_full(&self) -> String {
        let part = |part: &Part| match part {
            Part::Tuple(elements) => {
                let elements: Vec<String> = elements.iter().map(Self::in_full).collect();
                format!("{{{}}}", elements.join(", "))
            }
            Part::List(element) => format!("[{}]", element.in_full()),
            Part::Boxed(kind, element) => format!("{kind}({})", element.in_full()),
            Part::Map(map) => {
                let mut all: Vec<String> = Vec::new();
                for (key, field) in &map.fields {
                    let mark = if field.optional { "?" } else { "" };
                    all.push(format!("{key}{mark}: {}", field.value.in_full()));
                }
                if let Some((key, value)) = &map.rest {
                    all.push(format!("{} => {}", key.in_full(), value.in_full()));
                }
                all.extend(map.base.iter().map(|base| format!(".. {}", base.text)));
                format!("%{{{}}}", all.join(", "))
            }
            part => part.to_string(),
        };
        let parts: Vec<String> = self.parts().iter().map(part).collect();
        parts.join(" | ")
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(name) => write!(f, "`{}`", module(name)),
            Self::AnyAtom => f.write_str("an atom"),
            Self::Int => f.write_str("an integer"),
            Self::Float => f.write_str("a float"),
            Self::Binary => f.write_str("a binary"),
            Self::Pid => f.write_str("a pid"),
            Self::Reference => f.write_str("a reference"),
            Self::Port => f.write_str("a port"),
            Self::Fun(arity) | Self::Closure(_, arity) => write!(f, "a fun of arity {arity}"),
            Self::Tuple(elements) => match elements.first().and_then(Shape::single_atom) {
                Some(tag) => write!(f, "a tuple of {} tagged `{}`", elements.len(), module(tag)),
                None => write!(f, "a tuple of {}", elements.len()),
            },
            Self::List(element) if element.is_never() => f.write_str("the empty list"),
            Self::List(_) => f.write_str("a list"),
            Self::Map(map) => map.fmt(f),
            Self::Boxed(kind, _) => write!(f, "a {kind}"),
            Self::Opaque(symbol) => f.write_str(&symbol.text),
        }
    }
}

impl Display for MapShape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(tag) = self.tag() {
            return write!(f, "%{}{{}}", module(tag));
        }
        let keys: Vec<String> = self.fields.keys().take(12).map(Key::to_string).collect();
        match keys.as_slice() {
            [] => f.write_str("a map"),
            keys => write!(f, "a map with {}", keys.join(", ")),
        }
    }
}

/// The symbol of what a function that is not followed returns, given arguments that are named so.
pub(crate) fn called(callee: &str, arguments: &[Named]) -> Name {
    let brief: Vec<&str> = arguments
        .iter()
        .map(|argument| argument.brief.as_str())
        .collect();
    let full: Vec<&str> = arguments
        .iter()
        .map(|argument| argument.full.as_str())
        .collect();
    let mut text = format!("{callee}({})", brief.join(", "));
    let hidden = brief != full;
    if let Some((end, _)) = text.char_indices().nth(TEXT_MAX) {
        text.truncate(end);
        text.push('…');
    }
    if hidden || text.ends_with('…') {
        // What the text leaves out still tells two calls apart; the digest is the same in every run.
        text.push_str(&format!("#{:08x}", digest(full.join(",").as_bytes())));
    }
    text.into()
}

/// An argument in the name of what a function returns.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) brief: String,
    /// With everything inside, but of other unknown values only where they come from: these would grow
    /// without end.
    pub(crate) full: String,
}

impl Named {
    pub(crate) fn of(shape: &Shape) -> Self {
        Self {
            brief: listed(shape.parts().iter().map(|part| match part {
                Part::Opaque(symbol) => source(symbol),
                part => part.to_string(),
            })),
            full: full(shape),
        }
    }
}

/// Each once, sorted.
fn listed(texts: impl Iterator<Item = String>) -> String {
    let texts: BTreeSet<String> = texts.collect();
    Vec::from_iter(texts).join(" or ")
}

fn source(symbol: &Symbol) -> String {
    match symbol.text.split_once('(') {
        Some((name, _)) => format!("{name}(…)"),
        None => symbol.text.to_string(),
    }
}

fn full(shape: &Shape) -> String {
    listed(shape.parts().iter().map(|part| match part {
        Part::Opaque(symbol) => source(symbol),
        Part::Tuple(elements) => {
            let elements: Vec<String> = elements.iter().map(full).collect();
            format!("{{{}}}", elements.join(", "))
        }
        Part::List(element) => format!("[{}]", full(element)),
        Part::Boxed(kind, element) => format!("{kind} of {}", full(element)),
        Part::Map(map) => {
            let field =
                |(key, field): (&Key, &super::Field)| format!("{key}: {}", full(&field.value));
            let mut all: Vec<String> = map.fields.iter().map(field).collect();
            let rest = map.rest.iter();
            all.extend(rest.map(|(key, value)| format!("{} => {}", full(key), full(value))));
            all.extend(map.base.iter().map(source));
            format!("%{{{}}}", all.join(", "))
        }
        part => part.to_string(),
    }))
}

/// FNV-1a.
fn digest(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
