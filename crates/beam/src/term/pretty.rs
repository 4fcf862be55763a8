//! Terms over several lines, for people to review.

use std::fmt::{self, Display, Formatter, Write};

use super::Term;

/// Characters on a line, where terms allow it.
const WIDTH: usize = 100;

impl Term {
    /// The term laid out over several lines where one is too long, indented by one character for each
    /// level, as Erlang's own tools do. The same term is always laid out the same.
    pub fn pretty(&self) -> impl Display {
        Pretty { term: self }
    }
}

struct Pretty<'a> {
    term: &'a Term,
}

impl Display for Pretty<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        block(f, self.term, 0, 0)
    }
}

/// Writes a term that starts at a column, with so many characters that have to follow on its last line.
fn block(f: &mut Formatter<'_>, term: &Term, column: usize, after: usize) -> fmt::Result {
    let room = WIDTH.saturating_sub(column + after);
    let mut line = Line {
        text: String::new(),
        left: room,
    };
    if write!(line, "{term}").is_ok() {
        return f.write_str(&line.text);
    }
    match term {
        Term::Tuple(elements) => bracketed(f, "{", elements, None, "}", column, after),
        Term::List(elements) => bracketed(f, "[", elements, None, "]", column, after),
        Term::Improper(elements, tail) => {
            bracketed(f, "[", elements, Some(tail), "]", column, after)
        }
        Term::Map(pairs) => {
            f.write_str("#{")?;
            let column = column + 2;
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    write!(f, ",\n{:column$}", "")?;
                }
                block(f, key, column, 3)?;
                write!(f, " =>\n{:1$}", "", column + 1)?;
                block(f, value, column + 1, after + 1)?;
            }
            f.write_char('}')
        }
        other => other.fmt(f),
    }
}

fn bracketed(
    f: &mut Formatter<'_>,
    open: &str,
    elements: &[Term],
    tail: Option<&Term>,
    close: &str,
    column: usize,
    after: usize,
) -> fmt::Result {
    f.write_str(open)?;
    let column = column + open.len();
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            write!(f, ",\n{:column$}", "")?;
        }
        block(f, element, column, after + 1)?;
    }
    if let Some(tail) = tail {
        write!(f, "|\n{:column$}", "")?;
        block(f, tail, column, after + 1)?;
    }
    f.write_str(close)
}

/// Takes text as long as it fits on what is left of a line.
struct Line {
    text: String,
    left: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let count = text.chars().count();
        self.left = self.left.checked_sub(count).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Limits;
    use crate::term::consult_one;

    #[test]
    fn a_long_term_is_laid_out_and_reads_back() {
        let long = "x".repeat(60);
        let text = format!(
            "{{\"2\",[{{\"1\",[],[{{load_object_code,{{shop,\"2\",[{long}]}}}},point_of_no_return]}}],\
             #{{a => {long}}},[{long}|{long}]}}."
        );
        let term = consult_one(text.as_bytes(), &Limits::RELEASE).unwrap();
        let pretty = format!("{}.\n", term.pretty());
        let expected = format!(
            "{{\"2\",\n [{{\"1\",\n   [],\n   [{{load_object_code,{{shop,\"2\",[{long}]}}}},\n    \
             point_of_no_return]}}],\n #{{a => {long}}},\n [{long}|\n  {long}]}}.\n"
        );
        assert_eq!(pretty, expected);
        let back = consult_one(pretty.as_bytes(), &Limits::RELEASE).unwrap();
        assert_eq!(back, term);
    }
}
