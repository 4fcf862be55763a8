//! The running counts behind a report.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::orders::Keys;
use crate::report::{Latency, Orders, Requests, Sockets, Streams, VersionSeen, Versions};

const EXAMPLES_MAX: usize = 5;

/// Everything that is counted while a load runs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) http: RequestTally,
    pub(crate) slow: RequestTally,
    pub(crate) post: RequestTally,
    pub(crate) orders: Orders,
    pub(crate) keys: Keys,
    pub(crate) ws: Sockets,
    pub(crate) ws_latency: Durations,
    pub(crate) ws_reconnect: Durations,
    pub(crate) sse: Streams,
    pub(crate) sse_reconnect: Durations,
    pub(crate) versions: VersionTally,
}

/// Durations, kept to three digits.
#[derive(Debug)]
pub(crate) struct Durations(Histogram<u64>);

impl Default for Durations {
    fn default() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "three digits are always a valid precision"
        )]
        Self(Histogram::new(3).expect("three digits are a valid precision"))
    }
}

impl Durations {
    pub(crate) fn add(&mut self, duration: Duration) {
        // An hour bounds what a load can measure; the histogram grows to it by itself.
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.0.record(us.min(3_600_000_000)).ok();
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        // Both grow by themselves, so one always holds the other.
        self.0.add(&other.0).ok();
    }

    pub(crate) fn latency(&self) -> Latency {
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a bounded load")]
        let ms = |us: u64| us as f64 / 1_000.0;
        Latency {
            count: self.0.len(),
            p50_ms: ms(self.0.value_at_quantile(0.5)),
            p99_ms: ms(self.0.value_at_quantile(0.99)),
            max_ms: ms(self.0.max()),
        }
    }
}

/// Requests of one kind.
#[derive(Debug, Default)]
pub(crate) struct RequestTally {
    pub(crate) requests: Requests,
    pub(crate) latency: Durations,
}

impl RequestTally {
    pub(crate) fn failed(&mut self, kind: &str, example: impl FnOnce() -> String) {
        self.requests.failed += 1;
        *self.requests.failures.entry(kind.to_owned()).or_default() += 1;
        keep_example(&mut self.requests.examples, example);
    }

    pub(crate) fn report(&self) -> Requests {
        Requests {
            latency: self.latency.latency(),
            ..self.requests.clone()
        }
    }
}

/// Keeps the first few different failures in words.
pub(crate) fn keep_example(examples: &mut Vec<String>, example: impl FnOnce() -> String) {
    if examples.len() < EXAMPLES_MAX {
        let example = example();
        if !examples.contains(&example) {
            examples.push(example);
        }
    }
}

/// Which labels answered, and when.
#[derive(Debug, Default)]
pub(crate) struct VersionTally {
    seen: BTreeMap<String, Span>,
    changes_max: u64,
}

#[derive(Debug)]
struct Span {
    first: Duration,
    last: Duration,
    answers: u64,
}

/// What one client knows of the labels it saw.
#[derive(Debug, Default)]
pub(crate) struct LastVersion {
    label: Option<String>,
    changes: u64,
}

impl VersionTally {
    /// Counts an answer to the request that a client sent at `sent` from the start of the load.
    pub(crate) fn add(&mut self, label: &str, sent: Duration, client: &mut LastVersion) {
        if client.label.as_deref() != Some(label) {
            client.changes += u64::from(client.label.is_some());
            client.label = Some(label.to_owned());
            self.changes_max = self.changes_max.max(client.changes);
        }
        match self.seen.get_mut(label) {
            Some(span) => {
                span.first = span.first.min(sent);
                span.last = span.last.max(sent);
                span.answers += 1;
            }
            None => {
                let span = Span {
                    first: sent,
                    last: sent,
                    answers: 1,
                };
                self.seen.insert(label.to_owned(), span);
            }
        }
    }

    pub(crate) fn report(&self) -> Versions {
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let mut seen: Vec<VersionSeen> = self
            .seen
            .iter()
            .map(|(label, span)| VersionSeen {
                label: label.clone(),
                first_ms: ms(span.first),
                last_ms: ms(span.last),
                answers: span.answers,
            })
            .collect();
        seen.sort_by_key(|version| version.first_ms);
        let overlap_ms = seen
            .windows(2)
            .map(|pair| pair[0].last_ms.saturating_sub(pair[1].first_ms))
            .sum();
        Versions {
            seen,
            changes_max: self.changes_max,
            overlap_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(answers: &[(usize, u64, &str)]) -> Versions {
        let mut tally = VersionTally::default();
        let mut clients = [LastVersion::default(), LastVersion::default()];
        for (client, ms, label) in answers {
            tally.add(label, Duration::from_millis(*ms), &mut clients[*client]);
        }
        tally.report()
    }

    #[test]
    fn durations_of_any_size_are_kept() {
        let mut durations = Durations::default();
        for ms in [1, 10, 100, 20_000] {
            durations.add(Duration::from_millis(ms));
        }
        let latency = durations.latency();
        assert_eq!(latency.count, 4);
        assert!((latency.p50_ms - 10.0).abs() < 0.1, "{latency:?}");
        assert!((latency.max_ms - 20_000.0).abs() < 20.0, "{latency:?}");
    }

    #[test]
    fn a_clean_switch_is_one_change_without_overlap() {
        let report = versions(&[(0, 1, "a"), (1, 2, "a"), (1, 5, "b"), (0, 6, "b")]);
        assert_eq!(report.changes_max, 1);
        assert_eq!(report.overlap_ms, 0);
        let spans: Vec<_> = report
            .seen
            .iter()
            .map(|v| (v.label.as_str(), v.first_ms, v.last_ms, v.answers))
            .collect();
        assert_eq!(spans, [("a", 1, 2, 2), ("b", 5, 6, 2)]);
    }

    #[test]
    fn versions_that_interleave_show_as_changes_and_overlap() {
        let report = versions(&[(0, 1, "a"), (0, 2, "b"), (0, 3, "a"), (1, 9, "a")]);
        assert_eq!(report.changes_max, 2);
        assert_eq!(report.overlap_ms, 7);
    }
}
