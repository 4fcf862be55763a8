//! Verdicts on pairs of real releases, made by `mix release`, and what comes of the safe ones on a
//! running node.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start mix and nodes, and write their input; a core crate has no adapter for that"
)]

mod against;
mod judged;
mod live;
mod node;
mod safe;
mod variant;
