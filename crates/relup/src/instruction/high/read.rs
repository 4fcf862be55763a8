//! Terms as high-level instructions, in every form that `systools_rc` expands and accepts.

use beam::Term;
use beam::rel::StartType;

use super::super::field::{atom, list, module, modules, purges, timeout};
use super::super::{InstructionError, Low, Problem, Purges};
use super::{Change, High, ModuleType, Update};

impl High {
    /// Reads an instruction of an `.appup` file.
    ///
    /// # Errors
    /// Where the term is no instruction.
    pub fn read(term: &Term) -> Result<Self, InstructionError> {
        let of = |problem: Problem| problem.of(term);
        match term.as_tuple().and_then(<[Term]>::split_first) {
            Some((Term::Atom(tag), fields)) => match tuple(tag, fields).map_err(of)? {
                Some(high) => Ok(high),
                None => Low::read(term).map(Self::Low),
            },
            _ => Low::read(term).map(Self::Low),
        }
    }

    /// Reads the instructions of one entry of an `.appup` file.
    ///
    /// An instruction that is itself a list stands for its elements, as in `systools_rc`, which reads
    /// no short forms there.
    ///
    /// # Errors
    /// Where an element is no instruction; with its place, counted from 1.
    pub fn read_all(terms: &[Term]) -> Result<Vec<Self>, (usize, InstructionError)> {
        let mut all = Vec::with_capacity(terms.len());
        for (number, term) in (1..).zip(terms) {
            match list(term) {
                None => all.push(Self::read(term).map_err(|error| (number, error))?),
                Some(inner) => {
                    for term in &inner {
                        all.push(in_list(term).map_err(|error| (number, error))?);
                    }
                }
            }
        }
        Ok(all)
    }
}

fn in_list(term: &Term) -> Result<High, InstructionError> {
    match term.as_tuple() {
        Some([Term::Atom(tag), fields @ ..])
            if matches!(
                (tag.as_str(), fields.len()),
                ("update", 1..=3) | ("load_module", 1..=2) | ("add_application", 1)
            ) =>
        {
            Err(Problem::ShortInList.of(term))
        }
        _ => High::read(term),
    }
}

/// `None` where the instruction is no high-level one.
fn tuple(tag: &str, fields: &[Term]) -> Result<Option<High>, Problem> {
    let application = |term| atom(term, "application");
    Ok(Some(match (tag, fields) {
        ("update", fields) => High::Update(update(fields)?),
        ("load_module", [name]) => load_module(name, Purges::BRUTAL, None)?,
        ("load_module", [name, depends]) => load_module(name, Purges::BRUTAL, Some(depends))?,
        ("load_module", [name, pre, post, depends]) => {
            load_module(name, purges(pre, post)?, Some(depends))?
        }
        ("add_module", [name]) => High::AddModule {
            module: module(name)?,
            depends: Vec::new(),
        },
        ("add_module", [name, depends]) => High::AddModule {
            module: module(name)?,
            depends: modules(depends)?,
        },
        ("delete_module", [name]) => High::DeleteModule {
            module: module(name)?,
            depends: Vec::new(),
        },
        ("delete_module", [name, depends]) => High::DeleteModule {
            module: module(name)?,
            depends: modules(depends)?,
        },
        ("add_application", [name]) => High::AddApplication {
            application: application(name)?,
            start: StartType::Permanent,
        },
        ("add_application", [name, start]) => High::AddApplication {
            application: application(name)?,
            start: start_type(start)?,
        },
        ("remove_application", [name]) => High::RemoveApplication {
            application: application(name)?,
        },
        ("restart_application", [name]) => High::RestartApplication {
            application: application(name)?,
        },
        _ => return Ok(None),
    }))
}

fn load_module(name: &Term, purges: Purges, depends: Option<&Term>) -> Result<High, Problem> {
    Ok(High::LoadModule {
        module: module(name)?,
        purges,
        depends: depends.map(modules).transpose()?.unwrap_or_default(),
    })
}

fn update(fields: &[Term]) -> Result<Update, Problem> {
    let (name, rest) = fields.split_first().ok_or(Problem::Unknown)?;
    let soft = Update::soft(module(name)?);
    Ok(match rest {
        [] => soft,
        [Term::Atom(word)] if word == "supervisor" => Update::supervisor(soft.module),
        [depends] if list(depends).is_some() => Update {
            depends: modules(depends)?,
            ..soft
        },
        [of] => Update {
            change: change(of)?,
            ..soft
        },
        [of, depends] => Update {
            change: change(of)?,
            depends: modules(depends)?,
            ..soft
        },
        [of, pre, post, depends] => Update {
            change: change(of)?,
            purges: purges(pre, post)?,
            depends: modules(depends)?,
            ..soft
        },
        [time, of, pre, post, depends] => Update {
            timeout: timeout(time)?,
            change: change(of)?,
            purges: purges(pre, post)?,
            depends: modules(depends)?,
            ..soft
        },
        [kind, time, of, pre, post, depends] => Update {
            module: soft.module,
            module_type: module_type(kind)?,
            timeout: timeout(time)?,
            change: change(of)?,
            purges: purges(pre, post)?,
            depends: modules(depends)?,
        },
        _ => return Err(Problem::Unknown),
    })
}

