//! A closed-loop WebSocket benchmark: each socket sends a message, awaits its echo, and again.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::client::socket::{Socket, open};
use crate::report::Latency;
use crate::tally::Durations;
use crate::{Error, Target};

const SOCKETS_MAX: usize = 4_000;
const PAYLOAD_MAX: usize = 1 << 20;
const DURATION_MAX: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(10);

/// What to measure.
#[derive(Debug, Clone)]
pub struct WsBench {
    /// The server.
    pub target: Target,
    /// The path of the WebSocket.
    pub path: String,
    /// How many sockets.
    pub sockets: usize,
    /// How many bytes a message has.
    pub payload_bytes: usize,
    /// For how long, once all sockets are open.
    pub duration: Duration,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WsBenchReport {
    /// Sockets that were open.
    pub sockets: u64,
    /// Bytes of each message.
    pub payload_bytes: u64,
    /// From the first message to the last echo.
    pub duration_ms: u64,
    /// Echoes received.
    pub messages: u64,
    /// Echoes a second, of all sockets together.
    pub messages_per_s: f64,
    /// Sockets that ended before the time was over.
    pub failed: u64,
    /// From a message to its echo.
    pub latency: Latency,
}

/// Opens all sockets, then measures for the time asked for.
///
/// # Errors
/// Where an option is beyond its bound, or a socket cannot be opened.
pub async fn run(bench: &WsBench) -> Result<WsBenchReport, Error> {
    check(bench)?;
    let mut sockets = Vec::new();
    for _ in 0..bench.sockets {
        let (socket, _) = open(&bench.target, &bench.path, TIMEOUT)
            .await
            .map_err(|reason| Error::Socket {
                operation: "open a WebSocket to",
                address: bench.target.address(),
                reason,
            })?;
        sockets.push(socket);
    }
    let started = Instant::now();
    let deadline = started + bench.duration;
    let mut loops = JoinSet::new();
    for socket in sockets {
        let payload = vec![b'x'; bench.payload_bytes];
        loops.spawn(ping_pong(socket, Message::binary(payload), deadline));
    }
    let mut latency = Durations::default();
    let mut failed = 0;
    while let Some(ended) = loops.join_next().await {
        match ended {
            Ok((durations, whole)) => {
                latency.merge(&durations);
                failed += u64::from(!whole);
            }
            Err(_) => failed += 1,
        }
    }
    let elapsed = started.elapsed();
    let latency = latency.latency();
    #[expect(clippy::cast_precision_loss, reason = "messages of a bounded time")]
    let messages_per_s = latency.count as f64 / elapsed.as_secs_f64();
    Ok(WsBenchReport {
        sockets: bench.sockets as u64,
        payload_bytes: bench.payload_bytes as u64,
        duration_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        messages: latency.count,
        messages_per_s,
        failed,
        latency,
    })
}

fn check(bench: &WsBench) -> Result<(), Error> {
    let bounds = [
        (
            "the number of sockets",
            bench.sockets.to_string(),
            (1..=SOCKETS_MAX).contains(&bench.sockets),
            format!("1 to {SOCKETS_MAX}"),
        ),
        (
            "the payload",
            bench.payload_bytes.to_string(),
            bench.payload_bytes <= PAYLOAD_MAX,
            format!("up to {PAYLOAD_MAX} bytes"),
        ),
        (
            "the duration",
            format!("{:?}", bench.duration),
            !bench.duration.is_zero() && bench.duration <= DURATION_MAX,
            format!("up to {DURATION_MAX:?}"),
        ),
    ];
    for (option, given, holds, allowed) in bounds {
        if !holds {
            return Err(Error::OutOfBounds {
                option,
                given,
                allowed,
            });
        }
    }
    Ok(())
}

/// Returns the times of all echoes, and whether the socket held to the end.
async fn ping_pong(mut socket: Socket, message: Message, deadline: Instant) -> (Durations, bool) {
    let mut durations = Durations::default();
    while Instant::now() < deadline {
        let sent = Instant::now();
        if socket.send(message.clone()).await.is_err() {
            return (durations, false);
        }
        let echo = async {
            // Whatever else the server says by itself is passed over.
            loop {
                match socket.next().await {
                    Some(Ok(received)) if received == message => return true,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                    Some(Ok(_)) => {}
                }
            }
        };
        match tokio::time::timeout(TIMEOUT, echo).await {
            Ok(true) => durations.add(sent.elapsed()),
            _ => return (durations, false),
        }
    }
    drop(tokio::time::timeout(TIMEOUT, socket.close(None)).await);
    (durations, true)
}
