//! What a host does for us: instance roots made from the store, and the process runtime.

pub mod shim;
