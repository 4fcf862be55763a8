//! A diagram as Mermaid flowchart text, which forges, wikis and editors draw.

use super::shape::{Box, Diagram, PartKind};
use super::taken::State;
use crate::span::span;

/// So many characters of a label are kept.
const LABEL_MAX: usize = 160;

/// How states look; a colour and, for those who do not see it, a border of its own.
const CLASSES: [(&str, &str); 7] = [
    ("pending", "fill:#f6f8fa,stroke:#8c959f,color:#24292f"),
    (
        "active",
        "fill:#ddf4ff,stroke:#0969da,color:#0a3069,stroke-width:3px",
    ),
    (
        "waiting",
        "fill:#fff8c5,stroke:#9a6700,color:#4d2d00,stroke-width:3px",
    ),
    ("done", "fill:#dafbe1,stroke:#1a7f37,color:#0f5323"),
    (
        "skipped",
        "fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:4 3",
    ),
    (
        "gave_up",
        "fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-width:3px",
    ),
    (
        "not_reached",
        "fill:#ffffff,stroke:#d0d7de,color:#8c959f,stroke-dasharray:2 3",
    ),
];

/// An edge between two nodes.
struct Edge {
    from: String,
    to: String,
    words: Option<String>,
    /// Whether it is the way only when something fails.
    dotted: bool,
    /// Whether it was gone.
    taken: bool,
}

impl Diagram {
    /// Writes the diagram as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        let mut out = String::new();
        line(
            &mut out,
            format_args!("---\ntitle: {}\n---", quoted_title(&self.title)),
        );
        line(&mut out, format_args!("flowchart TD"));
        let mut edges: Vec<Edge> = Vec::new();
        let mut last: Option<(String, bool)> = None;
        let mut given_up: Option<String> = None;
        let mut id = 0_usize;
        let mut back_first = None;
        for (number, part) in self.parts.iter().enumerate() {
            line(
                &mut out,
                format_args!("  subgraph part{number}[\"{}\"]", label(&part.title)),
            );
            line(&mut out, format_args!("    direction TB"));
            if part.kind == PartKind::Back {
                last = None;
            }
            for drawn in &part.boxes {
                let name = format!("step{id}");
                id += 1;
                line(&mut out, format_args!("    {}", node(&name, drawn)));
                if part.kind == PartKind::Back && back_first.is_none() {
                    back_first = Some(name.clone());
                }
                if matches!(drawn.state, State::GivenUp { .. }) && part.kind != PartKind::Back {
                    given_up = Some(name.clone());
                }
                if let Some((from, left)) = last.take() {
                    edges.push(Edge {
                        from,
                        to: name.clone(),
                        words: None,
                        dotted: false,
                        taken: left && begun(drawn.state),
                    });
                }
                last = Some((name, over(drawn.state)));
            }
            line(&mut out, format_args!("  end"));
            if part.kind != PartKind::Back
                && self
                    .parts
                    .get(number + 1)
                    .is_none_or(|next| next.kind == PartKind::Back)
            {
                self.end(&mut out, &mut edges, last.take());
            }
            if part.kind == PartKind::Back {
                self.stable(&mut out, &mut edges, last.take());
            }
        }
        self.ways_back(&mut out, &mut edges, back_first, given_up);
        for edge in &edges {
            let arrow = if edge.dotted { "-.->" } else { "-->" };
            match &edge.words {
                Some(words) => line(
                    &mut out,
                    format_args!("  {} {arrow}|\"{}\"| {}", edge.from, label(words), edge.to),
                ),
                None => line(
                    &mut out,
                    format_args!("  {} {arrow} {}", edge.from, edge.to),
                ),
            }
        }
        for (name, style) in CLASSES {
            line(&mut out, format_args!("  classDef {name} {style}"));
        }
        let taken: Vec<String> = (0..)
            .zip(&edges)
            .filter(|(_, edge)| edge.taken)
            .map(|(number, _): (usize, _)| number.to_string())
            .collect();
        if !taken.is_empty() {
            line(
                &mut out,
                format_args!(
                    "  linkStyle {} stroke:#1a7f37,stroke-width:3px",
                    taken.join(",")
                ),
            );
        }
        out
    }

    /// The good end.
    fn end(&self, out: &mut String, edges: &mut Vec<Edge>, last: Option<(String, bool)>) {
        let done = last.as_ref().is_some_and(|(_, over)| *over);
        let class = if done { "done" } else { "pending" };
        line(
            out,
            format_args!("  end_good([\"{}\"]):::{class}", label(&self.ends.0)),
        );
        if let Some((from, over)) = last {
            edges.push(Edge {
                from,
                to: "end_good".into(),
                words: None,
                dotted: false,
                taken: over,
            });
        }
    }

    /// The end of the way back.
    fn stable(&self, out: &mut String, edges: &mut Vec<Edge>, last: Option<(String, bool)>) {
        let done = last.as_ref().is_some_and(|(_, over)| *over);
        let class = if done { "done" } else { "pending" };
        line(
            out,
            format_args!("  end_stable([\"{}\"]):::{class}", label(&self.ends.1)),
        );
        if let Some((from, over)) = last {
            edges.push(Edge {
                from,
                to: "end_stable".into(),
                words: None,
                dotted: false,
                taken: over,
            });
        }
    }

    /// Where a rollout turns round: as it did, or as it may.
    fn ways_back(
        &self,
        out: &mut String,
        edges: &mut Vec<Edge>,
        back_first: Option<String>,
        given_up: Option<String>,
    ) {
        if let Some(to) = back_first {
            let from = given_up.unwrap_or_else(|| "part0".into());
            edges.push(Edge {
                from,
                to,
                words: Some(self.why.clone().unwrap_or_else(|| "given up".into())),
                dotted: false,
                taken: true,
            });
            return;
        }
        line(
            out,
            format_args!("  end_stable([\"{}\"]):::pending", label(&self.ends.1)),
        );
        for (number, part) in self.parts.iter().enumerate() {
            if part.kind == PartKind::Reversible {
                edges.push(Edge {
                    from: format!("part{number}"),
                    to: "end_stable".into(),
                    words: Some("fails, or aborted".into()),
                    dotted: true,
                    taken: false,
                });
            }
        }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.push_str(&text.to_string());
    out.push('\n');
}

