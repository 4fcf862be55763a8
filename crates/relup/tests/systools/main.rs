//! The compiler held against `systools:make_relup` of the installed Erlang.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start erl and write its input; a core crate has no process adapter"
)]

mod fixture;
mod generated;
mod instructions;
mod live;
mod order;
mod order_tests;
mod otp;
mod pairs;
mod patterns;
mod refusals;
mod rng;
