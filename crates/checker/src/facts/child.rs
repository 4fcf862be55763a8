//! A child specification, in one form however it was written.

use beam::Term;

/// A child of a supervisor; [`Child::from_spec`] makes one that compares with any other.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// Its id.
    pub id: Term,
    /// What starts it: `{M, F, A}`.
    pub start: Term,
    /// What else its specification says: `{Restart, Shutdown, Type, Modules, Significant}`.
    pub options: Term,
    /// The module that its process runs on, where known.
    pub module: Option<String>,
}

impl Child {
    /// Reads a child specification, a map or a tuple, with the defaults of `supervisor(3)`.
    ///
    /// The process is taken to run on the module of the start function, unless the specification lists
    /// exactly one other.
    #[must_use]
    pub fn from_spec(spec: &Term) -> Option<Self> {
        match spec {
            Term::Map(pairs) => {
                let get = |key: &str| {
                    let mut pairs = pairs.iter();
                    pairs.find_map(|(k, v)| (k.as_atom() == Some(key)).then_some(v))
                };
                Self::of(
                    get("id")?,
                    get("start")?,
                    [get("restart"), get("shutdown"), get("type"), get("modules")],
                    get("significant"),
                )
            }
            Term::Tuple(elements) => {
                let [id, start, restart, shutdown, kind, modules] = elements.as_slice() else {
                    return None;
                };
                let options = [Some(restart), Some(shutdown), Some(kind), Some(modules)];
                Self::of(id, start, options, None)
            }
            _ => None,
        }
    }

    fn of(
        id: &Term,
        start: &Term,
        [restart, shutdown, kind, modules]: [Option<&Term>; 4],
        significant: Option<&Term>,
    ) -> Option<Self> {
        let [Term::Atom(starter), Term::Atom(_), _] = start.as_tuple()? else {
            return None;
        };
        let kind = kind.cloned().unwrap_or_else(|| Term::atom("worker"));
        let shutdown = shutdown.cloned().unwrap_or_else(|| match &kind {
            Term::Atom(kind) if kind == "supervisor" => Term::atom("infinity"),
            _ => Term::Int(5000),
        });
        let own = || Term::List(vec![Term::atom(starter.clone())]);
        let modules = modules.cloned().unwrap_or_else(own);
        let module = match modules.as_list() {
            Some([Term::Atom(one)]) => one.clone(),
            _ => starter.clone(),
        };
        let restart = restart.cloned().unwrap_or_else(|| Term::atom("permanent"));
        let significant = significant.cloned().unwrap_or_else(|| Term::atom("false"));
        Some(Self {
            id: id.clone(),
            start: start.clone(),
            options: Term::Tuple(vec![restart, shutdown, kind, modules, significant]),
            module: Some(module),
        })
    }

    /// Whether its supervisor forgets it when it ends.
    pub(crate) fn is_temporary(&self) -> bool {
        let restart = self.options.as_tuple().and_then(<[Term]>::first);
        restart.and_then(Term::as_atom) == Some("temporary")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Child> {
        let terms = beam::term::consult(text.as_bytes(), &beam::Limits::RELEASE).expect("a term");
        Child::from_spec(&terms[0])
    }

    #[test]
    fn a_map_and_a_tuple_that_say_the_same_are_the_same() {
        let map = read("#{id => a, start => {m, start_link, []}}.");
        let tuple = read("{a, {m, start_link, []}, permanent, 5000, worker, [m]}.");
        assert_eq!(map, tuple);
        assert_eq!(map.expect("a child").module.as_deref(), Some("m"));
    }

    #[test]
    fn a_supervisor_as_a_child_has_all_the_time_it_needs() {
        let map = read("#{id => a, start => {m, s, []}, type => supervisor}.");
        let tuple = read("{a, {m, s, []}, permanent, infinity, supervisor, [m]}.");
        assert_eq!(map, tuple);
    }

    #[test]
    fn what_is_no_specification_is_none() {
        for text in ["a.", "{a, b}.", "#{id => a}.", "#{id => a, start => m}."] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_temporary_child_is_known_by_its_restart() {
        let child = read("#{id => a, start => {m, s, []}, restart => temporary}.");
        assert!(child.expect("a child").is_temporary());
    }
}
