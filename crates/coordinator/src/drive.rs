//! Drives one rollout: every source is turned into one kind of input, the engine steps, the steps are
//! journaled, and only then their effects are performed.

mod journal;
mod note;
mod show;
mod tasks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::wire::v1::Lease;
use proxy::control::v1::Traffic;
use rollout::{Action, Effect, Entry, Event, HostId, Phase, Rollout, ServiceKey, Tick, step};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::attendance::{Attendance, WhenPaused};
use crate::clock::Clock;
use crate::error::Error;
use crate::host::Host;
use crate::interpret::{Means, Moment};
use crate::ledger_door::Ledger;
use crate::order::Order;
use crate::outcome::{Outcome, Stored, reason};
use crate::receipt::Turn;
use journal::Written;
pub(crate) use show::Shown;
use tasks::Tasks;

/// Inputs that are journaled together at most.
const TOGETHER_MAX: usize = 64;
/// Time between two publications while only traffic changes.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// Something that happened, from whichever source.
#[derive(Debug)]
pub(crate) enum Input {
    /// For the engine.
    Event(Event),
    /// For the engine, from a person who left it with the ledger under this number.
    Requested {
        /// Its number in the ledger.
        id: u64,
        /// What.
        event: Event,
        /// The step that it is for; any, where it does not say.
        at: Option<String>,
    },
    /// For the person who watches.
    Counted(HostId, Traffic),
    /// This process must stop.
    Fenced(String),
}

/// A rollout under way in this process. Dropping it ends all that it started; the proxies go on.
pub(crate) struct Drive<'a, H> {
    service: ServiceKey,
    ledger: Ledger<H>,
    lease: Lease,
    hosts: BTreeMap<HostId, H>,
    means: Arc<Means>,
    clock: Clock,
    state: Rollout,
    /// Of the last entry journaled.
    seq: u64,
    /// What is stored beside the journal, and whether the ledger has it as it is.
    stored: Stored,
    stored_told: bool,
    wake: Option<Tick>,
    inputs: UnboundedReceiver<Input>,
    tasks: Tasks<H>,
    attendance: Attendance<'a>,
    shown: Shown,
    by: String,
}

/// What a drive begins with.
pub(crate) struct Begin<'a, H> {
    pub(crate) ledger: Ledger<H>,
    pub(crate) lease: Lease,
    pub(crate) hosts: Vec<(HostId, H)>,
    pub(crate) means: Means,
    pub(crate) clock: Clock,
    pub(crate) state: Rollout,
    pub(crate) seq: u64,
    pub(crate) stored: Stored,
    pub(crate) attendance: Attendance<'a>,
    pub(crate) shown: Shown,
    pub(crate) by: String,
}

impl<'a, H: Host> Drive<'a, H> {
    pub(crate) fn new(begin: Begin<'a, H>) -> Self {
        let (sender, inputs) = unbounded_channel();
        let means = Arc::new(begin.means);
        let plan = begin.state.plan();
        let hosts: BTreeMap<HostId, H> = begin
            .hosts
            .into_iter()
            .filter(|(id, _)| plan.host(id).is_some())
            .map(|(id, host)| (id, host.with_token(begin.lease.token)))
            .collect();
        let tasks = Tasks::new(
            &hosts,
            &begin.ledger,
            &begin.lease,
            &means,
            &begin.clock,
            sender,
        );
        Self {
            service: plan.service.clone(),
            ledger: begin.ledger,
            lease: begin.lease,
            hosts,
            means,
            clock: begin.clock,
            state: begin.state,
            seq: begin.seq,
            stored: begin.stored,
            stored_told: false,
            wake: None,
            inputs,
            tasks,
            attendance: begin.attendance,
            shown: begin.shown,
            by: begin.by,
        }
    }

    /// Carries on from `first` until the rollout is at its end, or needs a person and is to be left then.
    /// What the first events ask for is performed only after all of them: a later one may call it off.
    pub(crate) async fn run(mut self, first: Vec<Event>) -> Result<Outcome, Error> {
        self.snapshot(Turn::Start).await;
        self = self
            .take(first.into_iter().map(Input::Event).collect())
            .await?;
        let mut publish = tokio::time::interval(PUBLISH_EVERY);
        publish.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.is_over() {
            let wake = self.wake;
            let wait = Duration::from_millis(wake.map_or(0, |wake| wake.since(self.clock.now())));
            let orders = &mut self.attendance.orders;
            let input = tokio::select! {
                input = self.inputs.recv() => match input {
                    Some(input) => input,
                    None => return Err(self.fenced("its own tasks ended".into())),
                },
                order = next_order(orders) => self.ordered(order),
                () = tokio::time::sleep(wait), if wake.is_some() => Input::Event(Event::Wake),
                _ = publish.tick(), if self.attendance.view.is_some() => {
                    self.publish();
                    continue;
                }
            };
            let mut inputs = vec![input];
            while inputs.len() < TOGETHER_MAX
                && let Ok(input) = self.inputs.try_recv()
            {
                inputs.push(input);
            }
            self = self.take(inputs).await?;
        }
        self.shown.changed();
        self.publish();
        self.tasks.farewell().await;
        Ok(self.outcome())
    }

    /// Says whether nothing is left to do here.
    fn is_over(&self) -> bool {
        let left = self.attendance.when_paused == WhenPaused::Leave
            && self.state.phase() == Phase::Paused
            && self.state.awaited() == 0;
        self.state.is_halted() || left
    }

    /// Says whether a step is the one under way; none named is any.
    fn is_at(&self, step: Option<&str>) -> bool {
        let current = self.state.current();
        step.is_none_or(|name| current.is_some_and(|(_, step)| step.name == name))
    }

