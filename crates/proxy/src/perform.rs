//! A request from its head to its end: chosen, connected, held, sent again, counted.
//!
//! A request is sent again only if it provably never reached the instance, or if its method is idempotent
//! and no byte of an answer came; and only while all that was sent is still at hand. One that took too
//! long is not: it would load a slow instance again, and its client has waited enough.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::ask::Ask;
use crate::door::Door;
use crate::downstream::Downstream;
use crate::exchange::{End, Exchange, Wrong};
use crate::flight::{Counted, Kind};
use crate::outgoing::Outgoing;
use crate::table::Route;
use crate::timer::Timer;
use crate::upstream::Upstream;
use crate::worker::Worker;

/// How often a request is sent at most.
const SENDS_MAX: u32 = 3;
/// While every instance refuses connections, they are tried again after this time.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The answer is with the client, whole.
    Answered,
    /// The connection speaks another protocol from now on.
    Upgraded(Box<Upstream>, Counted),
    /// Nothing was said to the client; it is to be told this.
    Refused(u16, &'static str),
    /// The answer had begun and cannot be completed.
    Broken,
    /// The client is gone.
    Gone,
}

/// Carries out one request.
pub(crate) async fn perform<D: Downstream>(
    worker: &Worker,
    door: &Door,
    mut route: Arc<Route>,
    mut ask: Ask,
    out: &mut Outgoing,
    down: &mut D,
    timer: &mut Timer,
) -> Outcome {
    let mut refused: Vec<SocketAddr> = Vec::new();
    let mut sends = 0;
    let mut again = false;
    let mut requested = false;
    let mut hold = None;
    loop {
        let Some(target) = route.choose(worker.index, &refused, &mut ask.marks) else {
            let hold = hold.get_or_insert_with(|| Hold::new(&route));
            match hold
                .wait(worker, door, &mut route, !refused.is_empty(), down)
                .await
            {
                Waited::Again => refused.clear(),
                waited => {
                    let nobody = &route.state.nobody.shards[worker.index];
                    let answers = nobody.of(route.choice);
                    answers.requests.up();
                    hold.count(nobody);
                    if matches!(waited, Waited::Gone) {
                        nobody.client_aborted.up();
                        return Outcome::Gone;
                    }
                    answers.failed.up();
                    return Outcome::Refused(503, "no instance can take the request now");
                }
            }
            continue;
        };
        let mut counted = Counted::new(target, worker.index);
        let mut connection = match counted.backend().take_idle(worker.index, ask.is_idempotent) {
            Some(connection) => connection,
            None => {
                let address = counted.backend().address;
                match Upstream::connect(address, route.limits.connect_timeout_ms).await {
                    Ok(connection) => connection,
                    Err(error) => {
                        tracing::debug!(%error, "an instance takes no connection");
                        refused.push(address);
                        again = true;
                        continue;
                    }
                }
            }
        };
        if !std::mem::replace(&mut requested, true) {
            counted.answers().requests.up();
        }
        if std::mem::take(&mut again) {
            counted.shard().retried.up();
        }
        if let Some(hold) = hold.take() {
            hold.count(counted.shard());
        }
        sends += 1;
        let mut exchange = Exchange::new(
            down,
            &mut connection,
            out,
            &mut counted,
            ask,
            &route,
            Instant::now(),
        );
        let end = poll_fn(|cx| exchange.poll(timer, cx)).await;
        let has_begun = exchange.has_begun();
        if let End::Instance {
            wrong,
            sent,
            answered,
        } = end
            && wrong != Wrong::TimedOut
            && !answered
            && (ask.is_idempotent || !sent)
            && sends < SENDS_MAX
            && out.rewind()
        {
            if !connection.is_reused {
                refused.push(counted.backend().address);
            }
            again = true;
            continue;
        }
        return settle(end, has_begun, connection, counted, worker.index);
    }
}

/// Counts how a request ended, and says what is to be done toward the client.
fn settle(
    end: End,
    has_begun: bool,
    mut connection: Upstream,
    counted: Counted,
    worker: usize,
) -> Outcome {
    let shard = counted.shard();
    let is_stream = counted.kind() == Kind::Stream;
    let fail = |status, reason| {
        if is_stream {
            shard.sockets_cut.up();
        } else {
            counted.answers().failed.up();
        }
        if has_begun {
            Outcome::Broken
        } else {
            Outcome::Refused(status, reason)
        }
    };
    match end {
        End::Complete { reusable } => {
            if reusable {
                connection.is_reused = true;
                connection.input.release();
                counted.backend().give_back(worker, connection);
            }
            Outcome::Answered
        }
        End::Upgraded => Outcome::Upgraded(Box::new(connection), counted),
        End::Moved => {
            shard.sockets_moved.up();
            Outcome::Answered
        }
        End::Cut => fail(503, "the version is gone"),
        End::ClientGone => {
            if !is_stream {
                shard.client_aborted.up();
            }
            Outcome::Gone
        }
        End::ClientSlow => {
            shard.client_aborted.up();
            if has_begun {
                Outcome::Gone
            } else {
                Outcome::Refused(408, "the request's body did not come")
            }
        }
        End::BadBody(reason) => {
            shard.client_aborted.up();
            if has_begun {
                Outcome::Broken
            } else {
                Outcome::Refused(400, reason)
            }
        }
        End::Instance { wrong, .. } => match wrong {
            Wrong::Closed => fail(502, "the instance closed the connection"),
            Wrong::Malformed(reason) => fail(502, reason),
            Wrong::TimedOut => fail(504, "the instance did not answer in time"),
        },
    }
}

enum Waited {
    Again,
    InVain,
    Gone,
}

/// A request held because nobody can take it.
struct Hold {
    until: Instant,
    admitted: bool,
    changes: Option<tokio::sync::watch::Receiver<u64>>,
    state: Arc<crate::table::ServiceState>,
}

impl Hold {
    fn new(route: &Route) -> Self {
        let held_before = route.state.held_now.fetch_add(1, Ordering::Relaxed);
        Self {
            until: Instant::now() + Duration::from_millis(route.limits.hold_ms),
            admitted: held_before < route.limits.held_max,
            changes: None,
            state: Arc::clone(&route.state),
        }
    }

    /// Waits until it is worth another try.
    async fn wait<D: Downstream>(
        &mut self,
        worker: &Worker,
        door: &Door,
        route: &mut Arc<Route>,
        all_refused: bool,
        down: &mut D,
    ) -> Waited {
        if !self.admitted || Instant::now() >= self.until {
            return Waited::InVain;
        }
        // The first look at the table comes after the subscription, so that no change is missed.
        if self.changes.is_none() {
            self.changes = Some(worker.published.changes());
        } else if let Some(changes) = &mut self.changes {
            let pause = if all_refused {
                Instant::now() + REFUSED_PAUSE
            } else {
                self.until
            };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Waited::InVain },
                () = tokio::time::sleep_until(pause.min(self.until)) => {}
                () = poll_fn(|cx| down.poll_gone(cx)) => return Waited::Gone,
            }
        }
        let (_, routes) = worker.published.listener(door);
        let fresh = routes.and_then(|routes| routes.of_service(&self.state));
        match fresh {
            Some(fresh) => *route = fresh,
            None => return Waited::InVain,
        }
        Waited::Again
    }

    fn count(&self, shard: &crate::counters::Shard) {
        if self.admitted {
            shard.held.up();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.state.held_now.fetch_sub(1, Ordering::Relaxed);
    }
}
