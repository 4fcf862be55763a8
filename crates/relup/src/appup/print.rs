//! Appups as terms and as files.

use std::fmt::{self, Display, Formatter};

use beam::Term;

use super::{Appup, Entry};
use crate::Direction;

impl Appup {
    /// The appup as the term of its file.
    pub fn to_term(&self) -> Term {
        let entries = |direction| {
            let entries = self.entries(direction).iter().map(|entry| {
                Term::Tuple(vec![
                    entry.other.to_term(),
                    match &entry.instructions {
                        Ok(all) => Term::List(all.iter().map(crate::High::to_term).collect()),
                        Err((term, _)) => term.clone(),
                    },
                ])
            });
            Term::List(entries.collect())
        };
        Term::Tuple(vec![
            Term::string(&self.vsn),
            entries(Direction::Up),
            entries(Direction::Down),
        ])
    }
}

/// The text of the file: a line for each instruction.
impl Display for Appup {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "%% coding: utf-8")?;
        write!(f, "{{{}", Term::string(&self.vsn))?;
        for direction in [Direction::Up, Direction::Down] {
            write!(f, ",\n [")?;
            for (number, entry) in self.entries(direction).iter().enumerate() {
                let before = if number == 0 { "" } else { ",\n  " };
                write!(f, "{before}{{{},", entry.other.to_term())?;
                instructions(f, entry)?;
                write!(f, "}}")?;
            }
            write!(f, "]")?;
        }
        writeln!(f, "}}.")
    }
}

fn instructions(f: &mut Formatter<'_>, entry: &Entry) -> fmt::Result {
    match &entry.instructions {
        Err((term, _)) => write!(f, "{term}"),
        Ok(all) => {
            write!(f, "\n   [")?;
            for (number, instruction) in all.iter().enumerate() {
                let before = if number == 0 { "" } else { ",\n    " };
                write!(f, "{before}{}", instruction.to_term())?;
            }
            write!(f, "]")
        }
    }
}

#[cfg(test)]
mod tests {
    use beam::Limits;
    use beam::term::consult_one;

    use super::*;
    use crate::High;
    use crate::instruction::Update;

    #[test]
    fn the_file_is_read_back() {
        let mut appup = Appup::new("2.0");
        let update = High::Update(Update::soft("Elixir.Shop"));
        appup.push(Direction::Up, "1.0", vec![update.clone(), update.clone()]);
        appup.push(Direction::Up, "1.1", vec![]);
        let text = appup.to_string();
        assert_eq!(
            text,
            "%% coding: utf-8\n\
             {\"2.0\",\n \
             [{\"1.0\",\n   [{update,'Elixir.Shop'},\n    {update,'Elixir.Shop'}]},\n  \
             {\"1.1\",\n   []}],\n \
             []}.\n"
        );
        let term = consult_one(text.as_bytes(), &Limits::RELEASE).unwrap();
        assert_eq!(term, appup.to_term());
        assert_eq!(Appup::read(&term).unwrap(), appup);
    }

    #[test]
    fn what_cannot_be_read_is_printed_as_it_was() {
        let text = "{\"2\",[{<<\"1.*\">>,[{odd,1}]},{\"1\",none}],[]}";
        let term = consult_one(format!("{text}.").as_bytes(), &Limits::RELEASE).unwrap();
        let appup = Appup::read(&term).unwrap();
        assert_eq!(appup.to_term().to_string(), text);
    }
}
