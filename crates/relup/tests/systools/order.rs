//! When two scripts are the same but for an order that means nothing.
//!
//! Two neighbours may change places where nobody could tell:
//! - reads of object code, and the modules within one, in any order;
//! - within one list of modules to suspend, resume or change, and among the loads and removals that
//!   stand next to each other: two modules of which, in the appups, neither depends on the other,
//!   however far, while something holds them together in one block. A removal and the purge of the same
//!   module that follows it are one.
//!
//! Everything else keeps its place. A script is put into the least of its orders; two scripts are the
//! same if these are equal. So they have the same instructions as often, each with the same options,
//! and every pair whose order matters in the same order.

use std::collections::{BTreeMap, BTreeSet};

use relup::Low;

/// Which modules instructions are about, and what they depend on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dependencies {
    of: BTreeMap<String, Vec<String>>,
}

impl Dependencies {
    pub(crate) fn add(&mut self, module: &str, on: &[String]) {
        self.of
            .entry(module.to_owned())
            .or_default()
            .extend(on.iter().cloned());
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            if module == to {
                return true;
            }
            if seen.insert(module) {
                next.extend(
                    self.of
                        .get(module)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        false
    }

    fn together(&self, a: &str, b: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![a];
        while let Some(module) = next.pop() {
            if module == b {
                return true;
            }
            if seen.insert(module) {
                next.extend(
                    self.of
                        .get(module)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
                let dependents = self
                    .of
                    .iter()
                    .filter(|(_, on)| on.iter().any(|o| o == module));
                next.extend(dependents.map(|(dependent, _)| dependent.as_str()));
            }
        }
        false
    }

    fn commute(&self, a: &str, b: &str) -> bool {
        let known = self.of.contains_key(a) && self.of.contains_key(b);
        known && self.together(a, b) && !self.reaches(a, b) && !self.reaches(b, a)
    }

    /// The least order that pairs which do not commute allow.
    fn least<T>(&self, mut items: Vec<T>, module: impl Fn(&T) -> String) -> Vec<T> {
        let mut least = Vec::with_capacity(items.len());
        while !items.is_empty() {
            let free = |at: &usize| {
                let name = module(&items[*at]);
                items[..*at]
                    .iter()
                    .all(|before| self.commute(&module(before), &name))
            };
            let free = (0..items.len()).filter(free);
            let next = free.min_by_key(|at| module(&items[*at])).unwrap();
            least.push(items.remove(next));
        }
        least
    }
}

/// Tells how two scripts differ, if by more than an order that means nothing.
pub(crate) fn compare(a: &[Low], b: &[Low], dependencies: &Dependencies) -> Result<(), String> {
    let (a, b) = (normal(a, dependencies), normal(b, dependencies));
    if a == b {
        return Ok(());
    }
    let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let show = |script: &[Low]| {
        let lines = script.iter().map(|low| format!("    {}\n", low.to_term()));
        lines.collect::<String>()
    };
    Err(format!(
        "they part at instruction {}:\n{}  or\n{}",
        at + 1,
        show(&a),
        show(&b)
    ))
}

/// The script in the least of its orders.
fn normal(script: &[Low], dependencies: &Dependencies) -> Vec<Low> {
    let mut normal = Vec::new();
    let mut rest = script;
    while let Some(first) = rest.first() {
        match first {
            Low::LoadObjectCode { .. } => {
                let is_read = |low: &&Low| matches!(low, Low::LoadObjectCode { .. });
                let run = rest.iter().take_while(is_read).count();
                normal.extend(reads(&rest[..run]));
                rest = &rest[run..];
            }
            Low::Load { .. } | Low::Remove { .. } => {
                let (units, after) = units(rest);
                let units = dependencies.least(units, |unit| code_module(unit).to_owned());
                normal.extend(units.into_iter().flatten());
                rest = after;
            }
            Low::Suspend(modules) => {
                normal.push(Low::Suspend(
                    dependencies.least(modules.clone(), |(module, _)| module.clone()),
                ));
                rest = &rest[1..];
            }
            Low::Resume(modules) => {
                normal.push(Low::Resume(
                    dependencies.least(modules.clone(), Clone::clone),
                ));
                rest = &rest[1..];
            }
            Low::CodeChange { mode, modules } => {
                normal.push(Low::CodeChange {
                    mode: *mode,
                    modules: dependencies.least(modules.clone(), |(module, _)| module.clone()),
                });
                rest = &rest[1..];
            }
            other => {
                normal.push(other.clone());
                rest = &rest[1..];
            }
        }
    }
    normal
}

fn reads(run: &[Low]) -> Vec<Low> {
    let mut reads = run.to_vec();
    for read in &mut reads {
        if let Low::LoadObjectCode { modules, .. } = read {
            modules.sort();
        }
    }
    reads.sort_by_key(|read| read.to_term().to_string());
    reads
}

/// The module of what may change places: a load, or a removal with its purge.
fn code_module(unit: &[Low]) -> &str {
    match unit {
        [Low::Load { module, .. }] | [Low::Remove { module, .. }, _] => module,
        _ => "",
    }
}

/// Loads and removals up to the next instruction of another kind.
fn units(script: &[Low]) -> (Vec<Vec<Low>>, &[Low]) {
    let mut units = Vec::new();
    let mut rest = script;
    loop {
        match rest {
            [
                remove @ Low::Remove { module, .. },
                purge @ Low::Purge(of),
                ..,
            ] if of.len() == 1 && of[0] == *module => {
                units.push(vec![remove.clone(), purge.clone()]);
                rest = &rest[2..];
            }
            [code @ (Low::Load { .. } | Low::Remove { .. }), ..] => {
                units.push(vec![code.clone()]);
                rest = &rest[1..];
            }
            _ => return (units, rest),
        }
    }
}
