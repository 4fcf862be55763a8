//! Whether a module's own `code_change` brings a state from one version's shape to the other's.

use crate::{Behaviour, Version};

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
/// may break what was whole.
pub fn handles(from: Version<'_>, to: Version<'_>, behaviour: Behaviour, way: Way) -> Migration {
    Migration::Unseen {
        why: format!("code_change of a {behaviour:?} from {from:?} to {to:?}, {way:?}"),
    }
}
