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

/// Puts the applications in the order of their start.
///
/// # Errors
/// The names of applications that need each other in a circle.
pub(super) fn start_order(
    applications: &[Application],
) -> Result<Vec<&Application>, BTreeSet<String>> {
    let place: HashMap<&str, usize> = (0..)
        .zip(applications)
        .map(|(place, application)| (application.name.as_str(), place))
        .collect();
    let needs = needs(applications, &place);

    let mut waiting: VecDeque<usize> = (0..applications.len()).collect();
    // Where an application is looked at again, those it needs were put before it.
    let mut seen = vec![false; applications.len()];
    let mut order = Vec::with_capacity(applications.len());
    let mut circular = BTreeSet::new();
    while let Some(next) = waiting.pop_front() {
        let mut first = take_all(next, &needs[next].uses, applications, &place, &mut waiting);
        let includes = &needs[next].includes;
        first.extend(take_all(next, includes, applications, &place, &mut waiting));
        if first.is_empty() {
            seen[next] = true;
            order.push(&applications[next]);
            continue;
        }
        let again: Vec<usize> = first.iter().copied().filter(|n| seen[*n]).collect();
        if !again.is_empty() {
            circular.extend(
                again
                    .iter()
                    .chain([&next])
                    .map(|n| applications[*n].name.clone()),
            );
        }
        seen[next] = true;
        waiting.push_front(next);
        for need in first.into_iter().rev().filter(|n| !again.contains(n)) {
            waiting.push_front(need);
        }
    }
    match circular.is_empty() {
        true => Ok(order),
        false => Err(circular),
    }
}

/// Takes out of what waits the applications that one needs, except one that includes it.
fn take_all(
    of: usize,
    names: &[&str],
    applications: &[Application],
    place: &HashMap<&str, usize>,
    waiting: &mut VecDeque<usize>,
) -> Vec<usize> {
    let mut taken = Vec::new();
    for name in names {
        let Some(need) = place.get(name) else {
            continue;
        };
        let Some(at) = waiting.iter().position(|w| w == need) else {
            continue;
        };
        let included = &applications[*need].resource.included_applications;
        if !included.contains(&applications[of].name) {
            waiting.remove(at);
            taken.push(*need);
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
