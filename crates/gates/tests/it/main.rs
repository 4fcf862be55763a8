//! Gates against what they really ask: a Prometheus that runs, and servers of the tests.

mod failures;
mod prometheus;
mod rig;
mod running;
mod webhooks;
