//! Clients of short, long and ordering requests: one after another on a kept connection.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderName, Method, Request};
use http_body_util::Full;
use tokio::time::Instant;

use super::Client;
use super::connection::{Answer, Connection, Failure, Sent};
use crate::tally::{RequestTally, Tally};

/// How many connections in a row may be closed under an unsent request.
const UNSENT_MAX: usize = 3;

/// Which of the tallies a client counts into.
type Pick = fn(&mut Tally) -> &mut RequestTally;

/// A client that sends requests over one kept connection.
#[derive(Debug)]
pub(crate) struct Requester {
    pub(crate) client: Client,
    tally: Pick,
    connection: Option<Connection>,
}

/// A request to make.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) header: Option<(HeaderName, &'a str)>,
}

/// The pace of one client among several: a start of its own, then one request a period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    next: Instant,
    period: Duration,
}

impl Pace {
    /// Shares `rate` a second among `clients`; without a rate there is no wait.
    pub(crate) fn shared(start: Instant, rate: Option<f64>, client: usize, clients: usize) -> Self {
        let Some(rate) = rate else {
            return Self {
                next: start,
                period: Duration::ZERO,
            };
        };
        let apart = Duration::from_secs_f64(1.0 / rate);
        Self {
            next: start + apart.mul_f64(count(client)),
            period: apart.mul_f64(count(clients)),
        }
    }

    /// Returns when to send next. What was missed is not made up for.
    fn advance(&mut self) -> Instant {
        let now = Instant::now();
        let due = self.next.max(now);
        self.next = due + self.period;
        due
    }
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

impl Requester {
    pub(crate) fn new(client: Client, tally: Pick) -> Self {
        Self {
            client,
            tally,
            connection: None,
        }
    }

    /// Sends the same request again and again until the load stops.
    pub(crate) async fn repeat(mut self, path: String, mut pace: Pace) {
        let call = Call {
            method: Method::GET,
            path: &path,
            header: None,
        };
        self.open_first().await;
        while self.next(&mut pace).await {
            drop(self.call(&call).await);
        }
    }

    /// Opens the connection before the first request, so that the load can say that it is ready.
    pub(crate) async fn open_first(&mut self) {
        while !self.client.is_stopped() && self.connection.is_none() {
            match self.open().await {
                Ok(connection) => self.connection = Some(connection),
                Err(_) => self.client.back_off().await,
            }
        }
    }

    /// Waits for the next turn; says whether there is one.
    pub(crate) async fn next(&mut self, pace: &mut Pace) -> bool {
        let due = pace.advance();
        self.client.until(due).await
    }

    /// Makes one request and counts it, whatever comes of it; returns a whole answer of status 2xx.
    pub(crate) async fn call(&mut self, call: &Call<'_>) -> Option<Answer> {
        let sent = Instant::now();
        let answer = self.send(call).await;
        let shared = self.client.shared.clone();
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                (self.tally)(&mut shared.tally()).failed(failure.kind, || {
                    format!("{} {}: {}", call.method, call.path, failure.reason)
                });
                if failure.kind == "connect" {
                    self.client.back_off().await;
                }
                return None;
            }
        };
        {
            let mut tally = shared.tally();
            let tally = (self.tally)(&mut tally);
            let status = answer.status;
            *tally.requests.by_status.entry(status.as_u16()).or_default() += 1;
            if status.is_success() {
                tally.latency.add(sent.elapsed());
            } else {
                tally.failed("status", || {
                    format!("{} {}: status {status}", call.method, call.path)
                });
            }
        }
        self.client.saw_version(&answer.headers, sent);
        answer.status.is_success().then_some(answer)
    }

    async fn open(&mut self) -> Result<Connection, Failure> {
        let options = self.client.options();
        let connection = Connection::open(options.target.address(), options.timeout).await?;
        let shared = self.client.shared.clone();
        (self.tally)(&mut shared.tally()).requests.connections += 1;
        self.client.connected();
        Ok(connection)
    }

    async fn send(&mut self, call: &Call<'_>) -> Result<Answer, Failure> {
        let shared = self.client.shared.clone();
        (self.tally)(&mut shared.tally()).requests.sent += 1;
        let mut request = build(call, shared.options.target.host())?;
        for _ in 0..UNSENT_MAX {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.open().await?,
            };
            match connection.exchange(request, shared.options.timeout).await {
                Sent::Yes(answer) => {
                    if answer.is_ok() && connection.is_open() {
                        self.connection = Some(connection);
                    }
                    return answer;
                }
                Sent::Never(unsent) => {
                    (self.tally)(&mut shared.tally()).requests.closed_idle += 1;
                    request = *unsent;
                }
            }
        }
        Err(Failure {
            kind: "connect",
            reason: format!("{UNSENT_MAX} connections were closed before the request was sent"),
        })
    }
}

fn build(call: &Call<'_>, host: &str) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(call.path)
        .header(HOST, host);
    if call.method == Method::POST {
        request = request.header(CONTENT_LENGTH, "0");
    }
    if let Some((name, value)) = &call.header {
        request = request.header(name, *value);
    }
    request.body(Full::default()).map_err(|e| Failure {
        kind: "connect",
        reason: format!("no such request: {e}"),
    })
}
