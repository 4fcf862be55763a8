//! An upgraded connection: bytes both ways, and for a WebSocket a gentle end when it is drained.
//!
//! ```text
//! client  ◀── frames … │ close(1012) ──── proxy ◀── frames (discarded from here) ── instance
//! client  ──  frames … , close ─────────▶ proxy ──▶ frames … , close ─────────────▶ instance
//! ```
//!
//! The client is told at a frame boundary; all it had sent before it knew still reaches the instance, and
//! its own close reply ends the instance's side. Only a client that does not reply has the instance's
//! side closed by the proxy, with a masked frame, likewise at a boundary.

use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::buffer::Buffer;
use crate::flight::{Counted, Kind};
use crate::frames::{FrameTracker, close_frame};
use crate::sockets::Order;
use crate::timer::Timer;
use crate::upstream::Upstream;

/// How long a client that was asked to go has for its close reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one side has to end after the other.
const FAREWELL: Duration = Duration::from_secs(5);
/// A dead peer is found by the system's probes.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By its client, or by its instance's close.
    Own,
    /// Moved gently.
    Moved,
    /// Otherwise.
    Cut,
}

/// Runs an upgraded connection to its end and counts how it ended.
pub(crate) async fn run(
    client: (&mut TcpStream, &mut Buffer),
    mut instance: Upstream,
    mut counted: Counted,
    is_websocket: bool,
) {
    counted.become_kind(Kind::Socket);
    let entry = counted.version().sockets.enter();
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 4);
    if let Err(error) = SockRef::from(&*client.0).set_tcp_keepalive(&keepalive) {
        tracing::debug!(%error, "cannot probe a client");
    }
    let mut tunnel = Tunnel {
        client_stream: client.0,
        client_input: client.1,
        instance: &mut instance,
        down: Flow::new(is_websocket),
        up: Flow::new(is_websocket),
        asked: None,
        deadline: None,
        first_end: None,
        timer: Timer::new(Instant::now() + KEEPALIVE),
    };
    let end = poll_fn(|cx| {
        let order = entry.ear.listen(cx);
        tunnel.poll(order, cx)
    })
    .await;
    match end {
        End::Own => {}
        End::Moved => counted.shard().sockets_moved.up(),
        End::Cut => counted.shard().sockets_cut.up(),
    }
}

/// One direction.
#[derive(Debug)]
struct Flow {
    tracker: Option<FrameTracker>,
    mode: Mode,
    inject: Vec<u8>,
    injected: usize,
    source_ended: bool,
    sink_shut: bool,
    broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Bytes pass.
    Pass,
    /// Bytes pass up to the next frame boundary; there a close frame is put in.
    Closing,
    /// The close frame is put in; what comes after is discarded.
    Closed,
}

impl Flow {
    fn new(is_websocket: bool) -> Self {
        Self {
            tracker: is_websocket.then(FrameTracker::default),
            mode: Mode::Pass,
            inject: Vec::new(),
            injected: 0,
            source_ended: false,
            sink_shut: false,
            broken: false,
        }
    }

    fn close_seen(&self) -> bool {
        self.tracker.as_ref().is_some_and(FrameTracker::close_seen)
    }

    fn can_close(&self) -> bool {
        self.tracker
            .as_ref()
            .is_some_and(|tracker| !tracker.is_lost())
    }

    /// Asks for a close frame at the next boundary.
    fn close_with(&mut self, frame: Vec<u8>) {
        if self.mode == Mode::Pass && self.can_close() {
            self.mode = Mode::Closing;
            self.inject = frame;
        }
    }

    /// Says whether the close frame is written whole.
    fn is_closed(&self) -> bool {
        self.mode == Mode::Closed && self.injected == self.inject.len()
    }

    /// Moves bytes as far as they go.
    fn pump(
        &mut self,
        source: &mut TcpStream,
        buffer: &mut Buffer,
        sink: &mut TcpStream,
        cx: &mut Context<'_>,
    ) {
        while !self.broken {
            if self.mode == Mode::Closed && self.injected < self.inject.len() {
                match Pin::new(&mut *sink).poll_write(cx, &self.inject[self.injected..]) {
                    Poll::Ready(Ok(count)) if count > 0 => self.injected += count,
                    Poll::Ready(_) => self.broken = true,
                    Poll::Pending => return,
                }
                continue;
            }
            let allowed = self.allowed(buffer.data());
            if self.mode == Mode::Closing && allowed == 0 && self.at_boundary() {
                self.mode = Mode::Closed;
                continue;
            }
            if !buffer.is_empty() {
                let took = if self.mode == Mode::Closed {
                    buffer.data().len()
                } else {
                    match Pin::new(&mut *sink).poll_write(cx, &buffer.data()[..allowed]) {
                        Poll::Ready(Ok(count)) if count > 0 => count,
                        Poll::Ready(_) => {
                            self.broken = true;
                            return;
                        }
                        Poll::Pending => return,
                    }
                };
                if let Some(tracker) = &mut self.tracker {
                    tracker.advance(&buffer.data()[..took], false);
                }
                buffer.consume(took);
                continue;
            }
            if self.source_ended {
                if !self.sink_shut && Pin::new(&mut *sink).poll_shutdown(cx).is_ready() {
                    self.sink_shut = true;
                }
                return;
            }
            match buffer.poll_fill(source, cx) {
                Poll::Ready(Ok(count)) if count > 0 => {}
                Poll::Ready(_) => self.source_ended = true,
                Poll::Pending => {
                    buffer.release();
                    return;
                }
            }
        }
    }

