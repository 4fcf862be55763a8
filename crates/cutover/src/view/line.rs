//! Lines of a view: words with a tint, cut to the width of the terminal.

use anstyle::{AnsiColor, Effects, Style};

/// What a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Signs beyond ASCII.
    pub(crate) unicode: bool,
    /// Colours.
    pub(crate) colour: bool,
}

/// What words stand for, from which their colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tint {
    Plain,
    Dim,
    Bold,
    Good,
    Bad,
    Waits,
    Active,
    Chosen,
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    words: Vec<(Tint, String)>,
}

impl Tint {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Dim => Style::new().dimmed(),
            Self::Bold => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().effects(Effects::BOLD),
            Self::Waits => AnsiColor::Yellow.on_default().effects(Effects::BOLD),
            Self::Active => AnsiColor::Cyan.on_default().effects(Effects::BOLD),
            Self::Chosen => Style::new().invert(),
        }
    }
}

impl Line {
    /// Adds words. What is not to be shown as a character, such as an escape in the words of a health
    /// check, is left out, for it would reach the terminal.
    #[must_use]
    pub(crate) fn with(mut self, tint: Tint, words: &str) -> Self {
        let shown = |c: &char| {
            !c.is_control()
                && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let words: String = words
            .chars()
            .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
            .filter(shown)
            .collect();
        self.words.push((tint, words));
        self
    }

    /// Adds the words of another line.
    pub(crate) fn append(&mut self, other: &Self) {
        self.words.extend(other.words.iter().cloned());
    }

    /// Returns how many columns it takes.
    pub(crate) fn columns(&self) -> usize {
        self.words
            .iter()
            .map(|(_, words)| words.chars().count())
            .sum()
    }

    /// Adds words at the right edge, where there is room for them; else they are left out.
    #[must_use]
    pub(crate) fn right(self, width: usize, tint: Tint, words: &str) -> Self {
        let room = width.saturating_sub(self.columns());
        let needed = words.chars().count();
        if words.is_empty() || room < needed + 1 {
            return self;
        }
        self.with(Tint::Plain, &" ".repeat(room - needed))
            .with(tint, words)
    }

    /// Cuts it to a number of columns, with a sign that it was.
    #[must_use]
    pub(crate) fn cut(self, columns: usize, look: Look) -> Self {
        if self.columns() <= columns {
            return self;
        }
        let sign = if look.unicode { "…" } else { "~" };
        let mut left = columns.saturating_sub(1);
        let mut words = Vec::new();
        for (tint, text) in self.words {
            let kept: String = text.chars().take(left).collect();
            left -= kept.chars().count();
            words.push((tint, kept));
        }
        if columns > 0 {
            words.push((Tint::Dim, sign.to_owned()));
        }
        Self { words }
    }

    /// Writes it for a terminal.
    pub(crate) fn render(&self, look: Look) -> String {
        let mut out = String::new();
        for (tint, words) in &self.words {
            let words: String = if look.unicode {
                words.clone()
            } else {
                words.chars().map(ascii).collect()
            };
            let style = tint.style();
            if look.colour && *tint != Tint::Plain {
                out.push_str(&format!("{style}{words}{style:#}"));
            } else {
                out.push_str(&words);
            }
        }
        out
    }
}

/// The nearest sign of ASCII.
fn ascii(c: char) -> char {
    match c {
        c if c.is_ascii() => c,
        '─' | '═' | '╌' | '┄' => '-',
        '│' => '|',
        '├' | '└' => '+',
        '█' => '#',
        '░' => '.',
        '●' => '*',
        '○' => 'o',
        '◐' => '>',
        '‖' => '=',
        '✗' => 'x',
        '»' => '>',
        '↻' => '@',
        '·' => '-',
        '→' => '>',
        '…' => '~',
        '‰' => '%',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        unicode: true,
        colour: false,
    };

    #[test]
    fn nothing_of_others_reaches_the_terminal_as_an_escape() {
        let line = Line::default().with(Tint::Bad, "503 \u{1b}[2J\u{7}gone\nnext\u{202e}");
        assert_eq!(line.render(PLAIN), "503 [2Jgone next");
    }

    #[test]
    fn a_line_is_cut_to_its_width_and_the_right_edge_is_kept() {
        let line = Line::default()
            .with(Tint::Plain, "abc")
            .with(Tint::Good, "defgh");
        assert_eq!(line.clone().cut(6, PLAIN).render(PLAIN), "abcde…");
        assert_eq!(line.clone().cut(0, PLAIN).render(PLAIN), "");
        assert_eq!(
            line.clone().right(12, Tint::Dim, "1 s").render(PLAIN),
            "abcdefgh 1 s"
        );
        assert_eq!(line.right(11, Tint::Dim, "1 s").render(PLAIN), "abcdefgh");
    }

    #[test]
    fn colours_and_signs_are_left_out_where_the_terminal_has_none() {
        let line = Line::default().with(Tint::Good, "● 1 → 2");
        assert_eq!(
            line.render(Look {
                unicode: false,
                colour: false
            }),
            "* 1 > 2"
        );
        assert!(
            line.render(Look {
                unicode: true,
                colour: true
            })
            .contains("\u{1b}[")
        );
    }
}
