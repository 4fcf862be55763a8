//! The env file: a subset of what dotenv tools read, without expansion.
//!
//! ```text
//! # a comment; empty lines are skipped
//! NAME=value            # the value ends before ` #`; spaces around it are dropped
//! export NAME=value     # `export` is allowed and means nothing
//! NAME='as it is'       # nothing is special but the closing quote
//! NAME="line\nnext"     # \n \r \t \" \\ \$ are known; $ is only a dollar sign
//! ```
//! A later line wins over an earlier one. A value in quotes may go over several lines.

use std::collections::BTreeMap;

use super::names::Variable;

/// What is wrong, and in which line (from 1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(crate) struct EnvFileError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Reads the text of an env file: variables with their values and lines. Messages never hold a value.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<Variable, (String, usize)>, EnvFileError> {
    let mut variables = BTreeMap::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = after;
            continue;
        }
        let fail = |message: String| EnvFileError {
            line: number,
            message,
        };
        let entry = line.trim_start();
        let entry = entry.strip_prefix("export ").unwrap_or(entry);
        let (name, value) = entry
            .split_once('=')
            .ok_or_else(|| fail("expected NAME=value".to_owned()))?;
        let name = Variable::try_from(name.trim().to_owned()).map_err(fail)?;
        let value = value.trim_start();
        // A quoted value may go on over the end of the line: read on in the whole rest of the text.
        let (value, next, lines) = match value.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let start = offset_in(rest, value) + 1;
                quoted(&rest[start..], quote).map_err(fail)?
            }
            _ => {
                let end = value
                    .find(" #")
                    .or_else(|| value.find("\t#"))
                    .unwrap_or(value.len());
                (value[..end].trim_end().to_owned(), after, 0)
            }
        };
        if value.contains('\0') {
            return Err(fail(format!("the value of {name} holds a NUL byte")));
        }
        variables.insert(name, (value, number));
        number += lines;
        rest = next;
    }
    Ok(variables)
}

/// The offset of `part`, a slice of `whole`.
fn offset_in(whole: &str, part: &str) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// Reads up to the closing quote: the value, the text after its line, and how many lines it went over.
fn quoted(text: &str, quote: char) -> Result<(String, &str, usize), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => {
                let (line_rest, after) = text[at + 1..]
                    .split_once('\n')
                    .unwrap_or((&text[at + 1..], ""));
                let tail = line_rest.trim();
                if !tail.is_empty() && !tail.starts_with('#') {
                    return Err("there is text after the closing quote".to_owned());
                }
                return Ok((value, after, text[..at].matches('\n').count()));
            }
            '\\' if quote == '"' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => value.push(c),
                Some(c) => return Err(format!("\\{c} is not known; write \\\\ for a backslash")),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err(format!("the quote {quote} is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, usize)> {
        let variables = parse(text).unwrap();
        let flat = variables
            .into_iter()
            .map(|(n, (v, l))| (n.to_string(), v, l));
        flat.collect()
    }

    fn one(text: &str) -> String {
        read(text).remove(0).1
    }

    #[test]
    fn values_are_bare_or_quoted() {
        assert_eq!(one("A=b"), "b");
        assert_eq!(one("export A = b c # note\r\n"), "b c");
        assert_eq!(one("A=b#c"), "b#c");
        assert_eq!(one("A="), "");
        assert_eq!(one("A='$x \\n' # note"), "$x \\n");
        assert_eq!(one(r#"A="x\ny\"\$""#), "x\ny\"$");
        assert_eq!(one("A=postgres://u:p@h/db?x=1"), "postgres://u:p@h/db?x=1");
    }

    #[test]
    fn lines_are_counted_over_comments_and_values_of_several_lines() {
        let text = "# top\n\nKEY=\"-----\nabc\n-----\"\nB=1\nB=2\n";
        let expected = [("B", "2", 7), ("KEY", "-----\nabc\n-----", 3)];
        assert_eq!(
            read(text),
            expected.map(|(n, v, l)| (n.to_owned(), v.to_owned(), l))
        );
    }

    #[test]
    fn errors_name_the_line_and_no_value() {
        for (text, error) in [
            ("A=1\nsecret", "line 2: expected NAME=value"),
            (
                "\n1A=secret",
                "line 2: \"1A\" is not the name of an environment variable: letters, digits and `_`, not beginning with a digit",
            ),
            ("A='secret", "line 1: the quote ' is not closed"),
            (
                "A=\"se\\qcret\"",
                "line 1: \\q is not known; write \\\\ for a backslash",
            ),
            (
                "A='x' secret",
                "line 1: there is text after the closing quote",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), error);
        }
    }
}
