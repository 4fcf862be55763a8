//! What a verb would do, said before it is given.

use ledger::wire::v1::Record;
use rollout::{Rollout, ServiceKey, Tick, Work};

use super::Coordinator;
use super::take_over::replayed;
use crate::error::Error;
use crate::host::Host;
use crate::lease::who;
use crate::order::{Verb, does_something, nothing};
use crate::view::seconds;

/// What a verb would do to a rollout, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// The rollout.
    pub rollout: String,
    /// The step under way.
    pub at: Option<String>,
    /// Whether it would change anything.
    pub does_something: bool,
    /// What it would do, or why it would do nothing, in words.
    pub text: String,
    /// The steps that would follow, in words; at most those of the way back for an abort.
    pub steps: Vec<String>,
    /// Who drives the rollout and would be asked; where it is nobody, this process takes it over.
    pub driver: Option<String>,
}

impl<H: Host> Coordinator<H> {
    /// Says what a verb would do to the unfinished rollout of a service. Nothing is changed.
    ///
    /// # Errors
    /// Where there is none, or the ledger does not answer.
    pub async fn foresee(&self, service: &ServiceKey, verb: Verb) -> Result<Foreseen, Error> {
        let rollout = self.unfinished(service).await?;
        let record = self.show(&rollout).await?;
        self.foresee_in(&record, service, verb).await
    }

    pub(super) async fn foresee_in(
        &self,
        record: &Record,
        service: &ServiceKey,
        verb: Verb,
    ) -> Result<Foreseen, Error> {
        let state = replayed(record)?;
        let driver = self.driver(service).await?;
        let (text, steps) = foresee(&state, verb, self.clock.now());
        Ok(Foreseen {
            rollout: record.summary.rollout.clone(),
            at: state.current().map(|(_, step)| step.name.clone()),
            does_something: does_something(&state, verb, self.clock.now()),
            text,
            steps,
            driver: driver.map(|lease| who(&lease.holder)),
        })
    }
}

/// Says what a verb would do, and the steps that would follow.
fn foresee(state: &Rollout, verb: Verb, now: Tick) -> (String, Vec<String>) {
    let plan = state.plan();
    let at = state
        .current()
        .map_or("its end", |(_, step)| step.name.as_str());
    if !does_something(state, verb, now) {
        return (nothing(state, verb), Vec::new());
    }
    let event = verb.event(String::new(), None);
    let (after, _) = rollout::step(state.clone(), event, now);
    match verb {
        Verb::Promote => {
            let next = after
                .current()
                .map_or_else(|| "its end".into(), |(_, step)| plan.does(step));
            (
                format!("it ends the wait at `{at}` and goes on: {next}"),
                Vec::new(),
            )
        }
        Verb::PromoteFull => (
            format!(
                "it goes on from `{at}` past all pauses, analyses and partial weights that are left, until {} \
                 serves for good; health is still watched",
                plan.candidate.vsn
            ),
            ahead(state, |work| {
                !matches!(work, Work::Pause { .. } | Work::Analysis(_))
                    && !matches!(work, Work::Weight(weight) if *weight < 100)
            }),
        ),
        Verb::Pause => (
            format!(
                "it goes no further than `{at}`; weights stay as they are then, for at most {} (pause_max), \
                 after which the earlier version is back",
                seconds(plan.timing.pause_max_ms)
            ),
            Vec::new(),
        ),
        Verb::Continue => (
            format!("it takes the pause back and goes on from `{at}`"),
            ahead(state, |_| true),
        ),
        Verb::Retry => (
            format!("it tries again what was refused, lost or set aside, from `{at}` on"),
            Vec::new(),
        ),
        Verb::Abort => {
            let serves = plan
                .stable
                .as_ref()
                .map_or("nothing, for nothing did before".into(), |stable| {
                    format!("{} ({})", stable.vsn, stable.artifact.short())
                });
            let way: Vec<String> = after
                .way_back()
                .iter()
                .map(|step| plan.does(step))
                .collect();
            (
                format!(
                    "it gives {} up at `{at}`; what serves then is {serves}",
                    plan.candidate.vsn
                ),
                way,
            )
        }
    }
}

/// Lists the steps that are left, in words.
fn ahead(state: &Rollout, wanted: impl Fn(&Work) -> bool) -> Vec<String> {
    let plan = state.plan();
    let place = plan
        .steps
        .iter()
        .position(|step| state.current().is_some_and(|(_, at)| at.name == step.name))
        .unwrap_or(0);
    plan.steps
        .iter()
        .skip(place + 1)
        .filter(|step| wanted(&step.work))
        .map(|step| plan.does(step))
        .collect()
}
