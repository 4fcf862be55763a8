//! What we are called at the other end.

use beam::etf::{Pid, Reference};

/// Our name there, and what tells this connection from an earlier one of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) creation: u32,
}

impl Identity {
    /// The process that makes the call of that number.
    pub(crate) fn pid(&self, call: u32) -> Pid {
        Pid {
            node: self.name.clone(),
            id: call,
            serial: 0,
            creation: self.creation,
        }
    }

    /// The reference of that call. The first word of a reference has 18 bits.
    pub(crate) fn reference(&self, call: u32) -> Reference {
        Reference {
            node: self.name.clone(),
            creation: self.creation,
            ids: vec![call & 0x3_ffff, call, 0],
        }
    }
}

/// The number of the call that a reference of ours belongs to.
pub(crate) fn call_of(reference: &Reference) -> Option<u32> {
    reference.ids.get(1).copied()
}
