//! Restarts, told by the children that a supervisor has replaced between two looks.
//!
//! A child is known by its place: the application and the ids down to it. Where it is another process
//! than before, and its supervisor is the same, it was restarted. With `one_for_all` and `rest_for_one`
//! one crash replaces several, so each supervisor counts once a look: the count is a lower bound. Several
//! restarts of a child between two looks count once, and a child that was stopped and started again on
//! purpose counts too: both look the same from outside.

use std::collections::{BTreeMap, BTreeSet};

use beam::etf::{Pid, Term};

use crate::probe::{Child, ChildState};

/// Places that are kept although they are not there any more.
const PLACES_MAX: usize = 20_000;

type Place = (String, Vec<Term>);

/// Counts restarts from look to look.
#[derive(Debug, Clone, Default)]
pub(super) struct Restarts {
    /// The last process seen at each place, and its supervisor.
    seen: BTreeMap<Place, (Pid, Pid)>,
    total: u64,
    /// The place restarted last.
    last: Option<Place>,
}

impl Restarts {
    /// Takes note of the children of a look.
    pub(super) fn see(&mut self, children: &[Child]) {
        let mut supervisors: BTreeSet<&Pid> = BTreeSet::new();
        for child in children {
            let ChildState::Running(pid) = &child.state else {
                continue;
            };
            let place = (child.application.clone(), child.path.clone());
            let now = (pid.clone(), child.supervisor.clone());
            let before = self.seen.insert(place.clone(), now);
            let restarted = before
                .is_some_and(|(old, supervisor)| old != *pid && supervisor == child.supervisor);
            if restarted {
                self.last = Some(place);
                if supervisors.insert(&child.supervisor) {
                    self.total += 1;
                }
            }
        }
        self.forget(children);
    }

    /// Places that come and go are not kept for ever; those of a tree that is not seen once are.
    fn forget(&mut self, children: &[Child]) {
        if self.seen.len() <= PLACES_MAX {
            return;
        }
        let there: BTreeSet<(&str, &[Term])> = children
            .iter()
            .map(|child| (child.application.as_str(), child.path.as_slice()))
            .collect();
        self.seen.retain(|(application, path), _| {
            there.contains(&(application.as_str(), path.as_slice()))
        });
    }

    /// Restarts since the first look, at least.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The place restarted last, in words.
    pub(super) fn last(&self) -> Option<String> {
        self.last
            .as_ref()
            .map(|(application, path)| place(application, path))
    }
}

/// A place in a supervision tree, as people read it.
pub(super) fn place(application: &str, path: &[Term]) -> String {
    path.iter().fold(application.to_owned(), |text, id| {
        let id = id.to_string();
        format!(
            "{text}/{}",
            id.trim_matches('\'').trim_start_matches("Elixir.")
        )
    })
}