fn node(name: &str, drawn: &Box) -> String {
    let (open, close) = if drawn.decides {
        ("{{", "}}")
    } else {
        ("[", "]")
    };
    let time = match drawn.state {
        State::Pending if drawn.expected_ms > 0 => format!(" · about {}", span(drawn.expected_ms)),
        State::Done { took_ms } => format!(" · {}", span(took_ms)),
        State::GivenUp { took_ms } => format!(" · given up after {}", span(took_ms)),
        State::Active { .. } => " · under way".into(),
        State::Waiting { .. } => " · waits for a person".into(),
        State::Skipped => " · skipped".into(),
        State::Pending | State::NotReached => String::new(),
    };
    format!(
        "{name}{open}\"<b>{}</b>{}<br/>{}<br/><i>{}</i>\"{close}:::{}",
        label(&drawn.name),
        label(&time),
        label(&drawn.does),
        label(&drawn.gate),
        class(drawn.state)
    )
}

fn class(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Active { .. } => "active",
        State::Waiting { .. } => "waiting",
        State::Done { .. } => "done",
        State::Skipped => "skipped",
        State::GivenUp { .. } => "gave_up",
        State::NotReached => "not_reached",
    }
}

/// Whether a rollout came to a box.
fn begun(state: State) -> bool {
    !matches!(state, State::Pending | State::NotReached)
}

/// Whether a rollout left a box forwards.
fn over(state: State) -> bool {
    matches!(state, State::Done { .. } | State::Skipped)
}

/// Writes text so that Mermaid reads it as text: its own entity codes for what it would read otherwise.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (count, c) in text.chars().enumerate() {
        if count == LABEL_MAX {
            out.push('…');
            break;
        }
        match c {
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '#' => out.push_str("#35;"),
            '`' => out.push_str("#96;"),
            '\\' => out.push_str("#92;"),
            ';' => out.push_str("#59;"),
            '*' => out.push_str("#42;"),
            '_' => out.push_str("#95;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The title is YAML.
fn quoted_title(text: &str) -> String {
    let kept: String = text
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '\\'))
        .take(LABEL_MAX)
        .collect();
    format!("\"{kept}\"")
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn what_mermaid_would_read_is_written_as_text() {
        assert_eq!(
            label("say \"<b>\" & #1"),
            "say #quot;#lt;b#gt;#quot; #amp; #35;1"
        );
        assert_eq!(label("a\nb\u{1b}[0m"), "a b [0m");
        assert_eq!(label(&"x".repeat(500)).chars().count(), 161);
    }
}
