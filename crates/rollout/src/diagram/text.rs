//! A diagram as a tree of plain text, for terminals and logs.

use super::shape::{Box, Diagram, End, Part, PartKind};
use super::taken::State;
use crate::span::span;

impl Diagram {
    /// Writes the diagram as a tree, a line for what each step does and one for its gate.
    ///
    /// Lines are not wrapped; a step under way or done says since when or how long, with `now_ms` in
    /// milliseconds since the epoch.
    pub fn text(&self, now_ms: u64) -> String {
        let mut out = format!("{}\n○ {}\n", self.title, self.before);
        let width = self.boxes().map(|drawn| drawn.name.chars().count()).max();
        let width = width.unwrap_or(0);
        for part in &self.parts {
            write_part(&mut out, part, width, now_ms);
        }
        let sign = match self.end {
            Some(_) => '●',
            None => '○',
        };
        let end = match self.end {
            Some(End::Candidate) => &self.ends.0,
            Some(End::Stable) => &self.ends.1,
            None if self.parts.iter().any(|part| part.kind == PartKind::Back) => &self.ends.1,
            None => &self.ends.0,
        };
        out.push_str(&format!("{sign} {end}\n"));
        if let Some(why) = &self.why {
            out.push_str(&format!("  {why}\n"));
        }
        out
    }
}

fn write_part(out: &mut String, part: &Part, width: usize, now_ms: u64) {
    let dash = match part.kind {
        PartKind::Reversible => "─",
        PartKind::Committed => "═",
        PartKind::Back => "╌",
    };
    out.push_str(&format!("├{dash} {}\n", part.title));
    for (at, drawn) in part.boxes.iter().enumerate() {
        let (twig, below) = if at + 1 == part.boxes.len() {
            ("└─", "  ")
        } else {
            ("├─", "│ ")
        };
        let name = &drawn.name;
        let sign = sign(drawn.state);
        let time = time(drawn, now_ms);
        let mut row = |head: &str, text: &str| {
            if !text.is_empty() {
                out.push_str(format!("│  {head}  {text}").trim_end());
                out.push('\n');
            }
        };
        row(
            &format!("{twig} {sign} {name:<width$}"),
            &format!("{}{time}", drawn.does),
        );
        row(&format!("{below}   {:width$}", ""), &drawn.gate);
        for note in &drawn.notes {
            row(&format!("{below}   {:width$}", ""), note);
        }
    }
}

/// One character for a state.
fn sign(state: State) -> char {
    match state {
        State::Pending => '○',
        State::Interrupted => '↻',
        State::Active { .. } => '◐',
        State::Waiting { .. } => '‖',
        State::Done { .. } => '●',
        State::Skipped => '»',
        State::GivenUp { .. } => '✗',
        State::NotReached => '·',
    }
}

fn time(drawn: &Box, now_ms: u64) -> String {
    let times = match drawn.times {
        0 | 1 => String::new(),
        times => format!(", begun {times} times"),
    };
    match drawn.state {
        State::Pending if drawn.expected_ms > 0 => format!("  (about {})", span(drawn.expected_ms)),
        State::Active { since_ms } | State::Waiting { since_ms } => {
            format!(
                "  ({} so far{times})",
                span(now_ms.saturating_sub(since_ms))
            )
        }
        State::Done { took_ms } => format!("  ({}{times})", span(took_ms)),
        State::GivenUp { took_ms } => format!("  (given up after {}{times})", span(took_ms)),
        State::Skipped => "  (skipped)".into(),
        State::Interrupted => "  (interrupted, comes again)".into(),
        State::NotReached => "  (not reached)".into(),
        State::Pending => String::new(),
    }
}
