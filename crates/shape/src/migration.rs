//! Whether a module's own `code_change` brings a state from one version's shape to the other's.

mod changed;
mod vsn;

use crate::shape::{Misfit, Names, fits, module};
use crate::state::{Produced, StateChange};
use crate::{Behaviour, Version};

use vsn::Vsn;

/// Which way a state is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// To the newer release: `code_change(Vsn, …)` of the newer module.
    Up,
    /// Back to the older one: `code_change({down, Vsn}, …)`, again of the newer module, which is still
    /// loaded when it is called.
    Down,
}

/// What `code_change` makes of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Migration {
    /// Every state that the one version leaves becomes one that the other makes.
    Handled,
    /// There is no `code_change` that does.
    NotHandled {
        /// Why not.
        why: String,
    },
    /// It cannot be told.
    Unseen {
        /// What could not be seen.
        why: String,
    },
}

/// Whether `code_change` makes of every state that `from` leaves one that `to` makes.
///
/// On the way up `from` is the older version, on the way down the newer. Ask this wherever the module
/// has a `code_change` of its own and the instruction calls it, also where the states are the same: it
/// may break what was whole. The one that `use GenServer` puts there returns the state as it is, and so
/// handles a change of nothing.
pub fn handles(from: Version<'_>, to: Version<'_>, behaviour: Behaviour, way: Way) -> Migration {
    let newer = match way {
        Way::Up => to,
        Way::Down => from,
    };
    let arity = match behaviour {
        Behaviour::GenServer | Behaviour::GenEvent => 3,
        Behaviour::GenStatem | Behaviour::Special => 4,
        Behaviour::Agent => {
            let why =
                "the code of an Agent's process is the library's, not this module's".to_owned();
            return Migration::NotHandled { why };
        }
    };
    let name = match behaviour {
        Behaviour::Special => "system_code_change",
        _ => "code_change",
    };
    if !newer.code.exports(name, arity) {
        let why = format!("{} exports no {name}/{arity}", module(newer.code.module()));
        return Migration::NotHandled { why };
    }
    let (before, after) = match (Produced::of(from, behaviour), Produced::of(to, behaviour)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(why), _) | (_, Err(why)) => return Migration::Unseen { why },
    };
    let vsn = Vsn::of(from, to, way);
    let changed = match changed::state(newer, behaviour, name, &vsn, &before.state) {
        Ok(changed) => changed,
        Err(migration) => return migration,
    };
    let names = Names {
        old: &newer.code.records,
        new: &to.code.records,
    };
    match fits(&changed, &after.state, names) {
        Ok(()) => {}
        Err(Misfit::Differs(what)) => {
            let why = format!("after {name}/{arity}: {what}");
            return Migration::NotHandled { why };
        }
        Err(Misfit::Unseen(what)) => {
            let why = format!("after {name}/{arity}: {what}");
            return Migration::Unseen { why };
        }
    }
    match after.demands_more_than(&before, &changed) {
        None => Migration::Handled,
        Some(StateChange::Changed { what: why }) => Migration::NotHandled { why },
        Some(StateChange::Unseen { why }) => Migration::Unseen { why },
        Some(StateChange::Same { .. }) => Migration::Handled,
    }
}
