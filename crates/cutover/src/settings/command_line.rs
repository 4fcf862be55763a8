//! A program with its arguments: an array, or one string that is split as a shell would, without one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A command, at least its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written")]
#[schemars(with = "Written", inline)]
pub(crate) struct CommandLine(Vec<String>);

/// As it is written in the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a command: a string, or an array of strings"
)]
enum Written {
    /// Split at spaces; quotes and backslashes keep them.
    Line(String),
    /// The program and its arguments.
    Words(Vec<String>),
}

impl CommandLine {
    /// The program and its arguments; never empty.
    pub(crate) fn words(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Written> for CommandLine {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let words = match written {
            Written::Line(line) => split(&line)?,
            Written::Words(words) => words,
        };
        if words.first().is_none_or(String::is_empty) {
            return Err("a command needs a program".to_owned());
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err("a command cannot hold a NUL byte".to_owned());
        }
        Ok(Self(words))
    }
}

/// Splits a line at white space. Single quotes keep all, double quotes and bare text know `\`. What only
/// a shell understands is refused, for it would silently mean something else here.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => text.push(c),
                        None => return Err("a single quote is not closed".to_owned()),
                    }
                }
            }
            '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\')) => text.push(c),
                            Some(c) => text.extend(['\\', c]),
                            None => return Err("a double quote is not closed".to_owned()),
                        },
                        Some(c) => text.push(c),
                        None => return Err("a double quote is not closed".to_owned()),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("a command cannot end with a backslash".to_owned()),
            },
            '|' | '&' | ';' | '<' | '>' | '$' | '`' => {
                return Err(format!(
                    "`{c}` needs a shell, and commands run without one: quote it, or write [\"sh\", \"-c\", \"…\"]"
                ));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap()
    }

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        assert_eq!(words("mix assets.deploy"), ["mix", "assets.deploy"]);
        assert_eq!(
            words(r#"eval "Shop.Release.migrate()""#),
            ["eval", "Shop.Release.migrate()"]
        );
        assert_eq!(
            words(r#"  a 'b  c'd "e\"f" g\ h ''"#),
            ["a", "b  cd", "e\"f", "g h", ""]
        );
        assert_eq!(words(r#""a\nb""#), [r"a\nb"]);
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for line in [
            "a | b",
            "a && b",
            "a; b",
            "a > b",
            "echo $HOME",
            "a `b`",
            "a 'b",
            "a \"b",
            "a \\",
        ] {
            assert!(split(line).is_err(), "{line}");
        }
        assert_eq!(words("echo '$HOME'"), ["echo", "$HOME"]);
    }
}
