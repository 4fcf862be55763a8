//! Consolidated protocols: modules that lie in no application's `ebin`.
//!
//! `mix release` puts them in `releases/VSN/consolidated`, which the boot script has at the head of the
//! code path. `release_handler` loads object code only from `LIBDIR/ebin`, where the same modules lie
//! unconsolidated. So they are loaded by a call after the point of no return. Where the release lies is
//! known only there: the call is one of `erl_eval`, of stdlib, which finds the directory from that of
//! the application `elixir`, takes the other release's consolidated directory out of the code path, puts
//! this one at its head, as a cold boot has it, and loads each module that differs. What is still there
//! from the upgrade before is purged, as `release_handler` itself does when it loads: protocols call their
//! implementations last, so no process waits in one.
//!
//! A protocol that knows a new implementation is loaded before any code that may need it; one that has
//! lost one, after all code that may have. One that has both is loaded before, and the verdict says so.

use std::collections::BTreeSet;

use beam::Term;

use super::Part;
use crate::{High, Low, Module, Release};

/// What a call makes of the consolidated protocols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The release whose consolidated directory leaves the code path.
    pub from: String,
    /// The release whose consolidated directory heads the code path from here on.
    pub to: String,
    /// The modules loaded from there, in this order.
    pub load: Vec<String>,
}

/// How the consolidated protocols of two releases differ, in one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protocols {
    /// Those that are new or know at least one new implementation.
    pub gain: Vec<String>,
    /// Those that have lost implementations and gained none, or differ in another way.
    pub other: Vec<String>,
    /// Those of `gain` that have lost implementations as well.
    pub both: Vec<String>,
}

/// Adds the calls that bring the protocols of `from` to those of `to`.
pub(super) fn generate(from: &Release, to: &Release, part: &mut Part) {
    if from.consolidated.is_empty() && to.consolidated.is_empty() {
        return;
    }
    let Protocols { gain, other, .. } = differences(from, to);
    let swap = |load| Swap {
        from: from.vsn.clone(),
        to: to.vsn.clone(),
        load,
    };
    part.before.push(High::Low(swap(gain).to_low()));
    if !other.is_empty() {
        part.after.push(High::Low(swap(other).to_low()));
    }
}

/// Tells how the consolidated protocols differ.
#[must_use]
pub fn differences(from: &Release, to: &Release) -> Protocols {
    let mut found = Protocols::default();
    for (name, module) in &to.consolidated {
        let Some(before) = from.consolidated.get(name) else {
            found.gain.push(name.clone());
            continue;
        };
        if before.md5 == module.md5 {
            continue;
        }
        let (had, has) = (implementations(before, from), implementations(module, to));
        let (gains, loses) = (!has.is_subset(&had), !had.is_subset(&has));
        if gains && loses {
            found.both.push(name.clone());
        }
        if gains {
            found.gain.push(name.clone());
        } else {
            found.other.push(name.clone());
        }
    }
    found
}

/// The modules of the release that implement a protocol: they are named by the protocol and the type.
fn implementations(protocol: &Module, release: &Release) -> BTreeSet<String> {
    let prefix = format!("{}.", protocol.name);
    let modules = release.applications.iter().flat_map(|app| &app.modules);
    modules
        .filter(|(name, module)| name.starts_with(&prefix) && module.exports("__impl__", 1))
        .map(|(name, _)| name.clone())
        .collect()
}

impl Swap {
    /// The call.
    #[must_use]
    pub fn to_low(&self) -> Low {
        Low::Apply {
            module: "erl_eval".to_owned(),
            function: "exprs".to_owned(),
            args: vec![Term::List(self.expressions()), Term::List(Vec::new())],
        }
    }

    /// Reads a call: `None` where it is any other instruction.
    #[must_use]
    pub fn read(low: &Low) -> Option<Self> {
        let Low::Apply { args, .. } = low else {
            return None;
        };
        let [Term::List(expressions), _] = args.as_slice() else {
            return None;
        };
        let [lib, del, add, load] = expressions.as_slice() else {
            return None;
        };
        let swap = Self {
            from: strings(del).into_iter().find_map(|s| {
                let vsn = s
                    .strip_prefix("/releases/")?
                    .strip_suffix("/consolidated")?;
                Some(vsn.to_owned())
            })?,
            to: strings(lib).into_iter().nth(2)?,
            load: modules(load),
        };
        let _ = add;
        (swap.to_low() == *low).then_some(swap)
    }

