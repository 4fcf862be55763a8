//! The diagram as a tree: parts, their steps, and the hosts below the step under way.

use coordinator::Snapshot;
use rollout::{BoxKind, DiagramBox, DiagramState as State, PartKind, span};

use super::hosts::hosts;
use super::line::{Line, Tint};

/// Lines of the tree, and which of them is the one to look at.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) lines: Vec<Line>,
    pub(super) at: usize,
}

/// Draws it; `hosts_max` lines for hosts at most.
pub(super) fn tree(snapshot: &Snapshot, now_ms: u64, width: usize, hosts_max: usize) -> Tree {
    let names = snapshot
        .diagram
        .boxes()
        .map(|drawn| drawn.name.chars().count());
    let names = names.max().unwrap_or(0).min(width / 3);
    let mut lines = Vec::new();
    let mut at = None;
    for part in &snapshot.diagram.parts {
        let (rail, tint) = match part.kind {
            PartKind::Reversible => ("├─", Tint::Dim),
            PartKind::Committed => ("├═", Tint::Dim),
            PartKind::Back => ("├╌", Tint::Bad),
        };
        lines.push(
            Line::default()
                .with(Tint::Dim, &format!("{rail} "))
                .with(tint, &part.title),
        );
        for drawn in &part.boxes {
            if drawn.state.is_current() || matches!(drawn.state, State::GivenUp { .. }) {
                at = Some(lines.len());
            }
            lines.push(step(drawn, now_ms, width, names));
            let mut below = Vec::new();
            if drawn.state.is_current() {
                below.extend(waits(snapshot, drawn, now_ms));
                let drains = drawn.name.starts_with("drain");
                below.extend(hosts(snapshot, &drawn.hosts, hosts_max, drains));
            }
            let notes = drawn.notes.iter();
            below.extend(notes.map(|note| Line::default().with(Tint::Dim, note)));
            lines.extend(below.into_iter().map(|line| indent(&line)));
        }
    }
    let (sign, tint, words) = end(snapshot);
    lines.push(Line::default().with(tint, &format!("{sign} {words}")));
    if let Some(why) = &snapshot.cause {
        lines.push(Line::default().with(Tint::Bad, &format!("  {why}")));
    }
    let at = at.unwrap_or(if snapshot.finished {
        lines.len() - 1
    } else {
        0
    });
    Tree { lines, at }
}

fn indent(line: &Line) -> Line {
    let mut indented = Line::default().with(Tint::Dim, "│      ");
    indented.append(line);
    indented
}

fn step(drawn: &DiagramBox, now_ms: u64, width: usize, names: usize) -> Line {
    let (sign, tint) = sign(drawn.state);
    let name = &drawn.name;
    let bold = if drawn.state.is_current() {
        tint
    } else {
        Tint::Plain
    };
    let bold = match drawn.state {
        State::NotReached | State::Skipped => Tint::Dim,
        _ if drawn.kind == BoxKind::Decision => Tint::Bold,
        _ => bold,
    };
    let time = time(drawn, now_ms);
    let room = width.saturating_sub(names + 8 + time.chars().count() + 2);
    let does: String = drawn.does.chars().take(room).collect();
    Line::default()
        .with(Tint::Dim, "│  ")
        .with(tint, &format!("{sign} "))
        .with(bold, &format!("{name:<names$}  "))
        .with(Tint::Dim, &does)
        .right(width, Tint::Dim, &time)
}

fn sign(state: State) -> (char, Tint) {
    match state {
        State::Pending => ('○', Tint::Dim),
        State::Interrupted => ('↻', Tint::Waits),
        State::Active { .. } => ('◐', Tint::Active),
        State::Waiting { .. } => ('‖', Tint::Waits),
        State::Done { .. } => ('●', Tint::Good),
        State::Skipped => ('»', Tint::Dim),
        State::GivenUp { .. } => ('✗', Tint::Bad),
        State::NotReached => ('·', Tint::Dim),
    }
}

fn time(drawn: &DiagramBox, now_ms: u64) -> String {
    match drawn.state {
        State::Pending if drawn.expected_ms > 0 => format!("~{}", span(drawn.expected_ms)),
        State::Active { since_ms } | State::Waiting { since_ms } => {
            span(now_ms.saturating_sub(since_ms) / 1000 * 1000)
        }
        State::Done { took_ms: 0 } => String::new(),
        State::Done { took_ms } | State::GivenUp { took_ms } => span(took_ms),
        State::Skipped => "skipped".into(),
        State::Interrupted => "comes again".into(),
        State::NotReached | State::Pending => String::new(),
    }
}

/// What the step under way waits for, and until when.
fn waits(snapshot: &Snapshot, drawn: &DiagramBox, now_ms: u64) -> Vec<Line> {
    let left = |until_ms: u64| span(until_ms.saturating_sub(now_ms) / 1000 * 1000);
    if let Some(waiting) = &snapshot.waiting {
        let until = waiting.until_ms.map_or_else(String::new, |until_ms| {
            format!(", {} left; then it is given up", left(until_ms))
        });
        return vec![
            Line::default().with(Tint::Waits, &format!("waits for {}{until}", waiting.what)),
        ];
    }
    let until = snapshot
        .deadline_ms
        .map_or_else(String::new, |deadline| format!(", {} left", left(deadline)));
    vec![Line::default().with(Tint::Dim, &format!("until {}{until}", drawn.gate))]
}

fn end(snapshot: &Snapshot) -> (char, Tint, &str) {
    let diagram = &snapshot.diagram;
    match diagram.end {
        Some(rollout::End::Candidate) => ('●', Tint::Good, &diagram.ends.0),
        Some(rollout::End::Stable) => ('●', Tint::Bad, &diagram.ends.1),
        None if snapshot.way_back.is_empty() => ('○', Tint::Dim, &diagram.ends.0),
        None => ('○', Tint::Dim, &diagram.ends.1),
    }
}
