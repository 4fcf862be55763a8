//! The last lines of a view: what was said, and the keys that do something now.

use coordinator::Snapshot;

use super::line::{Line, Tint};

/// The news that are worth a line, and the keys or the question that is open.
pub(super) fn foot(
    snapshot: Option<&Snapshot>,
    news: Option<&str>,
    question: Option<&str>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(news) = news {
        lines.push(
            Line::default()
                .with(Tint::Plain, "  ")
                .with(Tint::Waits, news),
        );
    }
    if let Some(question) = question {
        lines.push(Line::default().with(Tint::Chosen, &format!(" {question} ")));
        return lines;
    }
    let possible = snapshot.map_or(&[][..], |snapshot| &snapshot.possible);
    let mut line = Line::default();
    for (key, words) in keys(possible) {
        line = line
            .with(Tint::Bold, &format!(" {key}"))
            .with(Tint::Dim, &format!(" {words} "));
    }
    lines.push(line);
    lines
}

/// The keys that do something now.
pub(super) fn keys(possible: &[&str]) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("promote", "p", "promote"),
        ("promote --full", "P", "promote to the end"),
        ("pause", "space", "pause"),
        ("continue", "space", "continue"),
        ("retry", "r", "retry"),
        ("abort", "a", "abort"),
    ];
    let mut keys: Vec<_> = all
        .into_iter()
        .filter(|(verb, ..)| possible.contains(verb))
        .filter(|(verb, ..)| *verb != "pause" || !possible.contains(&"continue"))
        .map(|(_, key, words)| (key, words))
        .collect();
    keys.push(("q", "leave"));
    keys
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn only_keys_that_do_something_are_offered() {
        assert_eq!(keys(&[]), [("q", "leave")]);
        let offered = keys(&["pause", "continue", "abort"]);
        assert_eq!(
            offered,
            [("space", "continue"), ("a", "abort"), ("q", "leave")]
        );
    }
}
