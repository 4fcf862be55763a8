//! Variables that a release's `env.sh` sets itself.
//!
//! The launcher sources `releases/VSN/env.sh` (from `rel/env.sh.eex`) after the environment is set, so an
//! assignment there wins over what the instance was given: two instances would share a node name or a
//! port. This reads the text, as a person would; it does not run a shell. It knows assignments at the
//! start of a statement (with or without `export`, `readonly`, `declare -x`), comments, quotes, `;`,
//! `&&`, `||`, and the blocks `if`, `case`, `while`, `for`, `{`, `(`. It does not follow sourced files,
//! `eval`, or here-documents.

/// An assignment that takes a variable away from whoever starts the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The line, counted from 1.
    pub line: usize,
    /// The variable.
    pub name: String,
    /// The statement.
    pub text: String,
    /// Whether it always happens.
    pub certainty: Certainty,
}

/// Whether an assignment always happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Each time the file is sourced.
    Always,
    /// In a branch, whose condition does not ask for the variable.
    Sometimes,
}

/// Finds the assignments of `names` in an `env.sh` that do not heed the value given from outside.
///
/// Heeded, and so not reported: `NAME=${NAME:-default}`, any value that uses `$NAME`, and anything in a
/// branch whose condition uses `$NAME` (`[ -z "$NAME" ] && NAME=…`, `if [ -z "$NAME" ]; then …`).
pub fn env_overrides(env_sh: &str, names: &[&str]) -> Vec<Override> {
    let mut found = Vec::new();
    // The conditions of the blocks that are open, innermost last.
    let mut blocks: Vec<String> = Vec::new();
    for statement in statements(env_sh) {
        let mut text = statement.text.as_str();
        loop {
            let word = text.split_whitespace().next().unwrap_or("");
            match word {
                "if" | "while" | "until" | "for" | "case" | "{" | "(" => {
                    blocks.push(text.to_owned());
                }
                "elif" => {
                    if let Some(open) = blocks.last_mut() {
                        open.push_str(text);
                    }
                }
                "fi" | "done" | "esac" | "}" | ")" => {
                    blocks.pop();
                }
                _ => {}
            }
            match word {
                // What follows these on the line is a statement of its own.
                "then" | "else" | "do" | "{" | "(" | "if" | "elif" | "while" | "until" => {
                    text = text[word.len()..].trim_start();
                }
                _ => break,
            }
        }
        // `start*) NAME=…` in a `case`.
        let in_case = blocks.last().is_some_and(|open| open.starts_with("case"));
        if in_case
            && let Some((pattern, rest)) = text.split_once(')')
            && !pattern.contains(['=', '$', '"'])
        {
            text = rest.trim_start();
        }
        let Some((name, value)) = assignment(text) else {
            continue;
        };
        let heeded = uses(value, name)
            || uses(&statement.condition, name)
            || blocks.iter().any(|open| uses(open, name));
        if !names.contains(&name) || heeded {
            continue;
        }
        let conditional = !blocks.is_empty() || !statement.condition.is_empty();
        found.push(Override {
            line: statement.line,
            name: name.to_owned(),
            text: text.to_owned(),
            certainty: match conditional {
                true => Certainty::Sometimes,
                false => Certainty::Always,
            },
        });
    }
    found
}

struct Statement {
    line: usize,
    text: String,
    /// What stands before it and `&&` or `||`.
    condition: String,
}

