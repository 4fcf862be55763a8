//! Drives a rollout in a world without surprises, but for those that an example wants.

use std::collections::{BTreeMap, VecDeque};

use rollout::{
    Action, ArtifactId, Effect, Errand, Event, Health, HostId, Observation, Plan, Reply, Rollout,
    RouteSeen, RunOutcome, Tick, TrafficSeen, Verdict,
};

/// When everything begins.
const BEGAN_MS: u64 = 1_700_000_000_000;
/// Time between two looks.
const LOOK_MS: u64 = 500;
/// So many looks are made at most.
const LOOKS_MAX: usize = 100_000;

/// A rollout with the world around it.
pub(crate) struct Drive {
    pub(crate) state: Rollout,
    pub(crate) now: Tick,
    /// A host whose candidate fails its check, with the words of the check.
    pub(crate) sick: Option<(HostId, &'static str)>,
    /// What metrics measure.
    pub(crate) measured: f64,
    /// Whether hooks that are asked agree.
    pub(crate) agrees: bool,
    weights: BTreeMap<HostId, BTreeMap<ArtifactId, u8>>,
}

impl Drive {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut drive = Self {
            state: Rollout::new(plan),
            now: Tick::from_ms(BEGAN_MS),
            sick: None,
            measured: 0.001,
            agrees: true,
            weights: BTreeMap::new(),
        };
        drive.tell(Event::Begin);
        drive
    }

    /// Tells the rollout something, and does what follows from it.
    pub(crate) fn tell(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let state = self.state.clone();
            let (state, effects) = rollout::step(state, event, self.now);
            self.state = state;
            for effect in effects {
                if let Some((id, reply)) = self.perform(effect) {
                    events.push_back(Event::Reply { id, reply });
                }
            }
        }
    }

    /// Goes on until a step is under way, or nothing happens any more.
    pub(crate) fn until(&mut self, step: &str) {
        self.go_on(|state| state.current().is_some_and(|(_, at)| at.name == step));
        assert!(
            self.state.current().is_some_and(|(_, at)| at.name == step),
            "{step} was not reached, but {:?} {:?}",
            self.state.current(),
            self.state.cause()
        );
    }

    /// Goes on to the end, or to where a person is waited for.
    pub(crate) fn run_out(&mut self) {
        self.go_on(|state| state.is_halted() || state.waiting().is_some());
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        let until = self.now.after(ms);
        while self.now < until {
            self.look();
        }
    }

    fn go_on(&mut self, there: impl Fn(&Rollout) -> bool) {
        for _ in 0..LOOKS_MAX {
            if there(&self.state) || self.state.is_halted() {
                return;
            }
            self.look();
        }
        panic!("it does not come to an end: {:?}", self.state.current());
    }

    fn look(&mut self) {
        self.now = self.now.after(LOOK_MS);
        for watch in self.state.watches() {
            let sick = self.sick.as_ref().filter(|(host, _)| *host == watch.host);
            let candidate = self.state.plan().host(&watch.host).unwrap().candidate_ids();
            let health = |instance| match sick {
                Some((_, words)) if candidate.contains(instance) => Health {
                    verdict: Verdict::Unhealthy,
                    restarts: 0,
                    detail: (*words).into(),
                },
                _ => Health {
                    verdict: Verdict::Healthy,
                    restarts: 0,
                    detail: "GET /health 200".into(),
                },
            };
            let seen = Observation {
                began: self.now,
                instances: watch
                    .instances
                    .iter()
                    .map(|instance| (instance.clone(), health(instance)))
                    .collect(),
                route: Some(RouteSeen {
                    weights: self.weights.get(&watch.host).cloned().unwrap_or_default(),
                    reverted: false,
                }),
                traffic: TrafficSeen::default(),
            };
            self.tell(Event::Observed {
                host: watch.host,
                seen,
            });
        }
        self.tell(Event::Wake);
    }

    fn perform(&mut self, effect: Effect) -> Option<(rollout::EffectId, Reply)> {
        let done = RunOutcome::Finished {
            exit: 0,
            output: String::new(),
        };
        match effect {
            Effect::Do { id, host, action } => {
                let reply = match &action {
                    Action::Run { .. }
                    | Action::AwaitRun { .. }
                    | Action::Hook { .. }
                    | Action::Background { .. } => Reply::Ran(done),
                    _ => Reply::Done { notes: Vec::new() },
                };
                if let Action::Route { shares, .. } = action {
                    let weights = shares
                        .iter()
                        .map(|share| (share.artifact.clone(), share.weight));
                    self.weights.insert(host, weights.collect());
                }
                Some((id, reply))
            }
            Effect::Ask { id, errand } => Some(match errand {
                Errand::Hook { .. } if self.agrees => (id, Reply::Ran(done)),
                Errand::Hook { .. } => {
                    let detail = "403 not before 14:00".into();
                    (id, Reply::Refused { detail })
                }
                Errand::Measure { .. } => {
                    let value = analysis::Number::new(self.measured);
                    (id, Reply::Measured(analysis::Measurement::Value(value)))
                }
            }),
            _ => None,
        }
    }
}
