//! Configuration, by application and key.

use std::collections::BTreeMap;

use beam::Term;

use super::Change;

/// A key of an application's environment that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyDiff {
    /// The application.
    pub application: String,
    /// The key; an application whose entry is no list of keys has an empty one.
    pub key: String,
    /// What happened to it.
    pub change: Change,
    /// Its older value.
    pub from: Option<Term>,
    /// Its newer value.
    pub to: Option<Term>,
}

/// Compares two lists of an application's keys; of a key that is there twice the first counts, as in
/// `proplists`.
pub fn keys(application: &str, from: &[(String, Term)], to: &[(String, Term)]) -> Vec<KeyDiff> {
    let (from, to) = (first(from), first(to));
    let mut all: Vec<&str> = from.keys().chain(to.keys()).copied().collect();
    all.sort_unstable();
    all.dedup();
    let difference = |key: &str| {
        let (old, new) = (from.get(key), to.get(key));
        let change = match (old, new) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(_), Some(_)) => Change::Changed,
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
        };
        Some(KeyDiff {
            application: application.to_owned(),
            key: key.to_owned(),
            change,
            from: old.map(|term| (*term).clone()),
            to: new.map(|term| (*term).clone()),
        })
    };
    all.into_iter().filter_map(difference).collect()
}

fn first(pairs: &[(String, Term)]) -> BTreeMap<&str, &Term> {
    let pairs = pairs.iter().rev();
    pairs.map(|(key, value)| (key.as_str(), value)).collect()
}

/// Compares two `sys.config`s.
pub(super) fn applications(from: &Term, to: &Term) -> Vec<KeyDiff> {
    let (from, to) = (by_application(from), by_application(to));
    let mut names: Vec<&String> = from.keys().chain(to.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let none = Vec::new();
    let differences = names.into_iter().flat_map(|name| {
        let of =
            |all: &BTreeMap<String, Vec<(String, Term)>>| all.get(name).unwrap_or(&none).clone();
        keys(name, &of(&from), &of(&to))
    });
    differences.collect()
}

/// What is no application with keys counts as one without a name or key, so that a difference shows.
fn by_application(config: &Term) -> BTreeMap<String, Vec<(String, Term)>> {
    let mut found: BTreeMap<String, Vec<(String, Term)>> = BTreeMap::new();
    for entry in config.as_list().unwrap_or(std::slice::from_ref(config)) {
        match entry.as_tuple() {
            Some([Term::Atom(name), keys]) => {
                let own = found.entry(name.clone()).or_default();
                match pairs(keys) {
                    Some(pairs) => own.extend(pairs),
                    None => own.push((String::new(), keys.clone())),
                }
            }
            _ => {
                let rest = found.entry(String::new()).or_default();
                rest.push((entry.text().unwrap_or_default(), entry.clone()));
            }
        }
    }
    found
}

fn pairs(keys: &Term) -> Option<Vec<(String, Term)>> {
    let pairs = keys.as_list()?.iter().map(|pair| match pair.as_tuple() {
        Some([Term::Atom(key), value]) => Some((key.clone(), value.clone())),
        _ => None,
    });
    pairs.collect()
}
