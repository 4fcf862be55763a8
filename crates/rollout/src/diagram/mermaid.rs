//! A diagram as Mermaid flowchart text, which forges, wikis and editors draw.

use super::label::{label, title};
use super::shape::{Box, BoxKind, Diagram, End, Part, PartKind};
use super::taken::State;
use crate::span::span;

/// Mermaid draws no longer text, unless whoever embeds it allows more.
const TEXT_MAX: usize = 50_000;

/// How states look; a colour and, for those who do not see it, a border of its own.
const CLASSES: [(&str, &str); 12] = [
    ("pending", "fill:#f6f8fa,stroke:#8c959f,color:#24292f"),
    (
        "active",
        "fill:#ddf4ff,stroke:#0969da,color:#0a3069,stroke-width:4px",
    ),
    (
        "waiting",
        "fill:#fff8c5,stroke:#bf8700,color:#4d2d00,stroke-width:4px",
    ),
    ("done", "fill:#dafbe1,stroke:#1a7f37,color:#0f5323"),
    (
        "skipped",
        "fill:#ffffff,stroke:#8c959f,color:#57606a,stroke-dasharray:5 3",
    ),
    (
        "gave_up",
        "fill:#ffebe9,stroke:#cf222e,color:#82071e,stroke-width:4px",
    ),
    (
        "not_reached",
        "fill:#ffffff,stroke:#d0d7de,color:#8c959f,stroke-dasharray:2 4",
    ),
    (
        "decision",
        "fill:#fbefff,stroke:#8250df,color:#512a97,stroke-width:3px",
    ),
    (
        "reached",
        "fill:#1a7f37,stroke:#1a7f37,color:#ffffff,stroke-width:3px",
    ),
    ("part", "fill:transparent,stroke:#8c959f,stroke-width:1px"),
    (
        "committed",
        "fill:transparent,stroke:#8250df,stroke-width:2px",
    ),
    (
        "back",
        "fill:transparent,stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 3",
    ),
];

/// How much is said of each step: less where all would be too much for Mermaid.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Characters of a line.
    line_max: usize,
    /// Whether it is said what a step does.
    does: bool,
    /// Whether gates and notes are said.
    gates: bool,
}

const DETAILS: [Detail; 4] = [
    Detail {
        line_max: 160,
        does: true,
        gates: true,
    },
    Detail {
        line_max: 72,
        does: true,
        gates: true,
    },
    Detail {
        line_max: 60,
        does: true,
        gates: false,
    },
    Detail {
        line_max: 40,
        does: false,
        gates: false,
    },
];

/// An arrow between two nodes.
struct Edge {
    from: String,
    to: String,
    words: Option<String>,
    way: Way,
}

/// What an arrow stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The next step.
    Next,
    /// It was gone.
    Taken,
    /// Where it leads when something fails.
    Else,
    /// It was given up and turned here.
    Turned,
}

/// The text as it grows.
struct Writer {
    out: String,
    edges: Vec<Edge>,
    detail: Detail,
    nodes: usize,
    /// How the parts look, which Mermaid wants to be told after their arrows.
    parts: Vec<String>,
}

impl Diagram {
    /// Writes the diagram as a Mermaid flowchart, within what Mermaid draws without being told to draw
    /// more: 50,000 characters and 500 arrows.
    pub fn mermaid(&self) -> String {
        let mut text = String::new();
        for detail in DETAILS {
            text = self.mermaid_with(detail);
            if text.chars().count() < TEXT_MAX {
                break;
            }
        }
        text
    }

