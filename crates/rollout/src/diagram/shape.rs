//! What belongs together, before it is drawn as anything.

use super::taken::{State, Taken};
use crate::plan::{Plan, Step, Stickiness, Strategy, Surge, Work};

/// So many batches are drawn each by itself; more are folded where they stand alike.
const BATCHES_SHOWN: usize = 4;

/// A diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagram {
    /// `shop.production: 0.1.0 → 0.2.0, canary 5, 25, 100 % on 5 hosts`
    pub title: String,
    /// The parts in order; the way back is the last one, where there can be one.
    pub parts: Vec<Part>,
    /// The version that serves when all goes well, and the one that serves if not.
    pub ends: (String, String),
    /// Why it was given up or what it waits for.
    pub why: Option<String>,
}

/// Steps that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its heading.
    pub title: String,
    /// Its boxes, in order.
    pub boxes: Vec<Box>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// Before the point of no return: what fails here leads back to stable.
    Reversible,
    /// After it: only forward.
    Committed,
    /// The way back.
    Back,
}

/// A step, or several batches that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Box {
    /// Its name, unique in the diagram: the step's, or `batches-3-49`.
    pub name: String,
    /// What it does.
    pub does: String,
    /// What it waits for.
    pub gate: String,
    /// Whether a person or a judgement decides here.
    pub decides: bool,
    /// If nothing has to be waited for longer than it must, in milliseconds.
    pub expected_ms: u64,
    /// Where it stands.
    pub state: State,
}

impl Diagram {
    /// Draws a plan to which nothing happened yet.
    pub fn of(plan: &Plan) -> Self {
        Self::with(plan, &Taken::nothing(plan.steps.len()))
    }

    /// Draws a plan with what happened to it.
    pub fn with(plan: &Plan, taken: &Taken) -> Self {
        let decision = plan.decision().map_or(plan.steps.len(), |at| at + 1);
        let mut parts = Vec::new();
        parts.extend(forward(plan, taken, 0..decision, PartKind::Reversible));
        parts.extend(forward(
            plan,
            taken,
            decision..plan.steps.len(),
            PartKind::Committed,
        ));
        if let Some(back) = back(plan, taken) {
            parts.push(back);
        }
        let stable = plan.stable.as_ref();
        Self {
            title: title(plan),
            parts,
            ends: (
                format!("{} serves", plan.candidate.vsn),
                stable.map_or_else(
                    || "nothing serves".to_owned(),
                    |stable| format!("{} serves", stable.vsn),
                ),
            ),
            why: taken.why.clone(),
        }
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
    match &plan.strategy {
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
    }
}

/// The parts of a run of steps: batches are parts of their own.
fn forward(plan: &Plan, taken: &Taken, range: std::ops::Range<usize>, kind: PartKind) -> Vec<Part> {
    let mut parts: Vec<(Option<u32>, Part)> = Vec::new();
    for at in range {
        let step = &plan.steps[at];
        let state = taken.steps.get(at).copied().unwrap_or(State::Pending);
        let drawn = of_step(plan, step, state);
        match parts.last_mut() {
            Some((batch, part)) if *batch == step.batch => part.boxes.push(drawn),
            _ => parts.push((
                step.batch,
                Part {
                    kind,
                    title: heading(plan, step, kind),
                    boxes: vec![drawn],
                },
            )),
        }
    }
    fold(parts)
}

fn heading(plan: &Plan, step: &Step, kind: PartKind) -> String {
    let Some(batch) = step.batch else {
        return match kind {
            PartKind::Reversible => "until the commit an abort brings stable back".into(),
            PartKind::Committed => "committed: only forward".into(),
            PartKind::Back => "the way back".into(),
        };
    };
    let host = |place: &u32| {
        plan.hosts
            .get(*place as usize)
            .map(|host| host.host.to_string())
    };
    match step.hosts.as_slice() {
        [one] => format!("batch {batch}: {}", host(one).unwrap_or_default()),
        [first, .., last] => format!(
            "batch {batch}: {} hosts, {} to {}",
            step.hosts.len(),
            host(first).unwrap_or_default(),
            host(last).unwrap_or_default()
        ),
        [] => format!("batch {batch}"),
    }
}

/// Folds batches in the middle that stand alike, where there are many.
fn fold(parts: Vec<(Option<u32>, Part)>) -> Vec<Part> {
    let batches = parts.iter().filter(|(batch, _)| batch.is_some()).count();
    if batches <= BATCHES_SHOWN {
        return parts.into_iter().map(|(_, part)| part).collect();
    }
    let last = parts.iter().rposition(|(batch, _)| batch.is_some());
    let mut folded: Vec<Part> = Vec::new();
    let mut run: Vec<(u32, Part)> = Vec::new();
    for (at, (batch, part)) in parts.into_iter().enumerate() {
        let whole = whole_state(&part);
        let foldable = batch.filter(|batch| {
            *batch > 2
                && Some(at) != last
                && matches!(
                    whole,
                    Some(State::Pending | State::NotReached | State::Done { .. })
                )
        });
        match foldable {
            Some(batch) => {
                let alike = run
                    .last()
                    .is_none_or(|(_, before)| like(whole_state(before), whole));
                if !alike {
                    folded.extend(one_of(std::mem::take(&mut run)));
                }
                run.push((batch, part));
            }
            None => {
                folded.extend(one_of(std::mem::take(&mut run)));
                folded.push(part);
            }
        }
    }
    folded.extend(one_of(run));
    folded
}

/// The state of a part whose boxes all stand alike.
fn whole_state(part: &Part) -> Option<State> {
    let first = part.boxes.first()?.state;
    part.boxes
        .iter()
        .all(|other| like(Some(other.state), Some(first)))
        .then_some(first)
}

fn like(one: Option<State>, other: Option<State>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::mem::discriminant(&one) == std::mem::discriminant(&other),
        _ => false,
    }
}

