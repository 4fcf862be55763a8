//! What belongs together, before it is drawn as anything.

use serde::Serialize;

use super::fold::fold;
use super::taken::{Passage, State, Taken};
use crate::phase::Phase;
use crate::plan::{Plan, Step, Stickiness, Strategy, Surge, Work};

/// A diagram. As JSON it is what a page draws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagram {
    /// `shop.production: 0.1.0 → 0.2.0, canary 5, 25, 100 % on 5 hosts`
    pub title: String,
    /// The parts in order; the way back is the last one, where it was taken.
    pub parts: Vec<Part>,
    /// What serves before, in words.
    pub before: String,
    /// What serves when all goes well, and what serves if not, in words.
    pub ends: (String, String),
    /// Which of the ends was reached.
    pub end: Option<End>,
    /// Why it was given up or what it waits for.
    pub why: Option<String>,
}

/// An end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The candidate serves.
    Candidate,
    /// What served before serves.
    Stable,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// The batch that it is, from 1.
    pub batch: Option<u32>,
    /// Its heading.
    pub title: String,
    /// Its boxes, in order.
    pub boxes: Vec<Box>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Before the point of no return: what fails here leads back to stable.
    Reversible,
    /// After it: only forward.
    Committed,
    /// The way back.
    Back,
}

/// A step, or several that stand alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Box {
    /// Its name, unique in the diagram: the step's, or `batches-3-49`.
    pub name: String,
    /// What it is.
    pub kind: BoxKind,
    /// What it does.
    pub does: String,
    /// What it waits for.
    pub gate: String,
    /// The places of its hosts in the plan.
    pub hosts: Vec<u32>,
    /// If nothing has to be waited for longer than it must, in milliseconds.
    pub expected_ms: u64,
    /// Where it stands.
    pub state: State,
    /// How often it was begun; more than once where it was interrupted.
    pub times: u32,
    /// What is to be told of it.
    pub notes: Vec<String>,
}

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxKind {
    /// Something is done.
    Step,
    /// Something of the user's is run.
    Hook,
    /// Somebody is waited for: a person, or a hook that has to agree.
    Wait,
    /// The candidate is judged.
    Judgement,
    /// The point of no return.
    Decision,
    /// Several that stand alike.
    Folded,
}

impl Diagram {
    /// Draws a plan to which nothing happened yet.
    pub fn of(plan: &Plan) -> Self {
        Self::with(plan, &Taken::nothing(plan.steps.len()))
    }

    /// Draws a plan with what happened to it.
    pub fn with(plan: &Plan, taken: &Taken) -> Self {
        let mut parts = forward(plan, taken);
        parts.extend(back(plan, taken));
        let stable = plan.stable.as_ref().map_or_else(
            || "nothing serves".to_owned(),
            |stable| format!("{} serves", stable.vsn),
        );
        let candidate = match taken.aside.as_slice() {
            [] => format!("{} serves", plan.candidate.vsn),
            [host] => format!("{} serves, but {host} is behind", plan.candidate.vsn),
            hosts => format!(
                "{} serves, but {} hosts are behind",
                plan.candidate.vsn,
                hosts.len()
            ),
        };
        Self {
            title: title(plan),
            parts,
            before: stable.clone(),
            ends: (candidate, stable),
            end: match taken.phase {
                Phase::Healthy | Phase::RolledBack => Some(End::Candidate),
                Phase::Aborted => Some(End::Stable),
                Phase::Degraded if taken.decided => Some(End::Candidate),
                _ => None,
            },
            why: taken.why.clone(),
        }
    }

    /// Returns every box of it.
    pub fn boxes(&self) -> impl Iterator<Item = &Box> {
        self.parts.iter().flat_map(|part| &part.boxes)
    }
}

fn title(plan: &Plan) -> String {
    let from = plan.stable.as_ref().map_or("nothing", |stable| &stable.vsn);
    let hosts = match plan.hosts.as_slice() {
        [host] => format!("on {}", host.host),
        hosts => format!("on {} hosts", hosts.len()),
    };
    format!(
        "{}: {from} → {}, {} {hosts}",
        plan.service,
        plan.candidate.vsn,
        strategy(plan)
    )
}

/// How the version is changed, in a few words: `canary 5, 25, 100 %`.
fn strategy(plan: &Plan) -> String {
    let auto = match &plan.auto {
        Some(_) => "auto chose ",
        None => "",
    };
    let what = match &plan.strategy {
        Strategy::Hot(_) => "hot".into(),
        Strategy::Rolling(rolling) => match rolling.surge {
            Surge::Beside => "rolling".into(),
            Surge::Instead { .. } => "rolling without surge".into(),
        },
        Strategy::Canary(canary) => {
            let weights: Vec<String> = plan
                .steps
                .iter()
                .filter_map(|step| match step.work {
                    Work::Weight(weight) => Some(weight.to_string()),
                    _ => None,
                })
                .collect();
            let sticky = match canary.stickiness {
                Stickiness::Cookie => ", clients stay by cookie,",
                Stickiness::Off => "",
            };
            format!("canary {} %{sticky}", weights.join(", "))
        }
        Strategy::BlueGreen(_) => "blue-green".into(),
        Strategy::Auto { .. } => "auto".into(),
    };
    format!("{auto}{what}")
}

