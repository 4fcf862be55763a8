//! What load to make, and its hard bounds.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Error, Target};

const CLIENTS_MAX: usize = 4_000;
const DURATION_MAX: Duration = Duration::from_secs(3_600);
const RATE_MAX: f64 = 100_000.0;

/// What load to make: how many clients of each kind, how fast, for how long.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// The longest time to run; [`crate::Running::stop`] ends it earlier.
    pub duration: Duration,
    /// Clients that send short requests over a kept connection.
    pub http: usize,
    /// Short requests a second, of all `http` clients together; `None` is as fast as answers come.
    pub rate: Option<f64>,
    /// The path of a short request.
    pub http_path: String,
    /// Clients that send long requests one after another.
    pub slow: usize,
    /// The path of a long request.
    pub slow_path: String,
    /// Clients that send orders, each with its own idempotency key.
    pub post: usize,
    /// Orders a second, of all `post` clients together.
    pub post_rate: f64,
    /// The path of an order.
    pub post_path: String,
    /// WebSockets.
    pub ws: usize,
    /// How often each WebSocket sends a message.
    pub ws_interval: Duration,
    /// The path of a WebSocket.
    pub ws_path: String,
    /// Event streams.
    pub sse: usize,
    /// The path of an event stream.
    pub sse_path: String,
    /// How long one request may take before it counts as failed.
    pub timeout: Duration,
    /// The header of an answer that says which version it came from.
    pub version_header: String,
    /// The file to which the server appends a line for each executed order; read at the end.
    pub orders_file: Option<PathBuf>,
}

impl Options {
    /// A load without any client; set those that are wanted.
    pub fn new(target: Target, duration: Duration) -> Self {
        Self {
            target,
            duration,
            http: 0,
            rate: None,
            http_path: "/".to_owned(),
            slow: 0,
            slow_path: "/slow?ms=2000&chunks=8".to_owned(),
            post: 0,
            post_rate: 50.0,
            post_path: "/orders".to_owned(),
            ws: 0,
            ws_interval: Duration::from_millis(200),
            ws_path: "/ws".to_owned(),
            sse: 0,
            sse_path: "/events".to_owned(),
            timeout: Duration::from_secs(30),
            version_header: "x-version".to_owned(),
            orders_file: None,
        }
    }

    /// How many clients there are of all kinds.
    pub fn clients(&self) -> usize {
        [self.http, self.slow, self.post, self.ws, self.sse]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// Names the first option that is beyond its bound.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let clients = self.clients();
        bounded(
            "the number of clients",
            clients,
            (1..=CLIENTS_MAX).contains(&clients),
            format!("1 to {CLIENTS_MAX} in all"),
        )?;
        bounded(
            "the duration",
            format!("{:?}", self.duration),
            !self.duration.is_zero() && self.duration <= DURATION_MAX,
            format!("up to {DURATION_MAX:?}"),
        )?;
        for (option, rate) in [
            ("the rate", self.rate.unwrap_or(1.0)),
            ("the rate of orders", self.post_rate),
        ] {
            bounded(
                option,
                rate,
                rate > 0.0 && rate <= RATE_MAX,
                format!("more than 0 and up to {RATE_MAX} a second"),
            )?;
        }
        bounded(
            "the interval of a WebSocket",
            format!("{:?}", self.ws_interval),
            self.ws_interval >= Duration::from_millis(1),
            "1 ms or more".to_owned(),
        )?;
        bounded(
            "the timeout",
            format!("{:?}", self.timeout),
            !self.timeout.is_zero() && self.timeout <= DURATION_MAX,
            format!("up to {DURATION_MAX:?}"),
        )
    }
}

fn bounded(
    option: &'static str,
    given: impl ToString,
    holds: bool,
    allowed: String,
) -> Result<(), Error> {
    if holds {
        return Ok(());
    }
    Err(Error::OutOfBounds {
        option,
        given: given.to_string(),
        allowed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(change: impl FnOnce(&mut Options), part: &str) {
        let target = Target::parse("http://127.0.0.1:1").unwrap();
        let mut options = Options::new(target, Duration::from_secs(1));
        options.http = 1;
        options.check().unwrap();
        change(&mut options);
        let error = options.check().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn a_load_beyond_a_bound_is_refused() {
        refused(|o| o.http = 0, "the number of clients is 0");
        refused(|o| o.ws = CLIENTS_MAX, "1 to 4000");
        refused(|o| o.ws = usize::MAX, "1 to 4000");
        refused(|o| o.duration = Duration::from_secs(3_601), "the duration");
        refused(|o| o.duration = Duration::ZERO, "the duration");
        refused(|o| o.rate = Some(f64::NAN), "the rate is NaN");
        refused(|o| o.post_rate = 0.0, "the rate of orders");
        refused(|o| o.ws_interval = Duration::ZERO, "1 ms or more");
        refused(|o| o.timeout = Duration::ZERO, "the timeout");
    }
}
