//! Drives one rollout: every source is turned into one kind of input, the engine steps, the step is
//! journaled, and only then its effects are performed.

mod show;
mod tasks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::wire::v1::{
    Call, CurrentVersion, Entry as LedgerEntry, Lease, NewMark, Outcome as LedgerOutcome, Refusal,
    Reply,
};
use proxy::control::v1::Traffic;
use rollout::{Committed, Effect, Entry, Event, HostId, Rollout, ServiceKey, Stage, Tick, step};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::clock::Clock;
use crate::error::Error;
use crate::facts::{ask_host, optional};
use crate::host::Host;
use crate::interpret::Means;
use crate::ledger_door::{Denied, Ledger, unexpected};
use crate::outcome::{LogTail, Outcome, Stored};
use crate::progress::{Observer, Progress};
use crate::receipt::{Receipt, Snapshot, Turn};
use show::Shown;
use tasks::Tasks;

/// Lines of an app's log that are kept with a failed rollout.
const LOG_LINES: usize = 40;
/// Longest pause before the ledger is asked again.
const PAUSE_MAX: Duration = Duration::from_secs(3);

/// Something that happened, from whichever source.
#[derive(Debug)]
pub(crate) enum Input {
    /// For the engine.
    Event(Event),
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
    stored: Stored,
    wake: Option<Tick>,
    inputs: UnboundedReceiver<Input>,
    tasks: Tasks<H>,
    observer: &'a mut dyn Observer,
    shown: Shown,
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
    pub(crate) observer: &'a mut dyn Observer,
}

