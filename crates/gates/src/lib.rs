//! What a gate asks outside: a PromQL query of a Prometheus ([`Prometheus`]), a webhook ([`webhook`]).
//!
//! Both are one bounded HTTP/1.1 exchange on a connection of its own, over TLS where the address says so.
//! Nothing is followed and nothing is sent twice, but where it provably did not arrive. An address may hold
//! a secret in its path, so errors name only where it leads; credentials are in no error and no debug
//! output.
#![warn(missing_docs)]

pub mod webhook;

mod address;
mod answer;
mod auth;
mod exchange;
mod prometheus;
mod trust;

pub use address::{Address, AddressError};
pub use answer::{AnswerError, Measured};
pub use auth::{Auth, AuthError};
pub use exchange::ExchangeError;
pub use prometheus::{Prometheus, PrometheusError};
pub use trust::{Trust, TrustError};
