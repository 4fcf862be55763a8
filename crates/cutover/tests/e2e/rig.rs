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
