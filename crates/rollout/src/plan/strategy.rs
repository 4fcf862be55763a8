//! How a version is changed: what a person configures, before there is a plan.

/// A strategy with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// The running nodes change their code.
    Hot(Hot),
    /// Batches of hosts, one after the other.
    Rolling(Rolling),
    /// The candidate gets a growing part of the traffic.
    Canary(Canary),
    /// The candidate beside stable, then all traffic at once.
    BlueGreen(BlueGreen),
    /// Hot where it is proven safe for the pair of versions, else the fallback.
    Auto {
        /// The settings, if hot is chosen.
        hot: Hot,
        /// What is done else; never `Auto` itself.
        fallback: Box<Strategy>,
    },
}

/// A number of hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostCount {
    /// That many.
    Hosts(u32),
    /// That part of the fleet, 0 to 100. Rounded up where it allows more at once, down where it is put up
    /// with, as Kubernetes rounds maxSurge and maxUnavailable.
    Percent(u8),
}

/// Settings of a hot upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hot {
    /// Hosts at a time, after the first one, which goes alone.
    pub max_parallel: HostCount,
    /// How long a host is watched with the new code before its commit, in milliseconds.
    pub watch_ms: u64,
}

/// Settings of a rolling change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rolling {
    /// Hosts at a time, after the first one, which goes alone.
    pub max_parallel: HostCount,
    /// Whether the new instance starts beside the old one.
    pub surge: Surge,
}

/// Whether there is room for two versions on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surge {
    /// Start the new one first.
    Beside,
    /// Stop the old one first: the host fails its readiness path for that long, in milliseconds, so that
    /// the balancer in front leaves it.
    Instead {
        /// Time that the balancer needs to notice.
        lb_notice_ms: u64,
    },
}

/// Settings of a canary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// What is done, in order; the last weight is 100, which is added where it is missing.
    pub steps: Vec<CanaryStep>,
    /// Whether a client stays with its version.
    pub stickiness: Stickiness,
}

/// One step of a canary, as Argo Rollouts has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CanaryStep {
    /// Gives the candidate that part of the traffic, 1 to 100.
    SetWeight(u8),
    /// Waits.
    Pause {
        /// That many milliseconds; without it until promoted.
        for_ms: Option<u64>,
    },
    /// Judges the candidate.
    Analysis(Analysis),
}

/// Whether a client stays with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stickiness {
    /// By a cookie of the proxy.
    Cookie,
    /// Each request is dealt anew.
    Off,
}

/// Settings of blue-green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueGreen {
    /// Judges the candidate at its preview address, before the switch.
    pub pre_promotion: Option<Analysis>,
    /// Whether a person has to promote it before the switch.
    pub pause: Option<Pause>,
    /// Judges the candidate with all traffic, before the commit.
    pub post_promotion: Option<Analysis>,
}

/// A wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// That many milliseconds; without it until promoted.
    pub for_ms: Option<u64>,
}

/// How a candidate is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// How long it looks, in milliseconds.
    pub for_ms: u64,
    /// Time between two measurements, in milliseconds.
    pub interval_ms: u64,
    /// The proxies' figures of candidate and stable, compared; absent where they are not.
    pub comparison: Option<analysis::ComparisonSettings>,
    /// The same of slow requests; its bound is in microseconds ([`analysis::LatencyBound::Us`]) and one for
    /// the whole plan.
    pub latency: Option<analysis::LatencySettings>,
    /// Values from elsewhere.
    pub metrics: Vec<Metric>,
}

/// A value from elsewhere that must keep a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// What people call it.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
    /// The condition.
    pub threshold: analysis::ThresholdSettings,
}

/// Where a metric's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A PromQL query that gives one value.
    Prometheus {
        /// The query, with variables such as `{{artifact}}` that are filled in when it is asked.
        query: String,
    },
    /// A webhook: 1 where it agrees (2xx), 0 where not; Flagger's `rollout`.
    Webhook {
        /// Where it is called.
        url: String,
    },
}

impl HostCount {
    /// Returns how many of `all` may be changed at once: rounded up, and at least one.
    pub fn at_once(self, all: usize) -> usize {
        let count = match self {
            Self::Hosts(count) => count as usize,
            Self::Percent(percent) => (all * usize::from(percent)).div_ceil(100),
        };
        count.max(1)
    }

    /// Returns how many of `all` are put up with: rounded down.
    pub fn put_up_with(self, all: usize) -> usize {
        match self {
            Self::Hosts(count) => count as usize,
            Self::Percent(percent) => all * usize::from(percent) / 100,
        }
    }

    /// Returns how many of `all` are wanted: rounded up.
    pub fn wanted(self, all: usize) -> usize {
        match self {
            Self::Hosts(count) => count as usize,
            Self::Percent(percent) => (all * usize::from(percent)).div_ceil(100),
        }
    }
}

impl Strategy {
    /// Returns its word, as in settings and journals.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hot(_) => "hot",
            Self::Rolling(_) => "rolling",
            Self::Canary(_) => "canary",
            Self::BlueGreen(_) => "blue-green",
            Self::Auto { .. } => "auto",
        }
    }
}

impl BlueGreen {
    /// Without pause and analyses.
    pub const PLAIN: Self = Self {
        pre_promotion: None,
        pause: None,
        post_promotion: None,
    };
}
