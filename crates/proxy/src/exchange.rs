//! One request and its answer between a client and an instance, on one task.
//!
//! ```text
//! client ──poll_body──▶ Outgoing ──write──▶ instance
//! client ◀─poll_data─── Decoder  ◀──read─── instance
//! ```
//!
//! Bytes are read from one side only when the other has taken what was read before: memory is bounded,
//! and who is slow slows the other down.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::ask::Ask;
use crate::control::v1::Limits;
use crate::downstream::{ClientFault, Downstream};
use crate::events::EventTracker;
use crate::flight::{Counted, Kind};
use crate::http1::FIELDS_MAX;
use crate::http1::body::{BadBody, Decoder, Piece};
use crate::http1::response::{self, BadAnswer, EventStream};
use crate::outgoing::Outgoing;
use crate::sockets::{Entry, Order};
use crate::table::Route;
use crate::timer::Timer;
use crate::upstream::Upstream;

/// What went wrong on the instance's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It closed the connection.
    Closed,
    /// Its answer makes no sense.
    Malformed(&'static str),
    /// It was silent for too long.
    TimedOut,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The answer is with the client; whether the connection to the instance can be used again.
    Complete { reusable: bool },
    /// The instance went over to the other protocol, and the client knows.
    Upgraded,
    /// A drained event stream was ended between two events.
    Moved,
    /// The drain's deadline passed.
    Cut,
    /// The client went away.
    ClientGone,
    /// The client neither sent nor took anything for too long.
    ClientSlow,
    /// The client's body is broken.
    BadBody(&'static str),
    /// The instance failed.
    Instance {
        /// How.
        wrong: Wrong,
        /// Whether any byte was sent to it.
        sent: bool,
        /// Whether any byte of an answer came.
        answered: bool,
    },
}

/// How many interim answers one request may get; a client that does not read must not fill memory.
const INTERIM_MAX: u32 = 32;

enum Phase {
    Head,
    Body(Decoder),
    Flushing(End),
}

/// An answer that is an event stream.
struct Stream {
    entry: Entry,
    /// Where its events end; nothing where they are encoded.
    events: Option<EventTracker>,
    /// Whether it is to end at the next boundary.
    moves: bool,
}

/// A running exchange.
pub(crate) struct Exchange<'a, D> {
    down: &'a mut D,
    up: &'a mut Upstream,
    out: &'a mut Outgoing,
    counted: &'a mut Counted,
    ask: Ask,
    route: &'a Route,
    phase: Phase,
    stream: Option<Stream>,
    reusable: bool,
    interim: u32,
    sent: bool,
    answered: bool,
    write_broken: bool,
    waits_for_client: bool,
    active: bool,
    last_active: Instant,
    check_at: Instant,
}

impl<'a, D: Downstream> Exchange<'a, D> {
    /// Ready to run.
    pub(crate) fn new(
        down: &'a mut D,
        up: &'a mut Upstream,
        out: &'a mut Outgoing,
        counted: &'a mut Counted,
        ask: Ask,
        route: &'a Route,
        now: Instant,
    ) -> Self {
        Self {
            down,
            up,
            out,
            counted,
            ask,
            route,
            phase: Phase::Head,
            stream: None,
            reusable: false,
            interim: 0,
            sent: false,
            answered: false,
            write_broken: false,
            waits_for_client: false,
            active: false,
            last_active: now,
            check_at: now + check_interval(&route.limits),
        }
    }

