//! The look itself: Erlang source with its bounds, run in one call.

use std::time::Duration;

use beam::etf::Term;

use super::{Probe, read};
use crate::connection::{Bounds, Connection};
use crate::error::Error;

const SOURCE: &str = include_str!("../erlang/probe.erl");

/// On a node with more processes only the registered ones are looked into: listing all of them alone
/// takes 28 ms at 300,000 and 80 ms at a million.
const PROCESSES_MAX: i64 = 200_000;
/// Processes looked into for their mailbox, about 0.3 µs each.
const SCAN_MAX: i64 = 20_000;
/// Mailboxes told.
const LARGEST_MAX: i64 = 20;
/// Children listed of one supervisor.
const CHILDREN_MAX: i64 = 500;
/// A supervisor with more messages waiting is not asked.
const QUEUED_MAX: i64 = 1_000;
/// A supervisor with a larger heap (words) is not asked: it may have so many children that listing
/// them would hold it up.
const HEAP_MAX: i64 = 400_000;
/// What a probe's answer may take.
const ANSWER_BYTES_MAX: u64 = 8 << 20;

/// The applications of OTP and Elixir themselves; their trees are not the user's.
const OWN: [&str; 34] = [
    "kernel",
    "stdlib",
    "sasl",
    "compiler",
    "crypto",
    "asn1",
    "public_key",
    "ssl",
    "inets",
    "mnesia",
    "os_mon",
    "runtime_tools",
    "tools",
    "syntax_tools",
    "parsetools",
    "xmerl",
    "ssh",
    "ftp",
    "tftp",
    "eldap",
    "snmp",
    "observer",
    "wx",
    "debugger",
    "et",
    "reltool",
    "erts",
    "elixir",
    "logger",
    "mix",
    "eex",
    "ex_unit",
    "iex",
    "hex",
];

impl Connection {
    /// Looks at the node, all within the given time, of which the node itself takes at most four fifths.
    ///
    /// # Errors
    /// Where the node gives no answer in time, or none that makes sense.
    pub async fn probe(&self, within: Duration) -> Result<Probe, Error> {
        let budget = i64::try_from(within.as_millis() * 4 / 5).unwrap_or(i64::MAX);
        let own = OWN.iter().map(|name| Term::atom(*name));
        let bindings = vec![
            ("Budget", Term::Int(budget)),
            ("ProcessesMax", Term::Int(PROCESSES_MAX)),
            ("ScanMax", Term::Int(SCAN_MAX)),
            ("LargestMax", Term::Int(LARGEST_MAX)),
            ("ChildrenMax", Term::Int(CHILDREN_MAX)),
            ("QueuedMax", Term::Int(QUEUED_MAX)),
            ("HeapMax", Term::Int(HEAP_MAX)),
            ("Own", Term::List(own.collect())),
        ];
        let bounds = Bounds {
            within,
            result_bytes_max: ANSWER_BYTES_MAX,
        };
        let answer = self
            .eval("the health probe", SOURCE, bindings, bounds)
            .await?;
        read::probe(&answer).map_err(|what| Error::Answer {
            name: self.node().clone(),
            what,
        })
    }
}
