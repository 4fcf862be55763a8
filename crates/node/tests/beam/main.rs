//! This crate against a real BEAM.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start erl and epmd, and write the code that these run"
)]

mod calls;
mod connecting;
mod elixir;
mod health;
mod instance;
mod rubbish;
