//! A diagram as a tree of plain text, for terminals and logs.

use super::shape::{Diagram, Part, PartKind};
use super::taken::State;
use crate::span::span;

impl Diagram {
    /// Writes the diagram as a tree, a line for what each step does and one for its gate.
    ///
    /// Lines are not wrapped; a step under way or done says since when or how long, with `now_ms` in
    /// milliseconds since the epoch.
    pub fn text(&self, now_ms: u64) -> String {
        let mut out = format!("{}\n", self.title);
        let width = self
            .parts
            .iter()
            .flat_map(|part| &part.boxes)
            .map(|drawn| drawn.name.chars().count())
            .max()
            .unwrap_or(0);
        for (number, part) in self.parts.iter().enumerate() {
            let last_part = number + 1 == self.parts.len();
            write_part(&mut out, part, last_part, width, now_ms);
        }
        if let Some(why) = &self.why {
            out.push_str(&format!("   {why}\n"));
        }
        out
    }
}

fn write_part(out: &mut String, part: &Part, last: bool, width: usize, now_ms: u64) {
    let (branch, trunk) = if last { ("└", " ") } else { ("├", "│") };
    let dash = match part.kind {
        PartKind::Reversible => "─",
        PartKind::Committed => "═",
        PartKind::Back => "╌",
    };
    out.push_str(&format!("{branch}{dash} {}\n", part.title));
    for (at, drawn) in part.boxes.iter().enumerate() {
        let (twig, below) = if at + 1 == part.boxes.len() {
            ("└─", "  ")
        } else {
            ("├─", "│ ")
        };
        let name = &drawn.name;
        let sign = sign(drawn.state);
        let time = time(drawn.state, drawn.expected_ms, now_ms);
        out.push_str(&format!(
            "{trunk}  {twig} {sign} {name:<width$}  {}{time}\n",
            drawn.does
        ));
        out.push_str(&format!(
            "{trunk}  {below}   {:width$}  {}\n",
            "", drawn.gate
        ));
    }
}

/// One character for a state.
fn sign(state: State) -> char {
    match state {
        State::Pending => '○',
        State::Active { .. } => '◐',
        State::Waiting { .. } => '‖',
        State::Done { .. } => '●',
        State::Skipped => '»',
        State::GivenUp { .. } => '✗',
        State::NotReached => '·',
    }
}

fn time(state: State, expected_ms: u64, now_ms: u64) -> String {
    match state {
        State::Pending if expected_ms > 0 => format!("  (about {})", span(expected_ms)),
        State::Active { since } | State::Waiting { since } => {
            format!("  ({} so far)", span(now_ms.saturating_sub(since.ms())))
        }
        State::Done { took_ms } => format!("  ({})", span(took_ms)),
        State::GivenUp { took_ms } => format!("  (given up after {})", span(took_ms)),
        State::Skipped => "  (skipped)".into(),
        State::Pending | State::NotReached => String::new(),
    }
}
