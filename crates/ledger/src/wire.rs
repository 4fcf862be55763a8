//! What is said to the ledger, by version.

pub mod v1;
