//! Folds what stands alike in the middle, so that a diagram stays as large as a person reads.

use super::shape::{Box, BoxKind, Part};
use super::taken::State;

/// So many batches are drawn each by itself; of more, those in the middle are folded.
const BATCHES_MAX: usize = 5;
/// Batches at the front that are always drawn: the first one gates the rest, the second is a usual one.
const BATCHES_FRONT: usize = 2;
/// What is under way, or was left half done, is drawn by itself, but no more of it than this.
const SPECIAL_MAX: usize = 4;

/// How many boxes of a part are drawn.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// So many are drawn each by itself.
    boxes_max: usize,
    /// Of more, those at both ends.
    around: usize,
}

const ROOM: Room = Room {
    boxes_max: 40,
    around: 12,
};
/// There are several batches.
const ROOM_OF_BATCH: Room = Room {
    boxes_max: 18,
    around: 6,
};

/// How several stand alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alike {
    Ahead,
    Over,
    NotReached,
    Special,
}

/// Folds the boxes of each part, then the batches.
pub(super) fn fold(parts: Vec<Part>) -> Vec<Part> {
    let parts: Vec<Part> = parts.into_iter().map(fold_boxes).collect();
    let batches = parts.iter().filter(|part| part.batch.is_some()).count();
    if batches <= BATCHES_MAX {
        return parts;
    }
    let last = parts.iter().rposition(|part| part.batch.is_some());
    let first = parts.iter().position(|part| part.batch.is_some());
    let front = first.map_or(0, |first| first + BATCHES_FRONT);
    let (mut folded, mut run, mut specials) = (Vec::new(), Vec::<Part>::new(), 0);
    for (at, part) in parts.into_iter().enumerate() {
        let alike = alike(&part.boxes);
        let mut stays = part.batch.is_none() || at < front || Some(at) == last;
        if !stays && alike == Alike::Special && specials < SPECIAL_MAX {
            specials += 1;
            stays = true;
        }
        let breaks = run
            .last()
            .is_some_and(|before| self::alike(&before.boxes) != alike);
        if stays || breaks {
            folded.extend(one_batch(std::mem::take(&mut run)));
        }
        if stays {
            folded.push(part);
        } else {
            run.push(part);
        }
    }
    folded.extend(one_batch(run));
    folded
}

fn one_batch(run: Vec<Part>) -> Option<Part> {
    let (Some(first), Some(last)) = (run.first()?.batch, run.last()?.batch) else {
        return run.into_iter().next();
    };
    if run.len() == 1 {
        return run.into_iter().next();
    }
    let names: Vec<&str> = run[0].boxes.iter().map(|drawn| bare(&drawn.name)).collect();
    let does = format!("{} batches: {}", run.len(), names.join(", "));
    let name = format!("batches-{first}-{last}");
    let boxes: Vec<&Box> = run.iter().flat_map(|part| &part.boxes).collect();
    Some(Part {
        kind: run[0].kind,
        batch: Some(first),
        title: format!("batches {first} to {last}"),
        boxes: vec![one_of(name, does, "as in the batch before".into(), &boxes)],
    })
}

fn fold_boxes(mut part: Part) -> Part {
    let count = part.boxes.len();
    let room = match part.batch {
        Some(_) => ROOM_OF_BATCH,
        None => ROOM,
    };
    if count <= room.boxes_max {
        return part;
    }
    let (mut folded, mut run, mut specials) = (Vec::new(), Vec::<(usize, Box)>::new(), 0);
    for (at, drawn) in part.boxes.into_iter().enumerate() {
        let alike = alike(std::slice::from_ref(&drawn));
        let mut stays = at < room.around || at + room.around >= count;
        if !stays && alike == Alike::Special && specials < SPECIAL_MAX {
            specials += 1;
            stays = true;
        }
        let breaks = run
            .last()
            .is_some_and(|(_, before)| self::alike(std::slice::from_ref(before)) != alike);
        if (stays || (breaks && folded.len() < room.boxes_max - room.around)) && !run.is_empty() {
            folded.push(one_run(std::mem::take(&mut run), part.batch));
        }
        if stays {
            folded.push(drawn);
        } else {
            run.push((at, drawn));
        }
    }
    if !run.is_empty() {
        folded.push(one_run(run, part.batch));
    }
    part.boxes = folded;
    part
}

fn one_run(mut run: Vec<(usize, Box)>, batch: Option<u32>) -> Box {
    if run.len() == 1
        && let Some((_, drawn)) = run.pop()
    {
        return drawn;
    }
    let (first, last) = (run[0].0 + 1, run[run.len() - 1].0 + 1);
    let boxes: Vec<&Box> = run.iter().map(|(_, drawn)| drawn).collect();
    let (from, to) = (&boxes[0].name, &boxes[boxes.len() - 1].name);
    let does = format!("{} steps, {from} to {to}", boxes.len());
    let name = match batch {
        Some(batch) => format!("steps-{first}-{last}-of-batch-{batch}"),
        None => format!("steps-{first}-{last}"),
    };
    one_of(name, does, "each its own".into(), &boxes)
}

/// One box for several.
fn one_of(name: String, does: String, gate: String, boxes: &[&Box]) -> Box {
    let mut hosts: Vec<u32> = boxes
        .iter()
        .flat_map(|drawn| &drawn.hosts)
        .copied()
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    Box {
        name,
        kind: BoxKind::Folded,
        does,
        gate,
        hosts,
        expected_ms: boxes
            .iter()
            .fold(0, |sum: u64, drawn| sum.saturating_add(drawn.expected_ms)),
        state: state_of(boxes),
        times: boxes.iter().map(|drawn| drawn.times).max().unwrap_or(0),
        notes: Vec::new(),
    }
}

/// What is most worth knowing of several states.
fn state_of(boxes: &[&Box]) -> State {
    let find = |wanted: fn(State) -> bool| {
        let mut states = boxes.iter().map(|drawn| drawn.state);
        states.find(|state| wanted(*state))
    };
    if let Some(state) = find(|state| matches!(state, State::GivenUp { .. }))
        .or_else(|| find(State::is_current))
        .or_else(|| find(|state| state == State::Interrupted))
    {
        return state;
    }
    if boxes.iter().all(|drawn| drawn.state == State::Skipped) {
        return State::Skipped;
    }
    if boxes.iter().all(|drawn| drawn.state.is_over()) {
        let took_ms = boxes.iter().fold(0, |sum: u64, drawn| match drawn.state {
            State::Done { took_ms } => sum.saturating_add(took_ms),
            _ => sum,
        });
        return State::Done { took_ms };
    }
    find(|state| matches!(state, State::Pending | State::NotReached)).unwrap_or(State::Pending)
}

fn alike(boxes: &[Box]) -> Alike {
    let all = |wanted: fn(State) -> bool| boxes.iter().all(|drawn| wanted(drawn.state));
    if all(|state| state == State::Pending) {
        Alike::Ahead
    } else if all(State::is_over) {
        Alike::Over
    } else if all(|state| state == State::NotReached) {
        Alike::NotReached
    } else {
        Alike::Special
    }
}

/// A step's name without its batch.
fn bare(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((bare, number)) if number.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => name,
    }
}