    fn mermaid_with(&self, detail: Detail) -> String {
        let mut writer = Writer {
            out: String::new(),
            edges: Vec::new(),
            detail,
            nodes: 0,
            parts: Vec::new(),
        };
        writer.line(&format!(
            "---\ntitle: {}\nconfig:\n  flowchart:\n    wrappingWidth: 420\n---",
            title(&self.title, 200)
        ));
        writer.line("flowchart TD");
        let before = if self.boxes().any(|drawn| drawn.times > 0) {
            "done"
        } else {
            "pending"
        };
        writer.end("begin", &self.before, before);
        let (mut last, mut given_up, mut back) = (None, None, None);
        let mut reversible = None;
        for (number, part) in self.parts.iter().enumerate() {
            let nodes = writer.part(number, part);
            let linked: Vec<_> = nodes.iter().map(String::as_str).zip(&part.boxes).collect();
            if part.kind == PartKind::Back {
                back = nodes.first().cloned();
                writer.chain(None, &linked);
                last = last.or(Some((String::new(), false)));
                writer.finish("end_stable", linked.last().copied());
            } else {
                let begin = ("begin".to_owned(), true);
                writer.chain(Some(last.take().unwrap_or(begin)), &linked);
                last = linked
                    .last()
                    .map(|(node, drawn)| ((*node).to_owned(), drawn.state.is_over()));
                let turned = linked.iter().rfind(|(_, drawn)| drawn.times > 0);
                let gave_up = linked
                    .iter()
                    .find(|(_, drawn)| matches!(drawn.state, State::GivenUp { .. }));
                if let Some((node, _)) = gave_up.or(turned) {
                    given_up = Some((*node).to_owned());
                }
                if part.kind == PartKind::Reversible {
                    reversible = Some(number);
                }
                let last_one = self.parts.get(number + 1);
                if last_one.is_none_or(|next| next.kind == PartKind::Back) {
                    writer.finish("end_good", linked.last().copied());
                }
            }
        }
        let class = |end: End| {
            if self.end == Some(end) {
                "reached"
            } else {
                "pending"
            }
        };
        writer.end("end_good", &self.ends.0, class(End::Candidate));
        let good_only = self.end == Some(End::Candidate);
        if !good_only {
            writer.end("end_stable", &self.ends.1, class(End::Stable));
            match back {
                Some(to) => writer.turned(given_up, to, self.why.as_deref()),
                None if self.end == Some(End::Stable) => {
                    let from = given_up.unwrap_or_else(|| "begin".into());
                    writer.turned(Some(from), "end_stable".into(), self.why.as_deref());
                }
                None => writer.may_turn(reversible),
            }
        }
        for (number, part) in self.parts.iter().enumerate() {
            let class = match part.kind {
                PartKind::Reversible => "part",
                PartKind::Committed => "committed",
                PartKind::Back => "back",
            };
            writer.parts.push(format!("  class part{number} {class}"));
        }
        writer.finished()
    }
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn end(&mut self, node: &str, words: &str, class: &str) {
        let words = label(words, self.detail.line_max);
        self.line(&format!("  {node}([\"<b>{words}</b>\"]):::{class}"));
    }

    /// Writes a part with its nodes, and returns their names.
    fn part(&mut self, number: usize, part: &Part) -> Vec<String> {
        let heading = label(&part.title, self.detail.line_max);
        self.line(&format!("  subgraph part{number}[\"{heading}\"]"));
        self.line("    direction TB");
        let mut nodes = Vec::new();
        for drawn in &part.boxes {
            let node = format!("step{}", self.nodes);
            self.nodes += 1;
            let text = self.node(drawn);
            self.line(&format!("    {node}{text}"));
            nodes.push(node);
        }
        self.line("  end");
        nodes
    }

    fn node(&self, drawn: &Box) -> String {
        let max = self.detail.line_max;
        let mut text = format!(
            "<b>{}</b>{}",
            label(&drawn.name, max),
            label(&time(drawn), max)
        );
        if self.detail.does {
            text.push_str(&format!("<br/>{}", label(&drawn.does, max)));
        }
        if self.detail.gates {
            let gate = short(&drawn.gate);
            text.push_str(&format!("<br/><i>{}</i>", label(&gate, max)));
            for note in &drawn.notes {
                text.push_str(&format!("<br/>{}", label(note, max)));
            }
        }
        let (open, close) = match drawn.kind {
            BoxKind::Step => ("[", "]"),
            BoxKind::Hook => ("[[", "]]"),
            BoxKind::Wait | BoxKind::Judgement => ("{{", "}}"),
            BoxKind::Decision => ("[/", "/]"),
            BoxKind::Folded => ("@{ shape: procs, label: ", " }"),
        };
        let class = class(drawn);
        if drawn.kind == BoxKind::Folded {
            return format!(":::{class}{open}\"{text}\"{close}");
        }
        format!("{open}\"{text}\"{close}:::{class}")
    }

    /// Draws the way through the boxes of a part, from what came before.
    fn chain(&mut self, before: Option<(String, bool)>, boxes: &[(&str, &Box)]) {
        let mut from = before.map(|(node, over)| (node, over, None));
        for (node, drawn) in boxes {
            if let Some((from, over, words)) = from {
                let taken = over && (drawn.state.is_begun() || drawn.times > 0);
                self.edges.push(Edge {
                    from,
                    to: (*node).to_owned(),
                    words,
                    way: if taken { Way::Taken } else { Way::Next },
                });
            }
            from = Some((
                (*node).to_owned(),
                drawn.state.is_over() || drawn.times > 1,
                onward(drawn),
            ));
        }
    }

