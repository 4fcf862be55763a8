//! A simulated coordinator: it journals in the wire's form, may die at any gap, and is followed by another.

use rollout::journal::v1;
use rollout::{Effect, Entry, Event, Plan, Rollout, replay, step};

/// What is durable: the ledger.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) plan: Option<String>,
    pub(crate) entries: Vec<String>,
    pub(crate) marks: Vec<String>,
    pub(crate) decided: bool,
    pub(crate) token: u64,
}

/// What a coordinator's death takes with it.
#[derive(Debug)]
pub(crate) struct Alive {
    pub(crate) token: u64,
    pub(crate) state: Rollout,
    pub(crate) wake: Option<u64>,
    pub(crate) last_look: Vec<u64>,
    pub(crate) last_renewal: u64,
}

/// Where a coordinator dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    Not,
    BeforeJournal,
    BeforeEffects,
    AmongEffects,
}

impl Ledger {
    pub(crate) fn begin(plan: &Plan) -> Self {
        let plan = serde_json::to_string(&v1::Plan::from(plan)).unwrap();
        Self {
            plan: Some(plan),
            entries: Vec::new(),
            marks: Vec::new(),
            decided: false,
            token: 0,
        }
    }

    /// Reads the journal back and replays it, as another process does.
    pub(crate) fn take_over(&mut self, hosts: usize) -> Alive {
        self.token += 1;
        Alive {
            token: self.token,
            state: self.replay(),
            wake: None,
            last_look: vec![0; hosts],
            last_renewal: 0,
        }
    }

    pub(crate) fn replay(&self) -> Rollout {
        let plan: v1::Plan = serde_json::from_str(self.plan.as_ref().unwrap()).unwrap();
        let entries: Vec<Entry> = self
            .entries
            .iter()
            .map(|text| {
                serde_json::from_str::<v1::Entry>(text)
                    .unwrap()
                    .read()
                    .unwrap()
            })
            .collect();
        replay(plan.try_into().unwrap(), &entries).unwrap()
    }

    /// Replays now and then, for comparison with the state in memory: every time would be slow.
    pub(crate) fn replay_if_due(&self, state: Rollout) -> Rollout {
        if self.entries.len().is_multiple_of(101) || state.is_halted() {
            self.replay()
        } else {
            state
        }
    }

    fn append(&mut self, entry: &Entry, effects: &[Effect]) {
        let seq = self.entries.len() as u64 + 1;
        self.entries
            .push(serde_json::to_string(&v1::Entry::write(seq, entry)).unwrap());
        for effect in effects {
            match effect {
                Effect::MarkBad { artifact, .. } => self.marks.push(artifact.to_string()),
                Effect::Decide { .. } => self.decided = true,
                _ => {}
            }
        }
    }
}

impl Alive {
    /// Handles an event as the real one does: step, journal, then the effects, unless it dies in between.
    pub(crate) fn handle(
        &mut self,
        event: Event,
        now: u64,
        ledger: &mut Ledger,
        death: Death,
    ) -> Option<Vec<Effect>> {
        let tick = rollout::Tick::from_ms(now);
        let (next, effects) = step(self.state.clone(), event.clone(), tick);
        if next == self.state && effects.is_empty() {
            return Some(Vec::new());
        }
        if death == Death::BeforeJournal {
            return None;
        }
        ledger.append(&Entry::new(tick, event, &effects), &effects);
        self.state = next;
        for effect in &effects {
            if let Effect::WakeAt(at) = effect {
                self.wake = Some(at.ms());
            }
        }
        (death != Death::BeforeEffects).then_some(effects)
    }
}

/// Prints the journal of a world that fails while one seed is looked at.
impl Drop for Ledger {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("CUTOVER_SEED").is_some() {
            for entry in &self.entries {
                #[expect(clippy::print_stdout, reason = "a test tells of its failure")]
                {
                    println!("{entry}");
                }
            }
        }
    }
}
