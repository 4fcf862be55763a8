//! What the debug information of a module tells: the shape of its state, the children it supervises.
//!
//! A core crate. Where something cannot be seen it says so; it never guesses.