/// Splits at newlines, `;`, `&&` and `||` outside of quotes, comments removed.
fn statements(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut current = String::new();
    let mut condition = String::new();
    let mut quote: Option<char> = None;
    let (mut line, mut start_line) = (1, 1);
    let mut chars = text.chars().peekable();
    let mut finish = |current: &mut String, condition: &str, line: usize| {
        let text = std::mem::take(current).trim().to_owned();
        if !text.is_empty() {
            statements.push(Statement {
                line,
                text,
                condition: condition.to_owned(),
            });
        }
    };
    while let Some(c) = chars.next() {
        if current.trim().is_empty() {
            start_line = line;
        }
        if c == '\n' {
            line += 1;
        }
        match (c, quote) {
            ('\\', q) if q != Some('\'') => {
                match chars.next() {
                    Some('\n') => line += 1,
                    Some(next) => current.extend([c, next]),
                    None => {}
                }
                continue;
            }
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('#', None) if current.is_empty() || current.ends_with(char::is_whitespace) => {
                while chars.next_if(|&c| c != '\n').is_some() {}
                continue;
            }
            ('\n' | ';', None) => {
                finish(&mut current, &condition, start_line);
                condition.clear();
                continue;
            }
            ('&' | '|', None) if chars.peek() == Some(&c) => {
                chars.next();
                condition.push_str(&current);
                condition.push(' ');
                finish(&mut current, &condition, start_line);
                continue;
            }
            _ => {}
        }
        current.push(c);
    }
    finish(&mut current, &condition, start_line);
    statements
}

/// `NAME=VALUE`, behind any of the words that declare.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    loop {
        let word = rest.split_whitespace().next()?;
        if !matches!(
            word,
            "export" | "readonly" | "declare" | "typeset" | "-x" | "-r" | "-gx"
        ) {
            break;
        }
        rest = rest[word.len()..].trim_start();
    }
    let (name, value) = rest.split_once('=')?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some((name, value))
}

/// Says whether a text uses `$NAME` or `${NAME…}`.
fn uses(text: &str, name: &str) -> bool {
    ["$", "${"].iter().any(|sign| {
        let needle = format!("{sign}{name}");
        text.match_indices(&needle).any(|(at, _)| {
            let after = text[at + needle.len()..].chars().next();
            !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Certainty::{Always, Sometimes};

    fn check(text: &str, expected: &[(usize, &str, Certainty)]) {
        let found = env_overrides(text, &["RELEASE_NODE", "PORT"]);
        let found: Vec<_> = found
            .iter()
            .map(|o| (o.line, o.name.as_str(), o.certainty))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_assignment_that_ignores_what_is_given_is_found() {
        check(
            "export RELEASE_NODE=shop@host\n",
            &[(1, "RELEASE_NODE", Always)],
        );
        check("#!/bin/sh\n\nPORT=4000", &[(3, "PORT", Always)]);
        check("A=1; PORT=\"4000\" # fixed\n", &[(1, "PORT", Always)]);
        check("A=\"x;\n# y\"\nexport PORT=1", &[(3, "PORT", Always)]);
        check("export \\\n  PORT=1", &[(1, "PORT", Always)]);
        check(
            "export RELEASE_NODE=\"shop@${HOSTNAME}\"",
            &[(1, "RELEASE_NODE", Always)],
        );
    }

    #[test]
    fn one_that_heeds_it_is_not() {
        for text in [
            "# export RELEASE_NODE=shop\n",
            "export PORT=${PORT:-4000}",
            "export PORT=\"${PORT:=4000}\"",
            "[ -z \"$PORT\" ] && PORT=4000",
            "[ -n \"${PORT}\" ] || export PORT=4000",
            "if [ -z \"$PORT\" ]; then\n  export PORT=4000\nfi\n",
            "echo 'PORT=1'",
            "IMPORT=1\nPORTS=2\nRELEASE_NODES=x",
            "export PORT",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn one_in_a_branch_may_happen() {
        check(
            "if [ -n \"$FLY_APP\" ]; then\n  export PORT=1\nfi\nPORT=2\n",
            &[(2, "PORT", Sometimes), (4, "PORT", Always)],
        );
        check(
            "case $RELEASE_COMMAND in\n  start*) PORT=1 ;;\n  *)\n    PORT=2\n    ;;\nesac\n",
            &[(2, "PORT", Sometimes), (4, "PORT", Sometimes)],
        );
        check("[ -n \"$X\" ] && export PORT=1", &[(1, "PORT", Sometimes)]);
        check("$PORTAL && PORT=1", &[(1, "PORT", Sometimes)]);
    }

    #[test]
    fn the_file_that_mix_writes_overrides_nothing() {
        check(include_str!("env.sh.fixture"), &[]);
    }
}