    /// Runs the exchange to its end.
    pub(crate) fn poll(&mut self, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<End> {
        if let Err(end) = self.pump_up(cx).and_then(|()| self.pump_down(cx)) {
            if !matches!((&self.phase, end), (Phase::Body(_), End::Instance { .. })) {
                return Poll::Ready(end);
            }
            // What came before the instance failed still goes to the client.
            self.phase = Phase::Flushing(end);
        }
        match self.down.poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                if let Phase::Flushing(end) = self.phase {
                    return Poll::Ready(end);
                }
            }
            Poll::Ready(Err(fault)) => return Poll::Ready(client_fault(fault)),
            Poll::Pending => self.waits_for_client = true,
        }
        if self.out.body_done && self.down.poll_gone(cx).is_ready() {
            return Poll::Ready(End::ClientGone);
        }
        while timer.poll(cx, self.check_at).is_ready() {
            let now = Instant::now();
            if let Some(end) = self.check(now) {
                return Poll::Ready(end);
            }
            self.check_at = now + check_interval(&self.route.limits);
        }
        Poll::Pending
    }

    /// Says whether the answer has begun toward the client.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.phase, Phase::Head)
    }

    /// Heeds what the drain wants of an event stream.
    fn heed(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let Some(stream) = &mut self.stream else {
            return Ok(());
        };
        match stream.entry.ear.listen(cx) {
            Order::Stay => return Ok(()),
            Order::Cut => return Err(End::Cut),
            Order::Move { .. } => stream.moves = true,
        }
        if let Phase::Body(decoder) = &self.phase {
            let at_boundary = match &stream.events {
                Some(events) => events.at_boundary(),
                None => decoder.is_between_pieces(self.up.input.data()),
            };
            if at_boundary {
                self.down.end(&[]);
                self.phase = Phase::Flushing(End::Moved);
            }
        }
        Ok(())
    }

    fn pump_up(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        if !self.out.primed {
            self.out.primed = true;
            self.take_body(cx)?;
        }
        while !self.write_broken {
            if !self.out.is_sent() {
                match self.up.poll_write(cx, &self.out.bytes[self.out.sent..]) {
                    Poll::Ready(Ok(count)) => {
                        self.out.sent += count;
                        self.sent = true;
                        self.active = true;
                    }
                    // The instance may have answered before it closed; reading will tell.
                    Poll::Ready(Err(_)) => self.write_broken = true,
                    Poll::Pending => return Ok(()),
                }
            } else if self.out.body_done {
                return Ok(());
            } else {
                self.out.spill();
                if !self.take_body(cx)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn take_body(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        match self.down.poll_body(cx, &mut self.out.bytes) {
            Poll::Ready(Ok(done)) => {
                self.out.body_done = done;
                self.active = true;
                Ok(true)
            }
            Poll::Ready(Err(fault)) => Err(client_fault(fault)),
            Poll::Pending => Ok(false),
        }
    }

    fn pump_down(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        self.waits_for_client = false;
        loop {
            self.heed(cx)?;
            let advanced = match &mut self.phase {
                Phase::Flushing(_) => return Ok(()),
                Phase::Head => self.head()?,
                Phase::Body(decoder) => {
                    let (sent, answered) = (self.sent, self.answered);
                    let malformed = |BadBody(why)| End::Instance {
                        wrong: Wrong::Malformed(why),
                        sent,
                        answered,
                    };
                    match decoder.next(self.up.input.data()).map_err(malformed)? {
                        Piece::Skip(count) => {
                            self.up.input.consume(count);
                            true
                        }
                        Piece::Data(count) => match self.data(cx, count) {
                            Poll::Ready(result) => {
                                result?;
                                true
                            }
                            Poll::Pending => {
                                self.waits_for_client = true;
                                return Ok(());
                            }
                        },
                        Piece::More => false,
                        Piece::End => {
                            self.down.end(decoder.trailers());
                            let leftover = !self.up.input.is_empty();
                            let unsent = !self.out.is_sent() || self.write_broken;
                            self.phase = Phase::Flushing(End::Complete {
                                reusable: self.reusable
                                    && !leftover
                                    && !unsent
                                    && self.out.body_done,
                            });
                            true
                        }
                    }
                }
            };
            if !advanced && self.read(cx)?.is_pending() {
                return Ok(());
            }
        }
    }

    /// Reads more of the answer.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, End> {
        if self.up.input.is_full() {
            if !matches!(self.phase, Phase::Head)
                || self.up.input.data().len() >= 8 * crate::buffer::BUFFER_BYTES
            {
                return Err(self.instance(Wrong::Malformed(
                    "the instance's answer has an endless head",
                )));
            }
            self.up.input.grow();
        }
        match self.up.poll_fill(cx) {
            Poll::Pending => {
                self.up.input.release();
                Ok(Poll::Pending)
            }
            Poll::Ready(Ok(0)) => {
                if let Phase::Body(decoder) = &self.phase
                    && decoder.ends_with_connection()
                {
                    self.down.end(&[]);
                    self.phase = Phase::Flushing(End::Complete { reusable: false });
                    return Ok(Poll::Ready(()));
                }
                Err(self.instance(Wrong::Closed))
            }
            Poll::Ready(Ok(_)) => {
                self.active = true;
                self.answered = true;
                Ok(Poll::Ready(()))
            }
            Poll::Ready(Err(_)) => Err(self.instance(Wrong::Closed)),
        }
    }

    /// Reads the answer's head; says whether it was whole.
    fn head(&mut self) -> Result<bool, End> {
        if self.up.input.is_empty() {
            return Ok(false);
        }
        let mut slots = [httparse::EMPTY_HEADER; FIELDS_MAX];
        let parsed = response::parse(self.up.input.data(), self.ask.is_head, &mut slots);
        let (answer, size) = match parsed {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(false),
            Err(BadAnswer(why)) => return Err(self.instance(Wrong::Malformed(why))),
        };
        let status = answer.status;
        if status < 200 && status != 101 {
            self.interim += 1;
            if self.interim > INTERIM_MAX {
                return Err(
                    self.instance(Wrong::Malformed("the instance never comes to an answer"))
                );
            }
            self.down.interim(&answer);
            self.up.input.consume(size);
            return Ok(true);
        }
        if status == 101 && !self.ask.upgrade.allows(answer.upgrade) {
            return Err(self.instance(Wrong::Malformed("the instance switches protocols unasked")));
        }
        let choice = self.counted.choice();
        let latency = self.ask.begun.elapsed().as_micros();
        self.counted
            .shard()
            .answered(choice, status, u64::try_from(latency).unwrap_or(u64::MAX));
        let bucket = self.ask.marks.new_bucket(self.route);
        self.down
            .begin(&answer, bucket.filter(|_| !answer.is_shared()));
        self.reusable = answer.keep_alive;
        if status == 101 {
            self.phase = Phase::Flushing(End::Upgraded);
        } else {
            if let Some(kind) = answer.event_stream {
                self.counted.become_kind(Kind::Stream);
                self.stream = Some(Stream {
                    entry: self.counted.version().sockets.enter(),
                    moves: false,
                    events: (kind == EventStream::Plain).then(EventTracker::new),
                });
            }
            self.phase = Phase::Body(Decoder::new(answer.framing));
        }
        self.up.input.consume(size);
        Ok(true)
    }

    /// Passes on some of `count` bytes of the body; of a stream that moves none beyond its next boundary.
    fn data(&mut self, cx: &mut Context<'_>, count: usize) -> Poll<Result<(), End>> {
        let mut data = &self.up.input.data()[..count];
        if let Some(stream) = self.stream.as_ref().filter(|stream| stream.moves)
            && let Some(events) = &stream.events
        {
            data = &data[..events.clone().advance(data, true)];
        }
        let took = match ready!(self.down.poll_data(cx, data)) {
            Ok(took) => took,
            Err(fault) => return Poll::Ready(Err(client_fault(fault))),
        };
        if let Some(events) = self.stream.as_mut().and_then(|s| s.events.as_mut()) {
            events.advance(&data[..took], false);
        }
        self.up.input.consume(took);
        if let Phase::Body(decoder) = &mut self.phase {
            decoder.took(took);
        }
        self.active = true;
        Poll::Ready(Ok(()))
    }

    /// Looks, now and then, whether anything takes too long.
    fn check(&mut self, now: Instant) -> Option<End> {
        if self.counted.version().is_cut() {
            return Some(End::Cut);
        }
        if std::mem::take(&mut self.active) {
            self.last_active = now;
        }
        let silent = now.saturating_duration_since(self.last_active);
        let longer_than = |ms: u64| silent >= Duration::from_millis(ms);
        let waits_for_answer =
            matches!(self.phase, Phase::Head) && self.out.body_done && self.out.is_sent();
        if waits_for_answer {
            return longer_than(self.route.limits.response_timeout_ms)
                .then(|| self.instance(Wrong::TimedOut));
        }
        if !longer_than(self.route.limits.idle_timeout_ms) {
            return None;
        }
        let uploads = !self.out.body_done && self.out.is_sent();
        if self.waits_for_client || (matches!(self.phase, Phase::Head) && uploads) {
            return Some(End::ClientSlow);
        }
        Some(self.instance(Wrong::TimedOut))
    }

    fn instance(&self, wrong: Wrong) -> End {
        End::Instance {
            wrong,
            sent: self.sent,
            answered: self.answered,
        }
    }
}

fn client_fault(fault: ClientFault) -> End {
    match fault {
        ClientFault::Gone => End::ClientGone,
        ClientFault::BadBody(BadBody(why)) => End::BadBody(why),
    }
}

/// How often timeouts are looked at: each second, or a quarter of the shortest.
fn check_interval(limits: &Limits) -> Duration {
    let shortest = limits.idle_timeout_ms.min(limits.response_timeout_ms);
    Duration::from_millis((shortest / 4).clamp(10, 1_000))
}
