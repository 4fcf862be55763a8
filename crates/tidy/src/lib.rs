//! The house keeps itself in order; everything is in this crate's tests.
