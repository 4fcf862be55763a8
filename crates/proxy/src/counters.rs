//! The counters of one version: a shard for each worker, merged when read.
//!
//! A shard has one writer, its worker, so counting is a plain load and store; nobody waits for anybody.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::control::v1::{self, LATENCY_BUCKETS, VersionTraffic, latency_bounds_us};

static BOUNDS: LazyLock<[u64; LATENCY_BUCKETS]> = LazyLock::new(latency_bounds_us);

/// A number that one worker writes and everybody reads.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// Adds one.
    pub(crate) fn up(&self) {
        self.0.store(self.0.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Takes one off.
    pub(crate) fn down(&self) {
        self.0.store(self.0.load(Relaxed).wrapping_sub(1), Relaxed);
    }

    /// Reads it.
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How a request came to its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// By the weights.
    Weighted,
    /// By the testers' header.
    Testers,
    /// By the preview's listener.
    Preview,
}

impl Choice {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Weighted, Self::Testers, Self::Preview];
}

/// What became of the requests of one choice; see [`v1::Answers`].
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) requests: Count,
    status: [Count; 5],
    pub(crate) failed: Count,
    latency: [Count; LATENCY_BUCKETS + 1],
}

impl Answers {
    fn new() -> Self {
        Self {
            requests: Count::default(),
            status: Default::default(),
            failed: Count::default(),
            latency: std::array::from_fn(|_| Count::default()),
        }
    }
}

/// What one worker counts of one version; see [`VersionTraffic`] for the meaning of each.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Shard {
    answers: [Answers; 3],
    pub(crate) retried: Count,
    pub(crate) held: Count,
    pub(crate) client_aborted: Count,
    pub(crate) in_flight: Count,
    pub(crate) sockets_open: Count,
    pub(crate) streams_open: Count,
    pub(crate) sockets_moved: Count,
    pub(crate) sockets_cut: Count,
    latency_sum_us: AtomicU64,
}

impl Shard {
    /// All zero.
    pub(crate) fn new() -> Self {
        Self {
            answers: Choice::ALL.map(|_| Answers::new()),
            retried: Count::default(),
            held: Count::default(),
            client_aborted: Count::default(),
            in_flight: Count::default(),
            sockets_open: Count::default(),
            streams_open: Count::default(),
            sockets_moved: Count::default(),
            sockets_cut: Count::default(),
            latency_sum_us: AtomicU64::new(0),
        }
    }

    /// What is counted for one choice.
    pub(crate) fn of(&self, choice: Choice) -> &Answers {
        &self.answers[choice as usize]
    }

    /// Counts an answer of the instance.
    pub(crate) fn answered(&self, choice: Choice, status: u16, latency_us: u64) {
        let answers = self.of(choice);
        if let Some(class) = answers
            .status
            .get(usize::from(status / 100).wrapping_sub(1))
        {
            class.up();
        }
        answers.latency[bucket(latency_us)].up();
        let sum = self.latency_sum_us.load(Relaxed);
        self.latency_sum_us
            .store(sum.wrapping_add(latency_us), Relaxed);
    }

    /// The requests begun, however they came.
    pub(crate) fn requests(&self) -> u64 {
        self.answers.iter().map(|a| a.requests.get()).sum()
    }

    /// Everything that is open now.
    pub(crate) fn open(&self) -> u64 {
        self.in_flight.get() + self.sockets_open.get() + self.streams_open.get()
    }
}

/// The bucket of a latency: the first whose upper bound is not below it.
fn bucket(latency_us: u64) -> usize {
    BOUNDS.partition_point(|bound| *bound < latency_us)
}

/// Adds up the shards of a version.
pub(crate) fn merged(shards: &[Shard]) -> VersionTraffic {
    let sum = |of: &dyn Fn(&Shard) -> u64| shards.iter().map(of).fold(0, u64::wrapping_add);
    let [weighted, testers, preview] = Choice::ALL.map(|choice| answers(shards, choice));
    let all = [&weighted, &testers, &preview];
    let total = |of: &dyn Fn(&v1::Answers) -> u64| all.iter().map(|a| of(a)).sum::<u64>();
    VersionTraffic {
        requests: total(&|a| a.requests),
        status: std::array::from_fn(|class| total(&|a| a.status[class])),
        failed: total(&|a| a.failed),
        retried: sum(&|s| s.retried.get()),
        held: sum(&|s| s.held.get()),
        client_aborted: sum(&|s| s.client_aborted.get()),
        in_flight: sum(&|s| s.in_flight.get()),
        sockets_open: sum(&|s| s.sockets_open.get()),
        streams_open: sum(&|s| s.streams_open.get()),
        sockets_moved: sum(&|s| s.sockets_moved.get()),
        sockets_cut: sum(&|s| s.sockets_cut.get()),
        latency: (0..=LATENCY_BUCKETS)
            .map(|bucket| total(&|a| a.latency[bucket]))
            .collect(),
        by_choice: v1::ByChoice {
            weighted,
            testers,
            preview,
        },
    }
}

fn answers(shards: &[Shard], choice: Choice) -> v1::Answers {
    let sum = |of: &dyn Fn(&Answers) -> u64| shards.iter().map(|s| of(s.of(choice))).sum::<u64>();
    let mut until = 0;
    v1::Answers {
        requests: sum(&|a| a.requests.get()),
        status: std::array::from_fn(|class| sum(&|a| a.status[class].get())),
        failed: sum(&|a| a.failed.get()),
        latency: (0..=LATENCY_BUCKETS)
            .map(|bucket| {
                until += sum(&|a| a.latency[bucket].get());
                until
            })
            .collect(),
    }
}

/// The sum of all latencies of a version, in microseconds.
pub(crate) fn latency_sum_us(shards: &[Shard]) -> u64 {
    shards.iter().map(|s| s.latency_sum_us.load(Relaxed)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_falls_into_the_first_bucket_that_holds_it() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(50), 0);
        assert_eq!(bucket(51), 1);
        assert_eq!(bucket(100), 4);
        assert_eq!(bucket(u64::MAX), LATENCY_BUCKETS);
    }

    #[test]
    fn shards_add_up_and_latency_is_cumulative() {
        let shards = [Shard::new(), Shard::new()];
        shards[0].answered(Choice::Weighted, 200, 40);
        shards[1].answered(Choice::Weighted, 503, 90);
        shards[1].answered(Choice::Preview, 999, u64::MAX / 2);
        let all = merged(&shards);
        assert_eq!(all.status, [0, 1, 0, 0, 1]);
        assert_eq!((all.latency[0], all.latency[3], all.latency[4]), (1, 1, 2));
        assert_eq!(all.latency.len(), LATENCY_BUCKETS + 1);
        assert_eq!(all.latency.last(), Some(&3));
        assert!(all.latency.is_sorted());
        let apart = &all.by_choice;
        assert_eq!(
            (apart.weighted.status[1], apart.weighted.latency.last()),
            (1, Some(&2))
        );
        assert_eq!(apart.preview.latency.last(), Some(&1));
    }
}
