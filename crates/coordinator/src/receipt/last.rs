//! The counters of a host as they were last read, in the short form in which they go with the journal: a
//! fleet's must fit into one call to the ledger.

use std::collections::BTreeMap;

use proxy::control::v1::{Traffic, VersionTraffic};
use serde::{Deserialize, Serialize};

/// Buckets of a histogram at most; the proxy has fewer.
const BUCKETS_MAX: usize = 1024;

/// What was counted on a host until then, of the versions of the rollout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Short")]
pub(super) struct Last {
    pub(super) epoch: u64,
    pub(super) versions: BTreeMap<String, VersionTraffic>,
}

/// The forms in which it was ever written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Short(Short),
    /// As the proxy tells it, which was kept whole at first.
    Full(Traffic),
}

#[derive(Serialize, Deserialize)]
struct Short {
    epoch: u64,
    sums: BTreeMap<String, Sums>,
}

/// What is subtracted of a version.
#[derive(Serialize, Deserialize)]
struct Sums {
    /// Requests, those that failed, were sent again, held, left by their clients; sockets moved and cut.
    counts: [u64; 7],
    status: [u64; 5],
    /// How many buckets the histogram has, and the answers in each that is not empty.
    buckets: usize,
    latency: Vec<(usize, u64)>,
}

impl Last {
    /// Keeps what the next reading needs of a version.
    pub(super) fn keep(&mut self, artifact: &str, counted: VersionTraffic) {
        let needed = VersionTraffic {
            by_choice: proxy::control::v1::ByChoice::default(),
            ..counted
        };
        self.versions.insert(artifact.into(), needed);
    }
}

impl From<Form> for Last {
    fn from(form: Form) -> Self {
        match form {
            Form::Short(Short { epoch, sums }) => Self {
                epoch,
                versions: sums
                    .into_iter()
                    .map(|(artifact, sums)| (artifact, sums.into()))
                    .collect(),
            },
            Form::Full(traffic) => {
                let mut last = Self {
                    epoch: traffic.epoch,
                    ..Self::default()
                };
                for (artifact, counted) in traffic.versions {
                    last.keep(&artifact, counted);
                }
                last
            }
        }
    }
}

impl From<Last> for Short {
    fn from(last: Last) -> Self {
        let sums = last.versions.into_iter();
        Self {
            epoch: last.epoch,
            sums: sums.map(|(artifact, all)| (artifact, all.into())).collect(),
        }
    }
}

impl From<VersionTraffic> for Sums {
    fn from(all: VersionTraffic) -> Self {
        let mut until = 0;
        let own = all.latency.iter().map(|count| {
            let own = count.saturating_sub(until);
            until = until.max(*count);
            own
        });
        Self {
            latency: own.enumerate().filter(|(_, count)| *count > 0).collect(),
            buckets: all.latency.len(),
            status: all.status,
            counts: [
                all.requests,
                all.failed,
                all.retried,
                all.held,
                all.client_aborted,
                all.sockets_moved,
                all.sockets_cut,
            ],
        }
    }
}

impl From<Sums> for VersionTraffic {
    fn from(sums: Sums) -> Self {
        let [requests, failed, retried, held, client_aborted, moved, cut] = sums.counts;
        let mut latency = vec![0; sums.buckets.min(BUCKETS_MAX)];
        for (bucket, count) in sums.latency {
            // Each bucket holds the answers of the smaller ones too.
            for up_to in latency.iter_mut().skip(bucket) {
                *up_to += count;
            }
        }
        Self {
            requests,
            status: sums.status,
            failed,
            retried,
            held,
            client_aborted,
            sockets_moved: moved,
            sockets_cut: cut,
            latency,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proxy::control::v1::{Answers, ByChoice, LATENCY_BUCKETS};

    /// A version as a busy proxy tells it.
    fn busy() -> VersionTraffic {
        let latency: Vec<u64> = (0..=LATENCY_BUCKETS as u64)
            .map(|bucket| 1_000_000 * bucket.min(30))
            .collect();
        VersionTraffic {
            requests: 30_000_000,
            status: [0, 29_000_000, 0, 0, 1_000_000],
            failed: 7,
            retried: 6,
            held: 5,
            client_aborted: 4,
            sockets_moved: 3,
            sockets_cut: 2,
            latency: latency.clone(),
            by_choice: ByChoice {
                weighted: Answers {
                    requests: 30_000_000,
                    latency,
                    ..Answers::default()
                },
                ..ByChoice::default()
            },
            ..VersionTraffic::default()
        }
    }

    #[test]
    fn what_was_last_read_is_short_and_says_the_same() {
        let mut last = Last {
            epoch: 9,
            ..Last::default()
        };
        for artifact in ["a", "b"] {
            last.keep(&artifact.repeat(64), busy());
        }
        let text = serde_json::to_string(&last).unwrap();
        assert!(text.len() < 1_500, "{} bytes", text.len());
        assert_eq!(serde_json::from_str::<Last>(&text).unwrap(), last);
    }

    #[test]
    fn what_an_earlier_version_kept_whole_is_still_read() {
        let traffic = Traffic {
            epoch: 9,
            versions: [("a".to_owned(), busy())].into(),
            held_now: 0,
        };
        let text = serde_json::to_string(&traffic).unwrap();
        let last: Last = serde_json::from_str(&text).unwrap();
        let kept = VersionTraffic {
            by_choice: ByChoice::default(),
            ..busy()
        };
        assert_eq!((last.epoch, &last.versions["a"]), (9, &kept));
    }
}
