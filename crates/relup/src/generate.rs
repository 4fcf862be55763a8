//! Appups for applications that have none: what changed, as high-level instructions in both directions.
//!
//! ```text
//! two releases ─┬─ modules: role, dependencies ─▶ update, load_module, add_module, delete_module
//!               ├─ supervisors: children ───────▶ apply supervisor:… before and after the code
//!               └─ consolidated protocols ──────▶ one apply before the code, one after
//! ```
//!
//! Three rules that a person would not keep by hand:
//!
//! - A module is loaded before those that call what is new in it, and after those that still call what is
//!   gone from it, across applications. Where both hold there is a moment in which a call fails, and
//!   that is said ([`Why::CallWindow`]).
//! - No process is killed: both purges are soft. A process that still runs code from before the upgrade
//!   before this one makes `release_handler` refuse at its check, and nothing happened.
//! - Nothing is generated that is not known to work: what cannot be done is [`Refused`], with its reason.

mod compose;
mod modules;
mod order;
pub mod protocols;
mod refused;
mod role;
mod supervisors;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Direction, High, Release};

pub use compose::{ComposeError, Composed, compose};

pub use refused::{Refused, Why};
pub use role::{Role, role};

/// A release with what its debug information tells.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The release.
    pub release: &'a Release,
    /// The code of its modules, where it can be seen.
    pub code: &'a dyn shape::Modules,
}

impl fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Side").field(&self.release.vsn).finish()
    }
}

/// The instructions of one application in one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// What must be done before any code of the release is replaced.
    pub before: Vec<High>,
    /// The replacement of code.
    pub code: Vec<High>,
    /// What can only be done once all code of the release is replaced.
    pub after: Vec<High>,
}

impl Part {
    /// All of it as one script, as an appup has it.
    #[must_use]
    pub fn script(&self) -> Vec<High> {
        [&self.before, &self.code, &self.after]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.code.is_empty() && self.after.is_empty()
    }
}

/// A part for each direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    /// The way up.
    pub up: Part,
    /// The way back.
    pub down: Part,
}

impl Parts {
    /// The part of that direction.
    #[must_use]
    pub fn part(&self, direction: Direction) -> &Part {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    pub(crate) fn part_mut(&mut self, direction: Direction) -> &mut Part {
        match direction {
            Direction::Up => &mut self.up,
            Direction::Down => &mut self.down,
        }
    }
}

/// What was generated for a pair of releases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Generated {
    /// For each application that both releases have in different versions, unless it was left out.
    pub applications: BTreeMap<String, Parts>,
    /// What belongs to no application: the consolidated protocols.
    pub release: Parts,
    /// What could not be generated, sorted.
    pub refused: Vec<Refused>,
}

/// Applications that have instructions of their own, by direction.
pub type Own = BTreeSet<(Direction, String)>;

/// Generates instructions for every application that both releases have in different versions, but for
/// the directions in `own`.
#[must_use]
pub fn generate(old: Side<'_>, new: Side<'_>, own: &Own) -> Generated {
    let mut generated = Generated::default();
    for direction in [Direction::Up, Direction::Down] {
        let pair = Pair::new(old, new, direction, own);
        for name in &pair.generated {
            generated.applications.entry(name.clone()).or_default();
        }
        modules::generate(&pair, &mut generated);
        supervisors::generate(&pair, &mut generated);
        let part = generated.release.part_mut(direction);
        protocols::generate(pair.from.release, pair.to.release, part);
    }
    generated.refused.sort();
    generated.refused.dedup();
    generated
}

/// Two releases in the order of a direction, and the applications to generate for.
#[derive(Debug)]
struct Pair<'a> {
    from: Side<'a>,
    to: Side<'a>,
    direction: Direction,
    generated: BTreeSet<String>,
}

impl<'a> Pair<'a> {
    fn new(old: Side<'a>, new: Side<'a>, direction: Direction, own: &Own) -> Self {
        let (from, to) = match direction {
            Direction::Up => (old, new),
            Direction::Down => (new, old),
        };
        let differs = |app: &&crate::Application| {
            let other = from.release.application(&app.name);
            other.is_some_and(|other| other.vsn != app.vsn)
                && !own.contains(&(direction, app.name.clone()))
        };
        let apps = to.release.applications.iter().filter(differs);
        let generated = apps.map(|app| app.name.clone()).collect();
        Self {
            from,
            to,
            direction,
            generated,
        }
    }

    fn refuse(&self, application: &str, module: Option<&str>, why: Why) -> Refused {
        Refused {
            application: application.to_owned(),
            module: module.map(str::to_owned),
            direction: Some(self.direction),
            why,
        }
    }
}

#[cfg(test)]
mod tests;
