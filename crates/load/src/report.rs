//! What the clients saw, as plain numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::OrdersFile;

/// What the clients of one load saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// From the start to the end of the last client.
    pub duration_ms: u64,
    /// Requests put on the wire: short, long, orders, and the opening of sockets and streams.
    pub requests: u64,
    /// Requests without a whole answer of status 2xx (or 101), and sockets and streams that could not
    /// be opened. Nothing is retried before it is counted.
    pub failed: u64,
    /// WebSockets and event streams that the server ended properly and that were opened again.
    pub sockets_moved: u64,
    /// WebSockets that ended without a close frame, event streams that ended inside an event or
    /// without their proper end.
    pub sockets_cut: u64,
    /// Short requests.
    pub http: Requests,
    /// Long requests.
    pub slow: Requests,
    /// Orders.
    pub post: Requests,
    /// What became of the orders.
    pub orders: Orders,
    /// WebSockets.
    pub ws: Sockets,
    /// Event streams.
    pub sse: Streams,
    /// Which versions answered, and when.
    pub versions: Versions,
}

/// Requests of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    /// Put on the wire.
    pub sent: u64,
    /// Whole answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// No whole answer, or a status other than 2xx.
    pub failed: u64,
    /// Failures by kind: `connect`, `cut`, `truncated`, `timeout`, `status`.
    pub failures: BTreeMap<String, u64>,
    /// The first few different failures, in words.
    pub examples: Vec<String>,
    /// Connections opened.
    pub connections: u64,
    /// Connections that the server had closed between two requests: no request was lost by it.
    pub closed_idle: u64,
    /// From the first byte sent to the last byte of the answer.
    pub latency: Latency,
}

/// A distribution of durations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// The median.
    pub p50_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// What became of the orders, beyond their requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Answers that said that the key had been executed before.
    pub seen_before: u64,
    /// What the file of executed orders says, where one was given.
    pub file: Option<OrdersFile>,
}

/// WebSockets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sockets {
    /// Opened, the first time and again.
    pub opened: u64,
    /// Attempts to open one that failed.
    pub refused: u64,
    /// Ended by a close frame and opened again.
    pub moved: u64,
    /// Ended without a close frame.
    pub cut: u64,
    /// Ended by a close frame and not open again when the load ended.
    pub stranded: u64,
    /// Close codes that came from the server; 1005 is a close without a code.
    pub close_codes: BTreeMap<u16, u64>,
    /// Messages sent.
    pub sent: u64,
    /// Messages that came back.
    pub echoed: u64,
    /// Messages that did not come back before their socket ended.
    pub unanswered: u64,
    /// Messages that the server sent by itself.
    pub pushed: u64,
    /// From a message to its echo.
    pub latency: Latency,
    /// From the end of a socket to its successor being open.
    pub reconnect: Latency,
    /// The first few different failures, in words.
    pub examples: Vec<String>,
}

/// Event streams.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Streams {
    /// Opened, the first time and again.
    pub opened: u64,
    /// Attempts to open one that failed.
    pub refused: u64,
    /// Ended properly between two events and opened again.
    pub moved: u64,
    /// Ended inside an event, or without the proper end of the answer.
    pub cut: u64,
    /// Of the cut ones, those that ended inside an event.
    pub cut_mid_event: u64,
    /// Ended properly and not open again when the load ended.
    pub stranded: u64,
    /// Events received.
    pub events: u64,
    /// Events whose id does not follow the one before, also across a move.
    pub id_gaps: u64,
    /// From the end of a stream to its successor being open.
    pub reconnect: Latency,
    /// The first few different failures, in words.
    pub examples: Vec<String>,
}

/// Which versions answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Each label, by when it was first seen.
    pub seen: Vec<VersionSeen>,
    /// The most often that one client saw the label change: 1 after one clean switch.
    pub changes_max: u64,
    /// How long two labels answered side by side, by the times at which their requests were sent; a
    /// label that comes back after a rollback counts as answering all the while.
    pub overlap_ms: u64,
}

/// One version's label and when it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSeen {
    /// The label.
    pub label: String,
    /// When the first request that it answered was sent, from the start of the load.
    pub first_ms: u64,
    /// When the last one was.
    pub last_ms: u64,
    /// How many it answered.
    pub answers: u64,
}