    /// Draws the way from the last box to an end.
    fn finish(&mut self, end: &str, last: Option<(&str, &Box)>) {
        if let Some((from, drawn)) = last {
            self.edges.push(Edge {
                from: from.to_owned(),
                to: end.to_owned(),
                words: onward(drawn),
                way: if drawn.state.is_over() {
                    Way::Taken
                } else {
                    Way::Next
                },
            });
        }
    }

    fn turned(&mut self, from: Option<String>, to: String, why: Option<&str>) {
        self.edges.push(Edge {
            from: from.unwrap_or_else(|| "begin".into()),
            to,
            words: Some(why.unwrap_or("given up").to_owned()),
            way: Way::Turned,
        });
    }

    /// Draws where a rollout may turn round: anywhere before the commit, which one arrow says.
    fn may_turn(&mut self, part: Option<usize>) {
        if let Some(number) = part {
            let words = match number {
                0 => "a gate fails, or abort",
                _ => "any gate up to here fails, or abort",
            };
            self.edges.push(Edge {
                from: format!("part{number}"),
                to: "end_stable".into(),
                words: Some(words.into()),
                way: Way::Else,
            });
        }
    }

    fn finished(mut self) -> String {
        for edge in std::mem::take(&mut self.edges) {
            let arrow = match edge.way {
                Way::Next => "-->",
                Way::Taken | Way::Turned => "==>",
                Way::Else => "-.->",
            };
            let words = edge.words.map_or_else(String::new, |words| {
                format!("|\"{}\"|", label(&words, self.detail.line_max))
            });
            self.line(&format!("  {} {arrow}{words} {}", edge.from, edge.to));
            let way = edge.way;
            self.edges.push(Edge {
                words: None,
                way,
                ..edge
            });
        }
        for class in std::mem::take(&mut self.parts) {
            self.line(&class);
        }
        for (name, style) in CLASSES {
            self.line(&format!("  classDef {name} {style}"));
        }
        for (way, style) in [
            (Way::Taken, "stroke:#1a7f37,stroke-width:3px"),
            (Way::Turned, "stroke:#cf222e,stroke-width:3px"),
            (Way::Else, "stroke:#cf222e"),
        ] {
            let numbers = (0_usize..)
                .zip(&self.edges)
                .filter(|(_, edge)| edge.way == way)
                .map(|(number, _)| number.to_string())
                .collect::<Vec<_>>();
            if !numbers.is_empty() {
                self.line(&format!("  linkStyle {} {style}", numbers.join(",")));
            }
        }
        self.out
    }
}

/// What is said on the way onward from a decision.
fn onward(drawn: &Box) -> Option<String> {
    let words = match drawn.kind {
        BoxKind::Judgement => "successful",
        BoxKind::Wait if drawn.gate.starts_with("agreed") => "agreed",
        BoxKind::Wait if drawn.gate.starts_with("time") => "time, or promoted",
        BoxKind::Wait => "promoted",
        _ => return None,
    };
    Some(words.into())
}

/// A gate without what the arrows say already.
fn short(gate: &str) -> String {
    gate.replace(", else all goes back to stable", "")
        .replace(", else it stops", "")
}

fn time(drawn: &Box) -> String {
    let time = match drawn.state {
        State::Pending if drawn.expected_ms > 0 => format!(" · about {}", span(drawn.expected_ms)),
        State::Done { took_ms: 0 } => " · done".into(),
        State::Done { took_ms } => format!(" · done in {}", span(took_ms)),
        State::GivenUp { took_ms } => format!(" · given up after {}", span(took_ms)),
        State::Active { .. } => " · under way".into(),
        State::Waiting { .. } => " · waits".into(),
        State::Skipped => " · skipped".into(),
        State::Interrupted => " · interrupted, comes again".into(),
        State::NotReached => " · not reached".into(),
        State::Pending => String::new(),
    };
    match drawn.times {
        0 | 1 => time,
        times => format!("{time} · begun {times} times"),
    }
}

fn class(drawn: &Box) -> &'static str {
    match drawn.state {
        State::Pending if drawn.kind == BoxKind::Decision => "decision",
        State::Pending => "pending",
        State::Active { .. } => "active",
        State::Waiting { .. } | State::Interrupted => "waiting",
        State::Done { .. } => "done",
        State::Skipped => "skipped",
        State::GivenUp { .. } => "gave_up",
        State::NotReached => "not_reached",
    }
}
