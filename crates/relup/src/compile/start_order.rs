//! The order in which applications start, as `systools_make` derives it from their `.app` files.
//!
//! It is that of the `.rel` file, but an application comes after those that it names. The scripts of
//! the applications come in this order in a relup.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::Application;

/// What each application needs to be started before it.
struct Needs<'a> {
    uses: Vec<&'a str>,
    includes: Vec<&'a str>,
}

/// What is known while the order is found.
struct State<'a> {
    applications: &'a [Application],
    place: HashMap<&'a str, usize>,
    waiting: VecDeque<usize>,
    /// What was looked at: where it is again, those it needs were put before it.
    seen: Vec<bool>,
    unordered: BTreeSet<String>,
}

impl State<'_> {
    fn unordered(&mut self, of: usize, need: usize) {
        let names = [of, need].map(|n| self.applications[n].name.clone());
        self.unordered.extend(names);
    }
}

/// Puts the applications in the order of their start.
///
/// # Errors
/// The names of applications that have no order among them.
pub(super) fn start_order(
    applications: &[Application],
) -> Result<Vec<&Application>, BTreeSet<String>> {
    let mut state = State {
        applications,
        place: (0..)
            .zip(applications)
            .map(|(place, application)| (application.name.as_str(), place))
            .collect(),
        waiting: (0..applications.len()).collect(),
        seen: vec![false; applications.len()],
        unordered: BTreeSet::new(),
    };
    let needs = needs(applications, &state.place);
    let mut order = Vec::with_capacity(applications.len());
    while let Some(next) = state.waiting.pop_front() {
        let mut first = take_all(next, &needs[next].uses, &mut state);
        first.extend(take_all(next, &needs[next].includes, &mut state));
        if first.is_empty() {
            state.seen[next] = true;
            order.push(&applications[next]);
            continue;
        }
        let again: Vec<usize> = first.iter().copied().filter(|n| state.seen[*n]).collect();
        for need in &again {
            state.unordered(next, *need);
        }
        state.seen[next] = true;
        state.waiting.push_front(next);
        for need in first.into_iter().rev().filter(|n| !again.contains(n)) {
            state.waiting.push_front(need);
        }
    }
    match state.unordered.is_empty() {
        true => Ok(order),
        false => Err(state.unordered),
    }
}

/// Takes out of what waits the applications that one needs.
///
/// One that includes it stays, and must have been looked at before.
fn take_all(of: usize, names: &[&str], state: &mut State<'_>) -> Vec<usize> {
    let mut taken = Vec::new();
    for name in names {
        let Some(need) = state.place.get(name).copied() else {
            continue;
        };
        let Some(at) = state.waiting.iter().position(|w| *w == need) else {
            // What is both needed and included was taken a moment ago.
            if !state.seen[need] {
                state.unordered(of, need);
            }
            continue;
        };
        let included = &state.applications[need].resource.included_applications;
        if !included.contains(&state.applications[of].name) {
            state.waiting.remove(at);
            taken.push(need);
        } else if !state.seen[need] {
            state.unordered(of, need);
        }
    }
    taken
}

/// What each application names, in the order of the `.rel` file; instead of one that another includes,
/// the one at the top of that inclusion.
fn needs<'a>(applications: &'a [Application], place: &HashMap<&str, usize>) -> Vec<Needs<'a>> {
    let mut included_in: HashMap<&str, &str> = HashMap::new();
    for application in applications {
        for name in &application.resource.included_applications {
            included_in.entry(name).or_insert(&application.name);
        }
    }
    let top_of = |name: &'a str| {
        let mut top = name;
        // A circle of inclusions ends the walk; the order then finds it circular.
        for _ in 0..applications.len() {
            match included_in.get(top) {
                Some(above) => top = above,
                None => break,
            }
        }
        top
    };
    let in_rel_order = |names: &mut Vec<&'a str>| {
        names.sort_by_key(|name| place.get(name).copied().unwrap_or(usize::MAX));
    };
    let mut all = Vec::with_capacity(applications.len());
    for application in applications {
        let own_top = top_of(&application.name);
        let names = application.resource.applications.iter();
        let mut uses: Vec<&str> = names.map(String::as_str).collect();
        for name in &application.resource.applications {
            let name = name.as_str();
            if name == own_top {
                remove_first(&mut uses, own_top);
            } else if let Some(parent) = included_in.get(name) {
                let top = top_of(parent);
                if uses.contains(&top) {
                    remove_first(&mut uses, name);
                } else if top != own_top {
                    remove_first(&mut uses, name);
                    uses.push(top);
                }
            }
        }
        let names = application.resource.included_applications.iter();
        let mut includes: Vec<&str> = names.map(String::as_str).collect();
        in_rel_order(&mut uses);
        in_rel_order(&mut includes);
        all.push(Needs { uses, includes });
    }
    all
}

fn remove_first(names: &mut Vec<&str>, name: &str) {
    if let Some(at) = names.iter().position(|n| *n == name) {
        names.remove(at);
    }
}