/// The parts of the plan: a batch is a part of its own, and so is all that follows the decision.
fn forward(plan: &Plan, taken: &Taken) -> Vec<Part> {
    let decision = plan.decision().map_or(plan.steps.len(), |at| at + 1);
    let batches = batches(plan);
    let mut parts: Vec<Part> = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let (kind, batch) = if at < decision {
            (PartKind::Reversible, batches[at])
        } else {
            (PartKind::Committed, None)
        };
        let nothing = Passage::nothing();
        let drawn = of_step(plan, step, taken.steps.get(at).unwrap_or(&nothing));
        match parts.last_mut() {
            Some(part) if part.kind == kind && part.batch == batch => part.boxes.push(drawn),
            _ => parts.push(Part {
                kind,
                batch,
                title: heading(plan, step, kind, batch),
                boxes: vec![drawn],
            }),
        }
    }
    fold(parts)
}

/// The batch of each step; a step of none that lies between steps of one belongs there too, such as the
/// release command after the start of the first host.
fn batches(plan: &Plan) -> Vec<Option<u32>> {
    let mut batches: Vec<Option<u32>> = plan.steps.iter().map(|step| step.batch).collect();
    let mut next = None;
    let mut following: Vec<Option<u32>> = batches
        .iter()
        .rev()
        .map(|batch| {
            next = batch.or(next);
            next
        })
        .collect();
    following.reverse();
    let mut before = None;
    for (batch, after) in batches.iter_mut().zip(following) {
        if batch.is_none() && before.is_some() && before == after {
            *batch = before;
        }
        before = batch.or(before);
    }
    batches
}

fn heading(plan: &Plan, step: &Step, kind: PartKind, batch: Option<u32>) -> String {
    let batched = plan.steps.iter().any(|step| step.batch.is_some());
    let Some(batch) = batch else {
        return match kind {
            PartKind::Reversible if batched => "before the first batch".into(),
            PartKind::Reversible => match &plan.stable {
                Some(stable) => format!("until the commit, {} can come back at once", stable.vsn),
                None => "until the commit".into(),
            },
            PartKind::Committed => "committed: only forward".into(),
            PartKind::Back => "the way back".into(),
        };
    };
    let host = |place: &u32| {
        plan.hosts
            .get(*place as usize)
            .map(|host| host.host.to_string())
    };
    // Some steps of a batch are only on the hosts that have something to leave.
    let of_batch = plan.steps.iter().filter(|other| other.batch == Some(batch));
    let hosts = of_batch
        .map(|step| step.hosts.as_slice())
        .max_by_key(|hosts| hosts.len())
        .unwrap_or(&step.hosts);
    match hosts {
        [one] => format!("batch {batch}: {}", host(one).unwrap_or_default()),
        [first, .., last] => format!(
            "batch {batch}: {} hosts, {} to {}",
            hosts.len(),
            host(first).unwrap_or_default(),
            host(last).unwrap_or_default()
        ),
        [] => format!("batch {batch}"),
    }
}

fn of_step(plan: &Plan, step: &Step, passage: &Passage) -> Box {
    let hook_waits = |place: u32| {
        let hook = plan.hooks.get(place as usize);
        hook.is_some_and(|hook| hook.point.waits())
    };
    Box {
        name: step.name.clone(),
        kind: match step.work {
            Work::Pause { .. } => BoxKind::Wait,
            Work::Hook(place) if hook_waits(place) => BoxKind::Wait,
            Work::Hook(_) => BoxKind::Hook,
            Work::Analysis(_) => BoxKind::Judgement,
            _ if plan
                .decision()
                .and_then(|at| plan.steps.get(at))
                .is_some_and(|decision| decision.name == step.name) =>
            {
                BoxKind::Decision
            }
            _ => BoxKind::Step,
        },
        does: plan.does(step).trim_end().to_owned(),
        gate: plan.gate(step),
        hosts: step.hosts.clone(),
        expected_ms: step.expected_ms,
        state: passage.state,
        times: passage.times,
        notes: passage.notes.clone(),
    }
}

/// The way back as it was taken.
fn back(plan: &Plan, taken: &Taken) -> Option<Part> {
    let boxes = taken
        .back
        .iter()
        .map(|(step, passage)| of_step(plan, step, passage))
        .collect::<Vec<_>>();
    let part = (!boxes.is_empty()).then(|| Part {
        kind: PartKind::Back,
        batch: None,
        title: "the way back".into(),
        boxes,
    })?;
    fold(vec![part]).pop()
}
