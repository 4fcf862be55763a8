//! A whole view, as lines for a width and a height. Pure.

use coordinator::Snapshot;

use super::foot::foot;
use super::head::head;
use super::line::{Line, Look, Tint};
use super::tree::tree;

/// What a view shows beside the rollout itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// The rollout, once something is known of it.
    pub(crate) snapshot: Option<&'a Snapshot>,
    /// The clock, in milliseconds since the epoch.
    pub(crate) now_ms: u64,
    /// What was said last.
    pub(crate) news: Option<&'a str>,
    /// What a person is asked.
    pub(crate) question: Option<&'a str>,
    /// How far a person scrolled from the step under way.
    pub(crate) scroll: isize,
}

/// Draws it: never more lines than `height`, none wider than `width`.
pub(crate) fn frame(shown: &Shown<'_>, width: usize, height: usize, look: Look) -> Vec<String> {
    let mut lines = match shown.snapshot {
        None => vec![Line::default().with(Tint::Dim, "waiting for the first look …")],
        Some(snapshot) => whole(snapshot, shown, width, height),
    };
    let foot = foot(shown.snapshot, shown.news, shown.question);
    lines.truncate(height.saturating_sub(foot.len()));
    while lines.len() + foot.len() < height {
        lines.push(Line::default());
    }
    lines.extend(foot);
    let keep = lines.len().saturating_sub(height);
    lines
        .into_iter()
        .skip(keep)
        .map(|line| line.cut(width, look).render(look))
        .collect()
}

/// Draws all of it, without hosts and keys: what stays when a view is left.
pub(crate) fn last(snapshot: &Snapshot, width: usize, look: Look) -> Vec<String> {
    let mut lines = head(snapshot, snapshot.at_ms, width);
    lines.extend(tree(snapshot, snapshot.at_ms, width, 0).lines);
    lines
        .into_iter()
        .map(|line| line.cut(width, look).render(look))
        .collect()
}

fn whole(snapshot: &Snapshot, shown: &Shown<'_>, width: usize, height: usize) -> Vec<Line> {
    let mut lines = head(snapshot, shown.now_ms, width);
    let foot = 1 + usize::from(shown.news.is_some() && shown.question.is_none());
    let room = height.saturating_sub(lines.len() + foot);
    let tree = tree(snapshot, shown.now_ms, width, (room / 2).max(2));
    // The step under way stays in the upper third, with what comes next below it.
    let first = tree
        .at
        .saturating_sub(room / 3)
        .saturating_add_signed(shown.scroll);
    let first = first.min(tree.lines.len().saturating_sub(room));
    lines.extend(tree.lines.into_iter().skip(first).take(room));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::example::{NOW_MS, canary};
    use super::*;

    const PLAIN: Look = Look {
        unicode: true,
        colour: false,
    };

    fn drawn(hosts: usize, width: usize, height: usize, look: Look) -> String {
        let snapshot = canary(hosts);
        let shown = Shown {
            snapshot: Some(&snapshot),
            now_ms: NOW_MS,
            news: Some("ana@desk asked to pause: lunch"),
            question: None,
            scroll: 0,
        };
        let lines = frame(&shown, width, height, look);
        assert_eq!(lines.len(), height);
        for line in &lines {
            assert!(line.chars().count() <= width, "{line}");
        }
        lines
            .iter()
            .map(|line| line.trim_end())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_canary_that_waits_reads_well_at_every_width() {
        insta::assert_snapshot!("canary_120", drawn(5, 120, 40, PLAIN));
        insta::assert_snapshot!("canary_80", drawn(5, 80, 24, PLAIN));
        insta::assert_snapshot!("canary_60", drawn(5, 60, 16, PLAIN));
    }

    #[test]
    fn many_hosts_are_grouped_and_trouble_comes_first() {
        let text = drawn(150, 100, 30, PLAIN);
        let lost = text.find("does not answer").unwrap();
        let more = text.find("more done and healthy").unwrap();
        assert!(lost < more, "{text}");
        insta::assert_snapshot!("canary_150_hosts", text);
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii() {
        let look = Look {
            unicode: false,
            colour: false,
        };
        let text = drawn(5, 80, 24, look);
        assert!(text.is_ascii(), "{text}");
        insta::assert_snapshot!("canary_ascii", text);
    }

    #[test]
    fn any_size_is_kept_to() {
        for width in [0, 1, 7, 20, 500] {
            for height in [0, 1, 2, 5, 200] {
                drawn(3, width, height, PLAIN);
            }
        }
    }
}
