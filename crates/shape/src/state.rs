//! Whether a process that runs on one version of a module may go on, with its state, on another.

use std::collections::BTreeSet;
use std::fmt;

use crate::{Code, Modules};

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
    if old.code == new.code {
        return StateChange::Same {
            depends: BTreeSet::new(),
        };
    }
    StateChange::Unseen {
        why: format!("the state of a {behaviour:?} in {:?}", old),
    }
}