    fn ordered(&self, order: Order) -> Input {
        Input::Event(order.verb.event(self.by.clone(), order.why))
    }

    /// Steps the engine with all that happened, journals the steps at once, then has their effects performed.
    async fn take(mut self, inputs: Vec<Input>) -> Result<Self, Error> {
        let mut written = Written::default();
        let mut asked = Vec::new();
        for input in inputs {
            let (event, request) = match input {
                Input::Event(event) => (event, None),
                Input::Requested { id, at, .. } if !self.is_at(at.as_deref()) => {
                    // Somebody else was quicker, and it goes on already: the next wait is not what was meant.
                    written.taken.push(id);
                    continue;
                }
                Input::Requested { id, event, .. } => (event, Some(id)),
                Input::Counted(host, traffic) => {
                    let now_ms = self.clock.now_ms();
                    let plan = self.state.plan();
                    self.shown
                        .traffic(&host, &traffic, plan, now_ms, self.attendance.observer);
                    continue;
                }
                Input::Fenced(detail) => return Err(self.fenced(detail)),
            };
            written.taken.extend(request);
            let now = self.clock.now();
            self.shown.event(&event, self.attendance.observer);
            let before = Before::of(&self.state);
            let is_wake = matches!(event, Event::Wake);
            // The state moves through: that of a large fleet is not to be copied for each event.
            let (next, effects) = step(self.state, event.clone(), now);
            self.state = next;
            if self.state.revision() == before.revision && effects.is_empty() {
                self.shown
                    .unchanged(&self.state, &event, self.attendance.observer);
                continue;
            }
            self.take_note(before, &effects).await;
            self.shown.verb(&event, now);
            self.shown.step(
                before,
                &self.state,
                &event,
                &effects,
                self.attendance.observer,
            );
            let entry = Entry::new(now, event, &effects);
            written.note(entry, &effects);
            for effect in &effects {
                if let Effect::WakeAt(tick) = effect {
                    self.wake = Some(*tick);
                }
            }
            // Whatever else happens at that time, the engine is woken.
            if is_wake && self.wake.is_some_and(|wake| wake <= now) && !wakes(&effects) {
                self.wake = None;
            }
            let moment = if effects.iter().any(is_told_the_moment) {
                self.moment()
            } else {
                Moment::default()
            };
            asked.extend(effects.into_iter().map(|effect| (effect, moment.clone())));
        }
        let stepped = !written.is_empty();
        self.journal(written).await?;
        let now = self.clock.now();
        self.tasks.follow(&self.state, asked, now);
        if stepped {
            self.tell_webhooks();
            self.publish();
        }
        Ok(self)
    }

    /// Where the rollout stands, for hooks.
    fn moment(&self) -> Moment {
        Moment {
            step: self
                .state
                .current()
                .map_or_else(String::new, |(_, step)| step.name.clone()),
            phase: self.state.phase().word().into(),
            weight: self.weight(),
            by: self.by.clone(),
            reason: self.state.cause().map(ToString::to_string),
        }
    }

    /// The candidate's highest weight on any host, as last acknowledged.
    fn weight(&self) -> u8 {
        let plan = self.state.plan();
        plan.hosts
            .iter()
            .filter_map(|host| self.state.host_seen(&host.host)?.weight)
            .max()
            .unwrap_or(0)
    }

    /// Publishes how the rollout stands, if anybody wants to know.
    fn publish(&mut self) {
        let Some(view) = self
            .attendance
            .view
            .as_ref()
            .filter(|_| self.shown.is_new())
        else {
            return;
        };
        let snapshot = self.shown.snapshot(
            &self.means.rollout,
            &self.state,
            &self.lease.holder,
            self.clock.now(),
        );
        view.send_replace(Some(Arc::new(snapshot)));
    }

    /// Tells the webhooks that want to know of phases and steps.
    fn tell_webhooks(&mut self) {
        if !self.shown.moved_on(&self.state) {
            return;
        }
        let notice = show::notice(&self.state, self.moment(), self.clock.now());
        self.tasks.tell(notice);
    }

    fn fenced(&self, detail: String) -> Error {
        Error::Fenced {
            service: self.service.clone(),
            detail,
        }
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            rollout: self.means.rollout.clone(),
            phase: self.state.phase(),
            finished: self.state.is_finished(),
            cause: reason(&self.state),
            log: self.stored.log.clone(),
            hosts_behind: self.state.hosts_behind(),
            receipt: self.stored.receipt.clone(),
        }
    }
}

/// What is compared with the state after a step.
#[derive(Debug, Clone, Copy)]
struct Before {
    revision: u64,
    given_up: bool,
    waiting: bool,
    /// How many steps had begun, and whether the last of them had ended.
    steps: usize,
    ended: bool,
}

impl Before {
    fn of(state: &Rollout) -> Self {
        Self {
            revision: state.revision(),
            given_up: state.cause().is_some(),
            waiting: state.waiting().is_some(),
            steps: state.seen().len(),
            ended: state.seen().last().is_some_and(|step| step.ended.is_some()),
        }
    }
}

/// Says whether an effect is told where the rollout stands: hooks and measurements are.
fn is_told_the_moment(effect: &Effect) -> bool {
    match effect {
        Effect::Ask { .. } => true,
        Effect::Do { action, .. } => matches!(action, Action::Hook { .. }),
        _ => false,
    }
}

fn wakes(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::WakeAt(_)))
}

/// Waits for an order; for ever where none can come.
async fn next_order(orders: &mut Option<tokio::sync::mpsc::UnboundedReceiver<Order>>) -> Order {
    if let Some(receiver) = orders {
        if let Some(order) = receiver.recv().await {
            return order;
        }
        *orders = None;
    }
    std::future::pending().await
}
