//! Whether a process that runs on one version of a module may go on, with its state, on another.

mod produced;
mod reach;
pub(crate) mod returned;
mod start;
mod stored;

use std::collections::BTreeSet;
use std::fmt;

use crate::shape::{Misfit, Names, fits};
use crate::{Code, Modules};

pub(crate) use produced::{Produced, name_and_data, pair};

/// A module as one release has it.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// The module.
    pub code: &'a Code,
    /// The other modules of that release: what they make of a state is followed into them.
    pub others: &'a dyn Modules,
}

impl fmt::Debug for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Version").field(&self.code.module()).finish()
    }
}

/// What kind of process runs on a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// `gen_server` or `GenServer`.
    GenServer,
    /// `gen_statem`: the state is the pair of state name and data.
    GenStatem,
    /// `gen_event`: a handler.
    GenEvent,
    /// A module that starts `Agent`s and changes their states.
    Agent,
    /// A special process of its own (`sys`, `proc_lib`): the state is what `system_continue/3` gets.
    Special,
}

/// What a comparison of states says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateChange {
    /// Every state that the old module can leave is one that the new module makes too.
    Same {
        /// Modules outside of what was read whose functions make a part of the state. The answer holds
        /// as long as these are the same in both releases.
        depends: BTreeSet<String>,
    },
    /// The state has another shape.
    Changed {
        /// Where and how, for a person: "key `limit` is new".
        what: String,
    },
    /// It cannot be told.
    Unseen {
        /// What could not be seen, with function and expression.
        why: String,
    },
}

/// Whether a process running on `old` may go on in `new` with its state as it is.
///
/// This is one direction. The way back is the same question with the two exchanged, and may have
/// another answer: a state that only the newer module makes does not harm on the way up.
pub fn compare(old: Version<'_>, new: Version<'_>, behaviour: Behaviour) -> StateChange {
    if let Some(depends) = reach::equal(old, new, behaviour) {
        return StateChange::Same { depends };
    }
    let (before, after) = match (Produced::of(old, behaviour), Produced::of(new, behaviour)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(why), _) | (_, Err(why)) => return StateChange::Unseen { why },
    };
    if before.mode != after.mode {
        let what = "the callback mode is another".to_owned();
        return StateChange::Changed { what };
    }
    let names = Names {
        old: &old.code.records,
        new: &new.code.records,
    };
    match fits(&before.state, &after.state, names) {
        Err(Misfit::Differs(what)) => return StateChange::Changed { what },
        Err(Misfit::Unseen(why)) => return StateChange::Unseen { why },
        Ok(()) => {}
    }
    if let Some(change) = after.demands_more_than(&before, &before.state) {
        return change;
    }
    StateChange::Same {
        depends: before.depends.union(&after.depends).cloned().collect(),
    }
}

/// What the state of a module is, in words: for reports and tests.
///
/// # Errors
/// Where it cannot be told, with the reason.
pub fn describe(version: Version<'_>, behaviour: Behaviour) -> Result<String, String> {
    let produced = Produced::of(version, behaviour)?;
    Ok(produced.state.in_full())
}