    /// In Erlang:
    ///
    /// ```text
    /// Dir = filename:join([filename:dirname(code:lib_dir(elixir)), "..", "releases", To, "consolidated"]),
    /// [code:del_path(Path) || Path <- code:get_path(), lists:suffix("/releases/FROM/consolidated", Path)],
    /// true = code:add_patha(Dir),
    /// [begin code:purge(Module), {module, Module} = code:load_abs(filename:join(Dir, atom_to_list(Module))) end
    ///     || Module <- Load]
    /// ```
    fn expressions(&self) -> Vec<Term> {
        let parent = call(
            "filename",
            "dirname",
            vec![call("code", "lib_dir", vec![atom("elixir")])],
        );
        let parts = vec![
            parent,
            string(".."),
            string("releases"),
            string(&self.to),
            string("consolidated"),
        ];
        let directory = call("filename", "join", vec![list(parts)]);
        let left = format!("/releases/{}/consolidated", self.from);
        let is_left = call("lists", "suffix", vec![string(&left), var("Path")]);
        let delete = comprehension(
            call("code", "del_path", vec![var("Path")]),
            vec![
                generator(var("Path"), call("code", "get_path", vec![])),
                is_left,
            ],
        );
        let add = call("code", "add_patha", vec![var("Dir")]);
        let name = call("erlang", "atom_to_list", vec![var("Module")]);
        let file = call("filename", "join", vec![var("Dir"), name]);
        let loaded = form(
            "tuple",
            vec![Term::List(vec![atom("module"), var("Module")])],
        );
        let purge = call("code", "purge", vec![var("Module")]);
        let load = matched(loaded, call("code", "load_abs", vec![file]));
        let load = comprehension(
            form("block", vec![Term::List(vec![purge, load])]),
            vec![generator(
                var("Module"),
                list(self.load.iter().map(|m| atom(m)).collect()),
            )],
        );
        vec![
            matched(var("Dir"), directory),
            delete,
            matched(atom("true"), add),
            load,
        ]
    }
}

fn form(tag: &str, parts: Vec<Term>) -> Term {
    let mut elements = vec![Term::atom(tag), Term::Int(1)];
    elements.extend(parts);
    Term::Tuple(elements)
}

fn atom(name: &str) -> Term {
    form("atom", vec![Term::atom(name)])
}

fn var(name: &str) -> Term {
    form("var", vec![Term::atom(name)])
}

fn string(text: &str) -> Term {
    form("string", vec![Term::string(text)])
}

fn list(elements: Vec<Term>) -> Term {
    let nil = form("nil", vec![]);
    elements
        .into_iter()
        .rev()
        .fold(nil, |tail, head| form("cons", vec![head, tail]))
}

fn call(module: &str, function: &str, args: Vec<Term>) -> Term {
    let function = form("remote", vec![atom(module), atom(function)]);
    form("call", vec![function, Term::List(args)])
}

fn matched(pattern: Term, value: Term) -> Term {
    form("match", vec![pattern, value])
}

fn generator(pattern: Term, values: Term) -> Term {
    form("generate", vec![pattern, values])
}

fn comprehension(value: Term, qualifiers: Vec<Term>) -> Term {
    form("lc", vec![value, Term::List(qualifiers)])
}

/// The strings of an expression that this module made, in order. Nested no deeper than the text of a
/// term may be.
fn strings(expression: &Term) -> Vec<String> {
    let text = |parts: &[Term]| match parts {
        [tag, _, text] if tag.as_atom() == Some("string") => text.text(),
        _ => None,
    };
    collected(expression, &text)
}

fn modules(expression: &Term) -> Vec<String> {
    let name = |parts: &[Term]| match parts {
        [tag, _, head, _] if tag.as_atom() == Some("cons") => {
            let name = head.as_tuple()?.get(2)?.as_atom()?;
            Some(name.to_owned())
        }
        _ => None,
    };
    collected(expression, &name)
}

fn collected(expression: &Term, take: &dyn Fn(&[Term]) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![expression];
    while let Some(term) = open.pop() {
        let elements = match term {
            Term::Tuple(elements) => {
                found.extend(take(elements));
                elements
            }
            Term::List(elements) => elements,
            _ => continue,
        };
        open.extend(elements.iter().rev());
    }
    found
}

#[cfg(test)]
mod tests {
    use beam::Limits;
    use beam::term::consult_one;

    use super::*;

    #[test]
    fn a_call_is_read_back_and_nothing_else_is() {
        let swap = Swap {
            from: "0.1.0".to_owned(),
            to: "0.2.0".to_owned(),
            load: vec![
                "Elixir.Enumerable".to_owned(),
                "Elixir.Shop.Price".to_owned(),
            ],
        };
        assert_eq!(Swap::read(&swap.to_low()), Some(swap.clone()));
        let none = Swap {
            load: Vec::new(),
            ..swap.clone()
        };
        assert_eq!(Swap::read(&none.to_low()), Some(none));

        let text = swap.to_low().to_term().to_string();
        let read =
            Low::read(&consult_one(format!("{text}.").as_bytes(), &Limits::RELEASE).unwrap());
        assert_eq!(Swap::read(&read.unwrap()), Some(swap.clone()));

        let altered = text.replace("add_patha", "add_pathz");
        let read =
            Low::read(&consult_one(format!("{altered}.").as_bytes(), &Limits::RELEASE).unwrap());
        assert_eq!(Swap::read(&read.unwrap()), None);
    }
}