impl<'a, H: Host> Drive<'a, H> {
    pub(crate) fn new(begin: Begin<'a, H>) -> Self {
        let (sender, inputs) = unbounded_channel();
        let means = Arc::new(begin.means);
        let hosts: BTreeMap<HostId, H> = begin
            .hosts
            .into_iter()
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
            service: begin.state.plan().service.clone(),
            ledger: begin.ledger,
            lease: begin.lease,
            hosts,
            means,
            clock: begin.clock,
            state: begin.state,
            seq: begin.seq,
            stored: begin.stored,
            wake: None,
            inputs,
            tasks,
            observer: begin.observer,
            shown: Shown::default(),
        }
    }

    /// Carries on from `first` until the rollout is at its end or needs a person.
    pub(crate) async fn run(mut self, first: Event) -> Result<Outcome, Error> {
        self.snapshot(Turn::Start).await;
        self.handle(first).await?;
        while !self.state.is_halted() {
            let wake = self.wake;
            let wait = Duration::from_millis(wake.map_or(0, |wake| wake.since(self.clock.now())));
            let event = tokio::select! {
                input = self.inputs.recv() => match input {
                    Some(Input::Event(event)) => event,
                    Some(Input::Counted(host, traffic)) => {
                        let now_ms = self.clock.now_ms();
                        self.shown.traffic(&host, &traffic, self.state.plan(), now_ms, self.observer);
                        continue;
                    }
                    Some(Input::Fenced(detail)) => return Err(self.fenced(detail)),
                    None => return Err(self.fenced("its own tasks ended".into())),
                },
                () = tokio::time::sleep(wait), if wake.is_some() => Event::Wake,
            };
            self.handle(event).await?;
        }
        Ok(self.outcome())
    }

    /// Steps the engine, journals the step, then has its effects performed.
    async fn handle(&mut self, event: Event) -> Result<(), Error> {
        let now = self.clock.now();
        self.shown.event(&event, self.observer);
        let (next, effects) = step(self.state.clone(), event.clone(), now);
        if next == self.state && effects.is_empty() {
            return Ok(());
        }
        self.take_note(&next, &effects).await;
        let entry = Entry::new(now, event, &effects);
        self.journal(&entry, &next, &effects).await?;
        let before = std::mem::replace(&mut self.state, next);
        self.shown
            .step(&before, &self.state, &effects, self.observer);
        for effect in &effects {
            if let Effect::WakeAt(tick) = effect {
                self.wake = Some(*tick);
            }
        }
        if self.wake.is_some_and(|wake| wake <= now) {
            self.wake = None;
        }
        self.tasks.follow(&self.state, &effects);
        Ok(())
    }

    /// Reads counters and logs at the turns, before the effects change what they say.
    async fn take_note(&mut self, next: &Rollout, effects: &[Effect]) {
        let switches = effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Do {
                    action: rollout::Action::Route { .. },
                    ..
                }
            )
        });
        if switches && matches!(next.stage(), Stage::Reversible(_)) {
            self.snapshot(Turn::Switch).await;
        }
        let keeping = Stage::Committed(Committed::Keeping);
        let settling = Stage::Committed(Committed::Settling);
        let draining = self.state.stage() == Stage::Committed(Committed::Draining);
        if draining && (next.stage() == keeping || next.stage() == settling) {
            self.snapshot(Turn::Drained).await;
        }
        if let (None, Some((host, instance))) = (
            self.state.cause(),
            next.cause().and_then(rollout::Cause::instance),
        ) && let Some(client) = self.hosts.get(host)
            && let Ok(text) = ask_host(client.log_tail(instance.as_str(), LOG_LINES)).await
        {
            self.stored.log = Some(LogTail {
                host: host.to_string(),
                instance: instance.to_string(),
                text,
            });
        }
        if next.is_finished() {
            self.snapshot(Turn::End).await;
            let now_ms = self.clock.now_ms();
            self.stored.receipt = Some(Receipt::new(
                &self.means.rollout,
                next,
                &self.stored.snapshots,
                now_ms,
            ));
        }
    }

    async fn snapshot(&mut self, turn: Turn) {
        let mut reads = tokio::task::JoinSet::new();
        for (id, host) in &self.hosts {
            let (id, host, service) = (id.to_string(), host.clone(), self.service.clone());
            reads.spawn(async move {
                let read =
                    tokio::time::timeout(Duration::from_secs(5), host.traffic(service.as_str()))
                        .await;
                (
                    id,
                    read.ok()
                        .and_then(|traffic| optional(traffic).ok())
                        .map(Option::unwrap_or_default),
                )
            });
        }
        let mut hosts = BTreeMap::new();
        while let Some(read) = reads.join_next().await {
            if let Ok((id, Some(traffic))) = read {
                hosts.insert(id, traffic);
            }
        }
        self.stored.snapshots.push(Snapshot {
            at_ms: self.clock.now_ms(),
            turn,
            hosts,
        });
    }

    /// Journals an entry with what is true from then on; asks again for as long as it makes sense.
    async fn journal(
        &mut self,
        entry: &Entry,
        next: &Rollout,
        effects: &[Effect],
    ) -> Result<(), Error> {
        const OPERATION: &str = "write the journal";
        let seq = self.seq + 1;
        let call = Call::Append {
            service: self.service.to_string(),
            token: self.lease.token,
            rollout: self.means.rollout.clone(),
            entries: vec![self.entry(seq, entry)?],
            effect: self.effect(next, effects),
            taken: Vec::new(),
        };
        let began_ms = self.clock.now_ms();
        let mut pause = Duration::from_millis(100);
        let mut lost = false;
        loop {
            match self.ledger.try_call(&call).await {
                Ok(Reply::Done) => break,
                Ok(_) => return Err(unexpected(OPERATION)),
                Err(Denied::Rule(Refusal::NotHolder, detail)) => return Err(self.fenced(detail)),
                Err(Denied::Rule(_, detail)) => {
                    return Err(Error::Ledger {
                        operation: OPERATION,
                        detail,
                    });
                }
                Err(Denied::Again(detail)) => {
                    let lost_ms = self.clock.now_ms().saturating_sub(began_ms);
                    if lost_ms > self.state.plan().timing.progress_deadline_ms {
                        let host = self.ledger.lead.clone();
                        return Err(Error::Unreachable {
                            host,
                            operation: OPERATION,
                            detail,
                        });
                    }
                    if !std::mem::replace(&mut lost, true) {
                        self.observer.on(&Progress::LedgerLost { detail });
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        if lost {
            self.observer.on(&Progress::LedgerBack);
        }
        self.seq = seq;
        Ok(())
    }

    fn entry(&self, seq: u64, entry: &Entry) -> Result<LedgerEntry, Error> {
        let entry = rollout::journal::v1::Entry::write(seq, entry);
        LedgerEntry::write(1, &entry).map_err(|e| Error::Stored {
            rollout: self.means.rollout.clone(),
            detail: e.to_string(),
        })
    }

    fn effect(&self, next: &Rollout, effects: &[Effect]) -> LedgerOutcome {
        let plan = next.plan();
        let versions = [Some(&plan.candidate), plan.stable.as_ref()];
        LedgerOutcome {
            phase: next.phase().into(),
            finished: next.is_finished(),
            cause: reason(next),
            current: effects.iter().find_map(|effect| match effect {
                Effect::Decide { artifact } => {
                    let version = versions
                        .into_iter()
                        .flatten()
                        .find(|version| version.artifact == *artifact)?;
                    Some(CurrentVersion {
                        artifact: artifact.to_string(),
                        vsn: version.vsn.clone(),
                    })
                }
                _ => None,
            }),
            marks: effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::MarkBad { artifact, why } => Some(NewMark {
                        artifact: artifact.to_string(),
                        why: why.clone(),
                    }),
                    _ => None,
                })
                .collect(),
            receipt: serde_json::to_value(&self.stored).ok(),
            behind: Vec::new(),
        }
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

/// Says why a rollout was given up, or what it waits for.
fn reason(state: &Rollout) -> Option<String> {
    if state.phase() == rollout::Phase::Paused {
        return Some(
            "nobody saw the end of the release command: look what it did, then `cutover resume \
             --release-command done` or `again`, or `cutover abort`"
                .into(),
        );
    }
    let given_up = state.cause().map(|cause| match state.command_end() {
        Some(end) => format!("{cause}; {end}"),
        None => cause.to_string(),
    });
    given_up.or_else(|| {
        let behind: Vec<String> = state
            .hosts_behind()
            .iter()
            .map(|(host, detail)| format!("{host}: {detail}"))
            .collect();
        (!behind.is_empty() && state.is_halted()).then(|| behind.join("; "))
    })
}