fn change(term: &Term) -> Result<Change, Problem> {
    match term {
        Term::Atom(word) if word == "soft" => Ok(Change::Soft),
        Term::Tuple(elements) => match elements.as_slice() {
            [Term::Atom(tag), extra] if tag == "advanced" => Ok(Change::Advanced(extra.clone())),
            _ => Err(Problem::field("soft or {advanced, EXTRA}", term)),
        },
        _ => Err(Problem::field("soft or {advanced, EXTRA}", term)),
    }
}

fn module_type(term: &Term) -> Result<ModuleType, Problem> {
    match term.as_atom() {
        Some("dynamic") => Ok(ModuleType::Dynamic),
        Some("static") => Ok(ModuleType::Static),
        _ => Err(Problem::field("dynamic or static", term)),
    }
}

fn start_type(term: &Term) -> Result<StartType, Problem> {
    match term.as_atom() {
        Some("permanent") => Ok(StartType::Permanent),
        Some("transient") => Ok(StartType::Transient),
        Some("temporary") => Ok(StartType::Temporary),
        Some("load") => Ok(StartType::Load),
        Some("none") => Ok(StartType::None),
        _ => Err(Problem::field("start type of an application", term)),
    }
}

#[cfg(test)]
mod tests {
    use beam::Limits;
    use beam::term::consult_one;

    use super::*;

    fn term(text: &str) -> Term {
        consult_one(format!("{text}.").as_bytes(), &Limits::RELEASE).unwrap()
    }

    fn printed(text: &str) -> String {
        High::read(&term(text)).unwrap().to_term().to_string()
    }

    #[test]
    fn the_shortest_form_is_printed() {
        for text in [
            "{update,m}",
            "{update,m,supervisor}",
            "{update,m,{advanced,[]}}",
            "{update,m,[a,b]}",
            "{update,m,{advanced,x},[a]}",
            "{update,m,soft,soft_purge,brutal_purge,[]}",
            "{update,m,{advanced,x},brutal_purge,soft_purge,[a]}",
            "{update,m,5000,soft,brutal_purge,brutal_purge,[]}",
            "{update,m,static,default,soft,brutal_purge,brutal_purge,[]}",
            "{update,m,static,infinity,{advanced,x},brutal_purge,brutal_purge,[a]}",
            "{load_module,m}",
            "{load_module,m,[a]}",
            "{load_module,m,soft_purge,soft_purge,[]}",
            "{add_module,m}",
            "{add_module,m,[a]}",
            "{delete_module,m}",
            "{delete_module,m,[a]}",
            "{add_application,shop}",
            "{add_application,shop,load}",
            "{remove_application,shop}",
            "{restart_application,shop}",
            "restart_new_emulator",
            "{apply,{m,f,[]}}",
        ] {
            assert_eq!(printed(text), text);
        }
    }

    #[test]
    fn longer_forms_mean_the_shorter_ones() {
        for (text, short) in [
            ("{update,m,soft}", "{update,m}"),
            ("{update,m,soft,[]}", "{update,m}"),
            ("{update,m,soft,brutal_purge,brutal_purge,[]}", "{update,m}"),
            (
                "{update,m,dynamic,default,soft,brutal_purge,brutal_purge,[a]}",
                "{update,m,[a]}",
            ),
            (
                "{update,m,static,default,{advanced,[]},brutal_purge,brutal_purge,[]}",
                "{update,m,supervisor}",
            ),
            (
                "{load_module,m,brutal_purge,brutal_purge,[]}",
                "{load_module,m}",
            ),
            ("{add_module,m,[]}", "{add_module,m}"),
            ("{add_application,shop,permanent}", "{add_application,shop}"),
        ] {
            assert_eq!(printed(text), short);
        }
    }

    #[test]
    fn a_list_stands_for_its_elements_written_out() {
        let script = term("[{update,a},[{add_module,b},point_of_no_return],[]]");
        let all = High::read_all(script.as_list().unwrap()).unwrap();
        let texts: Vec<_> = all.iter().map(|i| i.to_term().to_string()).collect();
        assert_eq!(
            texts,
            ["{update,a}", "{add_module,b}", "point_of_no_return"]
        );
        let script = term("[{update,a},[{update,b}]]");
        let (number, error) = High::read_all(script.as_list().unwrap()).unwrap_err();
        assert_eq!((number, error.problem), (2, Problem::ShortInList));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            (
                "{update,m,advanced}",
                "{update,m,advanced}: advanced is no soft or {advanced, EXTRA}",
            ),
            ("{update}", "{update}: there is no such instruction"),
            ("{update,\"m\"}", "{update,\"m\"}: \"m\" is no module"),
            (
                "{load_module,m,soft_purge,soft_purge}",
                "{load_module,m,soft_purge,soft_purge}: there is no such instruction",
            ),
            (
                "{load_module,m,dep}",
                "{load_module,m,dep}: dep is no list of modules",
            ),
            (
                "{add_application,shop,sometimes}",
                "{add_application,shop,sometimes}: sometimes is no start type of an application",
            ),
            ("{upgrade,m}", "{upgrade,m}: there is no such instruction"),
            ("17", "17: there is no such instruction"),
        ] {
            assert_eq!(High::read(&term(text)).unwrap_err().to_string(), message);
        }
    }
}
