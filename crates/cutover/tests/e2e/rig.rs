//! What the tests stand on: projects, fleets and the binary, each in a directory of its own.

mod clients;
mod fleet;
mod http;
mod operator;
mod prometheus;
mod server;
mod shelf;
mod world;

pub(crate) use clients::{Clients, Load};
pub(crate) use fleet::Fleet;
pub(crate) use http::{free_port, get, request};
pub(crate) use operator::{Operator, Said, started};
pub(crate) use prometheus::Prometheus;
pub(crate) use server::Server;
pub(crate) use shelf::{Version, shelf};
pub(crate) use world::World;

/// Says whether every proof is asked for, as `script/test --all` does; else a slice of them runs.
pub(crate) fn all_proofs() -> bool {
    std::env::var_os("CUTOVER_TEST_ALL").is_some()
}
