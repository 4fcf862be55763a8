//! Traffic by seed, and three judges that see the same of it.

use analysis::{Comparison, ComparisonSettings, Counts, Look, Outcome};

/// SplitMix64: small, good enough, and the same everywhere.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number over 0 and up to 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// How many of `n` throws hit, where each does with chance `p`: jumps from hit to hit.
    fn hits(&mut self, n: u64, p: f64) -> u64 {
        if p <= 0.0 {
            return 0;
        }
        if p > 0.5 {
            return n - self.hits(n, 1.0 - p);
        }
        let log_miss = libm::log1p(-p);
        let (mut at, mut hits) = (0.0, 0);
        loop {
            at += libm::floor(libm::log(self.unit()) / log_miss) + 1.0;
            if at > n as f64 {
                return hits;
            }
            hits += 1;
        }
    }
}

/// What traffic is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traffic {
    /// Requests of both versions in an interval, on average.
    pub(crate) requests: u64,
    /// The candidate's share of them, in percent.
    pub(crate) share: u32,
    /// Stable's rate of bad requests.
    pub(crate) stable: f64,
    /// The candidate's rate of bad requests.
    pub(crate) candidate: f64,
    /// So many bad requests come together.
    pub(crate) together: u64,
    /// Before this interval the candidate is as good as stable.
    pub(crate) worse_from: u32,
    /// In so many intervals in the middle, a fifth of all requests is bad, whoever answers.
    pub(crate) incident: u32,
    /// How many intervals there are; each ends with a look.
    pub(crate) intervals: u32,
    /// Where it is not 0, all traffic is the candidate's, and stable had so many requests before.
    pub(crate) before: u64,
}

impl Traffic {
    /// Ten minutes of ten seconds each; no difference.
    pub(crate) const CALM: Self = Self {
        requests: 200,
        share: 10,
        stable: 0.01,
        candidate: 0.01,
        together: 1,
        worse_from: 0,
        incident: 0,
        intervals: 60,
        before: 0,
    };

    fn interval(&self, at: u32, random: &mut Random) -> (Counts, Counts) {
        let requests = random.hits(self.requests * 4, 0.25);
        let of_candidate = match self.before {
            0 => random.hits(requests, f64::from(self.share) / 100.0),
            _ => requests,
        };
        let middle = self.intervals / 2;
        let (stable, candidate) = if (middle..middle + self.incident).contains(&at) {
            (0.2, 0.2)
        } else if at < self.worse_from {
            (self.stable, self.stable)
        } else {
            (self.stable, self.candidate)
        };
        let mut counts = |requests: u64, rate: f64| {
            let events = random.hits(requests.div_ceil(self.together), rate);
            Counts::new(requests, (events * self.together).min(requests))
        };
        (
            counts(requests - of_candidate, stable),
            counts(of_candidate, candidate),
        )
    }
}

/// How one rollout went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// What the comparison decided first: worse, good, or neither.
    pub(crate) first: Option<Verdict>,
    /// Whether the comparison called the candidate worse at any look, also after it had called it good.
    pub(crate) ever_worse: bool,
    /// The candidate's requests when the comparison first decided, or at the end.
    pub(crate) requests: u64,
    /// Whether a fixed threshold called the candidate worse at any look: one point over stable, and five
    /// bad requests.
    pub(crate) threshold_worse: bool,
    /// Whether a z-test at 1 % called it worse at any look.
    pub(crate) z_worse: bool,
}

/// What a comparison decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Worse,
    Good,
}

/// Plays one rollout.
pub(crate) fn run(traffic: &Traffic, settings: ComparisonSettings, random: &mut Random) -> Run {
    let mut comparison = match traffic.before {
        0 => Comparison::new(settings),
        requests => {
            let bad = random.hits(requests, traffic.stable);
            Comparison::after_switch(settings, Counts::new(requests, bad))
        }
    };
    let mut result = Run {
        first: None,
        ever_worse: false,
        requests: 0,
        threshold_worse: false,
        z_worse: false,
    };
    for at in 0..traffic.intervals {
        let (stable, candidate) = traffic.interval(at, random);
        comparison.see(stable, candidate);
        let counted = comparison.counted();
        result.threshold_worse |= threshold(counted);
        result.z_worse |= z_test(counted);
        let look = if at + 1 < traffic.intervals {
            Look::Midway
        } else {
            Look::Last
        };
        let verdict = match comparison.outcome(look) {
            Outcome::Failed { .. } => Some(Verdict::Worse),
            Outcome::Successful { .. } => Some(Verdict::Good),
            Outcome::Running { .. } | Outcome::Inconclusive { .. } => None,
        };
        result.ever_worse |= verdict == Some(Verdict::Worse);
        if result.first.is_none() {
            result.first = verdict;
            result.requests = counted.1.requests;
        }
    }
    result
}

fn threshold((stable, candidate): (Counts, Counts)) -> bool {
    candidate.bad >= 5 && rate(candidate) > rate(stable) + 0.01
}

fn z_test((stable, candidate): (Counts, Counts)) -> bool {
    let both = stable.plus(candidate);
    let pooled = rate(both);
    let parts = [stable, candidate].map(|counts| 1.0 / counts.requests.max(1) as f64);
    let deviation = (pooled * (1.0 - pooled) * (parts[0] + parts[1])).sqrt();
    deviation > 0.0 && (rate(candidate) - rate(stable)) / deviation > 2.326
}

fn rate(counts: Counts) -> f64 {
    counts.bad as f64 / counts.requests.max(1) as f64
}

/// What came of many rollouts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u32,
    /// Called worse first.
    pub(crate) worse: u32,
    /// Called good first.
    pub(crate) good: u32,
    pub(crate) ever_worse: u32,
    pub(crate) threshold_worse: u32,
    pub(crate) z_worse: u32,
    /// The candidate's requests until it was called worse: the median of those that were.
    pub(crate) until_worse: Option<u64>,
    /// The candidate's requests until it was called good: the median of those that were.
    pub(crate) until_good: Option<u64>,
}

/// Plays many rollouts.
pub(crate) fn tally(
    traffic: &Traffic,
    settings: ComparisonSettings,
    runs: u32,
    seed: u64,
) -> Tally {
    let mut random = Random::seeded(seed);
    let played: Vec<Run> = (0..runs)
        .map(|_| run(traffic, settings, &mut random))
        .collect();
    let count = |of: fn(&Run) -> bool| played.iter().filter(|run| of(run)).count() as u32;
    let median = |verdict: Verdict| {
        let mut requests: Vec<u64> = played
            .iter()
            .filter(|run| run.first == Some(verdict))
            .map(|run| run.requests)
            .collect();
        requests.sort_unstable();
        requests.get(requests.len() / 2).copied()
    };
    Tally {
        runs,
        worse: count(|run| run.first == Some(Verdict::Worse)),
        good: count(|run| run.first == Some(Verdict::Good)),
        ever_worse: count(|run| run.ever_worse),
        threshold_worse: count(|run| run.threshold_worse),
        z_worse: count(|run| run.z_worse),
        until_worse: median(Verdict::Worse),
        until_good: median(Verdict::Good),
    }
}
