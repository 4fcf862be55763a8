//! The compiler's warnings among the lines that Mix prints.

/// Tells the lines of warnings from the rest, line by line.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    inside: bool,
}

impl Warnings {
    /// Says whether the line belongs to a warning: from `warning:` to the next empty line.
    pub(super) fn is_part(&mut self, line: &str) -> bool {
        let text = line.trim_start();
        if text.starts_with("warning:") {
            self.inside = true;
        }
        let part = self.inside;
        let other = ["Compiling ", "Generated ", "* ", "==> "];
        if text.is_empty() {
            self.inside = false;
        } else if other.iter().any(|start| line.starts_with(start)) {
            self.inside = false;
            return false;
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_ends_at_an_empty_line_or_at_mixs_next_word() {
        let lines = [
            ("Compiling 1 file (.ex)", false),
            ("warning: variable \"x\" is unused", true),
            ("  lib/a.ex:3: A.f/1", true),
            ("", true),
            ("", false),
            ("warning: b", true),
            ("Generated a app", false),
            ("more", false),
        ];
        let mut warnings = Warnings::default();
        for (line, part) in lines {
            assert_eq!(warnings.is_part(line), part, "{line:?}");
        }
    }
}