fn one_of(run: Vec<(u32, Part)>) -> Option<Part> {
    let (first, last) = (run.first()?.0, run.last()?.0);
    if run.len() == 1 {
        return run.into_iter().next().map(|(_, part)| part);
    }
    let sum = |of: fn(&Box) -> u64| -> u64 {
        let boxes = run.iter().flat_map(|(_, part)| &part.boxes);
        boxes.map(of).fold(0, u64::saturating_add)
    };
    let state = match whole_state(&run[0].1)? {
        State::Done { .. } => State::Done {
            took_ms: sum(|drawn| match drawn.state {
                State::Done { took_ms } => took_ms,
                _ => 0,
            }),
        },
        other => other,
    };
    let names: Vec<&str> = run[0].1.boxes.iter().map(|b| bare(&b.name)).collect();
    Some(Part {
        kind: run[0].1.kind,
        title: format!("batches {first} to {last}"),
        boxes: vec![Box {
            name: format!("batches-{first}-{last}"),
            does: format!("{} times: {}", run.len(), names.join(", ")),
            gate: "as in the batch before".into(),
            decides: false,
            expected_ms: sum(|drawn| drawn.expected_ms),
            state,
        }],
    })
}

/// A step's name without its batch.
fn bare(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((bare, number)) if number.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => name,
    }
}

fn of_step(plan: &Plan, step: &Step, state: State) -> Box {
    Box {
        name: step.name.clone(),
        does: plan.does(step),
        gate: plan.gate(step),
        decides: matches!(step.work, Work::Pause { for_ms: None } | Work::Analysis(_)),
        expected_ms: step.expected_ms,
        state,
    }
}

/// The way back: as it was taken, or that there is one.
fn back(plan: &Plan, taken: &Taken) -> Option<Part> {
    let boxes = taken
        .back
        .iter()
        .map(|(step, state)| of_step(plan, step, *state))
        .collect::<Vec<_>>();
    (!boxes.is_empty()).then(|| Part {
        kind: PartKind::Back,
        title: "the way back".into(),
        boxes,
    })
}
