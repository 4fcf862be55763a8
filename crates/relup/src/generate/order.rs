//! In which order modules are replaced, so that a call finds what it calls at every moment.
//!
//! Of two modules, one of which calls the other, what must come first depends on what is called: a new
//! function has to be there before its callers are, and one that is gone may only go after them. Where a
//! call asks for neither, the callee comes first on the way up and last on the way down.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::{Direction, Module};

/// A module that is replaced, added (`from` is `None`) or deleted (`to` is `None`).
#[derive(Debug, Clone)]
pub(super) struct Replaced<'a> {
    pub(super) application: &'a str,
    pub(super) from: Option<&'a Arc<Module>>,
    pub(super) to: Option<&'a Arc<Module>>,
}

/// A call that no order serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window {
    pub(super) caller: String,
    pub(super) callee: String,
    pub(super) function: String,
}

/// An order of modules.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Order {
    /// The modules, the first to be replaced first.
    pub(super) modules: Vec<String>,
    /// Of each module, those that must come before it.
    pub(super) before: BTreeMap<String, BTreeSet<String>>,
    /// Calls that fail for a moment in this order.
    pub(super) windows: Vec<Window>,
}

impl Replaced<'_> {
    /// What is new comes first where nothing speaks against it, what goes comes last: a module may be
    /// named as data, and then no call tells who needs it.
    fn kind(&self) -> u8 {
        match (self.from, self.to) {
            (None, _) => 0,
            (Some(_), Some(_)) => 1,
            (Some(_), None) => 2,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Must,
    Rather,
}

struct Edge {
    first: usize,
    then: usize,
    weight: Weight,
    caller: usize,
    callee: usize,
    function: String,
}

/// Finds the order in which modules are replaced.
pub(super) fn order(replaced: &BTreeMap<String, Replaced<'_>>, direction: Direction) -> Order {
    let names: Vec<&str> = replaced.keys().map(String::as_str).collect();
    let index: HashMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let edges = edges(replaced, &index, direction);
    let place = places(&sort(names.len(), &edges));
    let kinds: Vec<u8> = replaced.values().map(Replaced::kind).collect();
    let sorted = by_kind(&place, &edges, &kinds);
    let place = places(&sorted);
    let mut order = Order {
        modules: sorted.iter().map(|&i| names[i].to_owned()).collect(),
        ..Order::default()
    };
    for edge in &edges {
        if place[edge.first] < place[edge.then] {
            let before = order.before.entry(names[edge.then].to_owned());
            before.or_default().insert(names[edge.first].to_owned());
        } else if edge.weight == Weight::Must {
            order.windows.push(Window {
                caller: names[edge.caller].to_owned(),
                callee: names[edge.callee].to_owned(),
                function: edge.function.clone(),
            });
        }
    }
    order.windows.sort();
    order.windows.dedup();
    order
}

fn edges(
    replaced: &BTreeMap<String, Replaced<'_>>,
    index: &HashMap<&str, usize>,
    direction: Direction,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (caller, module) in replaced {
        let caller = index[caller.as_str()];
        for (is_target, version) in [(false, module.from), (true, module.to)] {
            let Some(version) = version else { continue };
            for (name, function, arity) in &version.imports {
                let Some(&callee) = index.get(name.as_str()).filter(|&&i| i != caller) else {
                    continue;
                };
                let other = &replaced[name];
                let has = |m: Option<&Arc<Module>>| m.is_some_and(|m| m.exports(function, *arity));
                let (had, will) = (has(other.from), has(other.to));
                // The target's code calls what is new; the running code calls what goes.
                let (first, then, weight) = match (is_target, had, will) {
                    (true, false, true) => (callee, caller, Weight::Must),
                    (false, true, false) => (caller, callee, Weight::Must),
                    _ if direction == Direction::Up => (callee, caller, Weight::Rather),
                    _ => (caller, callee, Weight::Rather),
                };
                let function = format!("{function}/{arity}");
                edges.push(Edge {
                    first,
                    then,
                    weight,
                    caller,
                    callee,
                    function,
                });
            }
        }
    }
    edges
}

/// Sorts so that every edge that must hold does, and of the others as many as lie on no cycle.
fn sort(count: usize, edges: &[Edge]) -> Vec<usize> {
    let all: Vec<usize> = (0..count).collect();
    let mut sorted = Vec::with_capacity(count);
    for component in components(&all, edges, |_| true) {
        if component.len() == 1 {
            sorted.extend(component);
        } else {
            let must = components(&component, edges, |e| e.weight == Weight::Must);
            sorted.extend(must.into_iter().flatten());
        }
    }
    sorted
}

fn places(sorted: &[usize]) -> Vec<usize> {
    let mut place = vec![0; sorted.len()];
    for (at, &module) in sorted.iter().enumerate() {
        place[module] = at;
    }
    place
}

/// Orders anew by kind, with every edge kept that the order given keeps.
fn by_kind(place: &[usize], edges: &[Edge], kinds: &[u8]) -> Vec<usize> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); place.len()];
    let mut waits = vec![0_usize; place.len()];
    for edge in edges.iter().filter(|e| place[e.first] < place[e.then]) {
        next[edge.first].push(edge.then);
        waits[edge.then] += 1;
    }
    let key = |module: usize| (kinds[module], place[module], module);
    let free = (0..place.len()).filter(|&module| waits[module] == 0);
    let mut free: BTreeSet<(u8, usize, usize)> = free.map(key).collect();
    let mut sorted = Vec::with_capacity(place.len());
    while let Some((_, _, module)) = free.pop_first() {
        sorted.push(module);
        for &then in &next[module] {
            waits[then] -= 1;
            if waits[then] == 0 {
                free.insert(key(then));
            }
        }
    }
    sorted
}

/// Strongly connected components in topological order, each sorted, after Tarjan; without recursion.
fn components(
    modules: &[usize],
    edges: &[Edge],
    counts: impl Fn(&Edge) -> bool,
) -> Vec<Vec<usize>> {
    let at: HashMap<usize, usize> = modules.iter().enumerate().map(|(i, &m)| (m, i)).collect();
    // Backwards: Tarjan's algorithm closes a component after all that it leads to.
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); modules.len()];
    for edge in edges.iter().filter(|e| counts(e)) {
        if let (Some(&first), Some(&then)) = (at.get(&edge.first), at.get(&edge.then)) {
            next[then].push(first);
        }
    }
    for targets in &mut next {
        targets.sort_unstable();
        targets.dedup();
    }
    let unseen = usize::MAX;
    let (mut number, mut low) = (vec![unseen; modules.len()], vec![0; modules.len()]);
    let (mut on_stack, mut stack) = (vec![false; modules.len()], Vec::new());
    let (mut counter, mut found) = (0, Vec::new());
    for root in 0..modules.len() {
        if number[root] != unseen {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some(&mut (node, ref mut child)) = path.last_mut() {
            if *child == 0 && number[node] == unseen {
                (number[node], low[node]) = (counter, counter);
                counter += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(&target) = next[node].get(*child) {
                *child += 1;
                if number[target] == unseen {
                    path.push((target, 0));
                } else if on_stack[target] {
                    low[node] = low[node].min(number[target]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == number[node] {
                let start = stack.iter().rposition(|&n| n == node).unwrap_or(0);
                let mut component = stack.split_off(start);
                for &member in &component {
                    on_stack[member] = false;
                }
                component.sort_unstable();
                found.push(component.into_iter().map(|i| modules[i]).collect());
            }
        }
    }
    found
}
