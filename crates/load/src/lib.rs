//! A bounded load generator that counts every answer from the client's side.
//!
//! Clients of five kinds (short requests, long requests, orders, WebSockets, event streams) keep their
//! connections alive over real sockets for a bounded time. Nothing is retried and nothing is left out:
//! a request that was put on the wire and did not come back whole counts as failed, a socket that ended
//! without a close frame counts as cut. Only loopback and the test network are ever addressed.
//!
//! ```text
//! Options ──start──▶ Running ──┬─ ready()   every client is connected
//!                              ├─ stop()    no new work; what is under way ends
//!                              └─ finish()  ──▶ Report
//! ```

mod client;
mod error;
mod options;
mod orders;
mod report;
mod run;
mod sse;
mod table;
mod tally;
mod target;
pub mod ws_bench;
pub mod ws_echo;

pub use error::Error;
pub use options::Options;
pub use orders::OrdersFile;
pub use report::{Latency, Orders, Report, Requests, Sockets, Streams, VersionSeen, Versions};
pub use run::{Running, run, start};
pub use table::table;
pub use target::Target;
