//! The file `relup`: for each other release what `release_handler` performs to come from it, and to go
//! back to it.

use std::fmt::{self, Display, Formatter};

use beam::Term;

use crate::instruction::InstructionError;
use crate::{Direction, Low};

/// The upgrade scripts of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Relup {
    /// The version of the release.
    pub vsn: String,
    /// From other releases to this one.
    pub up: Vec<Edge>,
    /// From this one back to others.
    pub down: Vec<Edge>,
}

/// The script between a release and one other.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The version of the other release.
    pub vsn: String,
    /// What someone wrote of it; most often nothing.
    pub description: String,
    /// The script.
    pub instructions: Vec<Low>,
}

/// Why a term is no `relup`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelupError {
    /// The term is not `{Vsn, UpFrom, DownTo}` of lists of scripts.
    #[error(
        "expected {{VSN, [{{UP_FROM, DESCRIPTION, INSTRUCTIONS}}], [{{DOWN_TO, DESCRIPTION, INSTRUCTIONS}}]}}"
    )]
    Shape,
    /// A script has something that is no instruction.
    #[error("{direction} script of {vsn:?}: instruction {number}: {source}")]
    Instruction {
        /// Which way the script goes.
        direction: Direction,
        /// The version of the other release.
        vsn: String,
        /// The instruction's place, counted from 1.
        number: usize,
        /// What is wrong with it.
        source: InstructionError,
    },
}

impl Relup {
    /// Reads the term of a `relup` file.
    ///
    /// # Errors
    /// Where the term is none, or has an instruction that `release_handler` does not perform.
    pub fn read(term: &Term) -> Result<Self, RelupError> {
        let Some([vsn, up, down]) = term.as_tuple() else {
            return Err(RelupError::Shape);
        };
        Ok(Self {
            vsn: vsn.text().ok_or(RelupError::Shape)?,
            up: edges(Direction::Up, up)?,
            down: edges(Direction::Down, down)?,
        })
    }

    /// The scripts that go that way.
    pub fn edges(&self, direction: Direction) -> &[Edge] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// The script from or to the release of that version.
    pub fn edge(&self, direction: Direction, vsn: &str) -> Option<&Edge> {
        self.edges(direction).iter().find(|edge| edge.vsn == vsn)
    }

    /// The relup as the term of its file.
    pub fn to_term(&self) -> Term {
        let edges = |direction| {
            let edges = self.edges(direction).iter().map(Edge::to_term);
            Term::List(edges.collect())
        };
        Term::Tuple(vec![
            Term::string(&self.vsn),
            edges(Direction::Up),
            edges(Direction::Down),
        ])
    }
}

impl Edge {
    fn to_term(&self) -> Term {
        Term::Tuple(vec![
            Term::string(&self.vsn),
            Term::string(&self.description),
            Term::List(self.instructions.iter().map(Low::to_term).collect()),
        ])
    }
}

/// The text of the file: a line for each instruction.
impl Display for Relup {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "%% coding: utf-8")?;
        write!(f, "{{{}", Term::string(&self.vsn))?;
        for direction in [Direction::Up, Direction::Down] {
            write!(f, ",\n [")?;
            for (number, edge) in self.edges(direction).iter().enumerate() {
                let before = if number == 0 { "" } else { ",\n  " };
                let description = Term::string(&edge.description);
                write!(f, "{before}{{{},{description},", Term::string(&edge.vsn))?;
                for (number, low) in edge.instructions.iter().enumerate() {
                    let before = if number == 0 { "\n   [" } else { ",\n    " };
                    write!(f, "{before}{}", low.to_term())?;
                }
                let nothing = if edge.instructions.is_empty() {
                    "["
                } else {
                    ""
                };
                write!(f, "{nothing}]}}")?;
            }
            write!(f, "]")?;
        }
        writeln!(f, "}}.")
    }
}

fn edges(direction: Direction, term: &Term) -> Result<Vec<Edge>, RelupError> {
    let elements = term.as_list().ok_or(RelupError::Shape)?;
    elements
        .iter()
        .map(|element| edge(direction, element))
        .collect()
}

fn edge(direction: Direction, term: &Term) -> Result<Edge, RelupError> {
    let Some([vsn, description, script]) = term.as_tuple() else {
        return Err(RelupError::Shape);
    };
    let vsn = vsn.text().ok_or(RelupError::Shape)?;
    let description = description.text().ok_or(RelupError::Shape)?;
    let mut instructions = Vec::new();
    for (number, term) in (1..).zip(script.as_list().ok_or(RelupError::Shape)?) {
        let low = Low::read(term).map_err(|source| RelupError::Instruction {
            direction,
            vsn: vsn.clone(),
            number,
            source,
        })?;
        instructions.push(low);
    }
    Ok(Edge {
        vsn,
        description,
        instructions,
    })
}

#[cfg(test)]
mod tests {
    use beam::Limits;
    use beam::term::consult_one;

    use super::*;

    fn term(text: &str) -> Term {
        consult_one(text.as_bytes(), &Limits::RELEASE).unwrap()
    }

    #[test]
    fn the_file_is_read_back() {
        let text = "%% coding: utf-8\n\
            {\"2\",\n [{\"1\",[],\n   [point_of_no_return,\n    {purge,['Elixir.Shop',b]}]},\n  \
            {\"0\",\"first\",[]}],\n [{\"1\",[],\n   [point_of_no_return]}]}.\n";
        let relup = Relup::read(&term(text)).unwrap();
        assert_eq!(relup.to_string(), text);
        assert_eq!(relup.to_term(), term(text));
        assert_eq!(relup.edge(Direction::Up, "0").unwrap().description, "first");
        assert!(relup.edge(Direction::Down, "0").is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, message) in [
            (
                "{\"2\",[],[{\"1\",[],[point_of_no_return,{update,a}]}]}.",
                "down script of \"1\": instruction 2: {update,a}: there is no such instruction",
            ),
            (
                "{\"2\",[{\"1\",[]}],[]}.",
                "expected {VSN, [{UP_FROM, DESCRIPTION, INSTRUCTIONS}], \
                 [{DOWN_TO, DESCRIPTION, INSTRUCTIONS}]}",
            ),
        ] {
            assert_eq!(Relup::read(&term(text)).unwrap_err().to_string(), message);
        }
    }
}