    fn at_boundary(&self) -> bool {
        self.tracker.as_ref().is_some_and(FrameTracker::at_boundary)
    }

    fn allowed(&self, data: &[u8]) -> usize {
        match (&self.tracker, self.mode) {
            (Some(tracker), Mode::Closing) => tracker.clone().advance(data, true),
            _ => data.len(),
        }
    }
}

struct Tunnel<'a> {
    client_stream: &'a mut TcpStream,
    client_input: &'a mut Buffer,
    instance: &'a mut Upstream,
    down: Flow,
    up: Flow,
    /// The close code the client is asked to go with.
    asked: Option<u16>,
    deadline: Option<Instant>,
    first_end: Option<End>,
    timer: Timer,
}

impl Tunnel<'_> {
    fn poll(&mut self, order: Order, cx: &mut Context<'_>) -> Poll<End> {
        match order {
            Order::Stay => {}
            Order::Cut => return Poll::Ready(self.first_end.unwrap_or(End::Cut)),
            Order::Move { code } => self.ask_to_go(code),
        }
        self.pump(cx);
        if let Some(end) = self.look_for_end() {
            return Poll::Ready(end);
        }
        if self.up.mode == Mode::Closing {
            // A close frame asked for just now goes out at once, if it can.
            self.pump(cx);
        }
        if self.up.is_closed() && self.first_end.is_some() {
            return Poll::Ready(self.first_end.unwrap_or(End::Cut));
        }
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        match self.timer.poll(cx, deadline) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) if self.first_end.is_none() && self.asked.is_some() => {
                // No reply: the client is cut, and the instance told so, if its side is at a boundary.
                self.end_with(End::Cut);
                self.close_instance();
                self.pump(cx);
                Poll::Ready(End::Cut)
            }
            Poll::Ready(()) => Poll::Ready(self.first_end.unwrap_or(End::Cut)),
        }
    }

    fn pump(&mut self, cx: &mut Context<'_>) {
        let instance = &mut *self.instance;
        self.down.pump(
            &mut instance.stream,
            &mut instance.input,
            self.client_stream,
            cx,
        );
        self.up.pump(
            self.client_stream,
            self.client_input,
            &mut instance.stream,
            cx,
        );
    }

    fn ask_to_go(&mut self, code: u16) {
        let closes_itself = self.down.close_seen() || self.up.close_seen();
        if self.asked.is_none()
            && self.first_end.is_none()
            && !closes_itself
            && self.down.can_close()
        {
            self.asked = Some(code);
            self.down.close_with(close_frame(code, None));
        }
    }

    /// Tells the instance in the client's stead.
    fn close_instance(&mut self) {
        let random = RandomState::new().hash_one(self.client_stream.as_ref().peer_addr().ok());
        let mask = random.to_be_bytes();
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        let code = self.asked.unwrap_or(1001);
        if !self.up.close_seen() {
            self.up.close_with(close_frame(code, Some(mask)));
        }
    }

    fn end_with(&mut self, end: End) {
        if self.first_end.is_none() {
            self.first_end = Some(end);
            self.deadline = Some(Instant::now() + FAREWELL);
        }
    }

    /// Notes how the tunnel ends, once one side has; says so when both have.
    fn look_for_end(&mut self) -> Option<End> {
        if self.down.is_closed() && self.deadline.is_none() {
            self.deadline = Some(Instant::now() + REPLY_TIMEOUT);
        }
        let client_left = self.up.source_ended || self.down.broken;
        if self.down.is_closed() {
            if self.up.close_seen() && self.client_input.is_empty() {
                self.end_with(End::Moved);
            } else if client_left {
                self.end_with(End::Moved);
                self.close_instance();
            }
        } else if client_left {
            self.end_with(End::Own);
        } else if self.down.source_ended || self.up.broken {
            // An instance that leaves without a word cuts its client off.
            let said =
                self.down.close_seen() || self.up.close_seen() || self.down.tracker.is_none();
            self.end_with(if said { End::Own } else { End::Cut });
        }
        self.first_end?;
        let instance_left = self.down.source_ended || self.up.broken;
        let nothing_left = (client_left || self.down.sink_shut || self.down.is_closed())
            && (instance_left || self.down.close_seen() && self.up.close_seen());
        nothing_left.then_some(self.first_end).flatten()
    }
}
