//! `NAME.appup`: how an application gets from other versions to its own, and back.
//!
//! Both directions lie with the newer version: its up entries say how to come from an older one, its
//! down entries how to go back to it. An entry is found as `systools_relup` finds it: the first one
//! whose version is the same string, or a binary that as a regular expression matches all of it.

mod pattern;
mod print;

use beam::Term;

use crate::instruction::InstructionError;
use crate::{Direction, High};
pub use pattern::PatternError;

/// An application's upgrade file.
#[derive(Debug, Clone, PartialEq)]
pub struct Appup {
    vsn: String,
    up: Vec<Entry>,
    down: Vec<Entry>,
}

/// What to do for one other version, or for those that a pattern matches.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    other: Other,
    instructions: Result<Vec<High>, (Term, AppupError)>,
}

/// The other version of an entry.
#[derive(Debug, Clone, PartialEq)]
enum Other {
    Vsn(String),
    Pattern(Vec<u8>),
}

/// Why a term is no appup, or an entry of one says nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppupError {
    /// The term is not `{Vsn, UpFrom, DownTo}`.
    #[error("expected {{VSN, [{{UP_FROM, INSTRUCTIONS}}], [{{DOWN_TO, INSTRUCTIONS}}]}}")]
    Shape,
    /// What stands for the instructions of an entry is no list.
    #[error("{direction} entry {entry}: expected a list of instructions")]
    Entry {
        /// Which way the entry goes.
        direction: Direction,
        /// Its other version as text.
        entry: String,
    },
    /// An entry has something that is no instruction.
    #[error("{direction} entry {entry}: instruction {number}: {source}")]
    Instruction {
        /// Which way the entry goes.
        direction: Direction,
        /// Its other version as text.
        entry: String,
        /// The instruction's place, counted from 1.
        number: usize,
        /// What is wrong with it.
        source: Box<InstructionError>,
    },
    /// Whether an entry is meant cannot be told.
    #[error("{direction} entry {entry}: {source}; write the versions out as strings")]
    Pattern {
        /// Which way the entry goes.
        direction: Direction,
        /// The pattern as text.
        entry: String,
        /// What cannot be told, and why.
        source: PatternError,
    },
}

impl Appup {
    /// An appup of that version without any entry.
    pub fn new(vsn: impl Into<String>) -> Self {
        Self {
            vsn: vsn.into(),
            up: Vec::new(),
            down: Vec::new(),
        }
    }

    /// Reads the term of an `.appup` file.
    ///
    /// What is wrong inside an entry is an error only for who asks for that entry, as in `systools`.
    ///
    /// # Errors
    /// Where the term is no appup.
    pub fn read(term: &Term) -> Result<Self, AppupError> {
        let Some([vsn, up, down]) = term.as_tuple() else {
            return Err(AppupError::Shape);
        };
        Ok(Self {
            vsn: vsn.text().ok_or(AppupError::Shape)?,
            up: entries(Direction::Up, up)?,
            down: entries(Direction::Down, down)?,
        })
    }

    /// The version of the application that it belongs to.
    pub fn vsn(&self) -> &str {
        &self.vsn
    }

    /// Adds what to do for one other version, after what is there.
    pub fn push(&mut self, direction: Direction, vsn: impl Into<String>, instructions: Vec<High>) {
        let entry = Entry {
            other: Other::Vsn(vsn.into()),
            instructions: Ok(instructions),
        };
        match direction {
            Direction::Up => self.up.push(entry),
            Direction::Down => self.down.push(entry),
        }
    }

    /// What to do to come from that version, or to go back to it; `None` where no entry says it.
    ///
    /// # Errors
    /// Where the entry that counts is none that can be followed, or it cannot be told which counts.
    pub fn instructions(
        &self,
        direction: Direction,
        vsn: &str,
    ) -> Result<Option<&[High]>, AppupError> {
        for entry in self.entries(direction) {
            if entry.other.matches(direction, vsn)? {
                return match &entry.instructions {
                    Ok(instructions) => Ok(Some(instructions)),
                    Err((_, error)) => Err(error.clone()),
                };
            }
        }
        Ok(None)
    }

    /// The versions and patterns of the entries that go that way, as they are printed.
    pub fn versions(&self, direction: Direction) -> Vec<String> {
        let entries = self.entries(direction).iter();
        entries
            .map(|entry| entry.other.to_term().to_string())
            .collect()
    }

    fn entries(&self, direction: Direction) -> &[Entry] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

impl Other {
    fn matches(&self, direction: Direction, vsn: &str) -> Result<bool, AppupError> {
        match self {
            Self::Vsn(own) => Ok(own == vsn),
            Self::Pattern(bytes) => {
                pattern::matches_whole(bytes, vsn).map_err(|source| AppupError::Pattern {
                    direction,
                    entry: self.to_term().to_string(),
                    source,
                })
            }
        }
    }

    fn to_term(&self) -> Term {
        match self {
            Self::Vsn(vsn) => Term::string(vsn),
            Self::Pattern(bytes) => Term::Binary(bytes.clone()),
        }
    }
}

fn entries(direction: Direction, term: &Term) -> Result<Vec<Entry>, AppupError> {
    let elements = term.as_list().ok_or(AppupError::Shape)?;
    // What is no pair with a version can match none: `systools` passes it over.
    Ok(elements
        .iter()
        .filter_map(|e| entry(direction, e))
        .collect())
}

fn entry(direction: Direction, term: &Term) -> Option<Entry> {
    let [other, instructions] = term.as_tuple()? else {
        return None;
    };
    let other = match other {
        Term::Binary(bytes) => Other::Pattern(bytes.clone()),
        _ => Other::Vsn(other.text()?),
    };
    let entry = other.to_term().to_string();
    let read = match instructions.as_list() {
        None => Err(AppupError::Entry { direction, entry }),
        Some(terms) => High::read_all(terms).map_err(|(number, source)| AppupError::Instruction {
            direction,
            entry,
            number,
            source: Box::new(source),
        }),
    };
    Some(Entry {
        other,
        instructions: read.map_err(|error| (instructions.clone(), error)),
    })
}

#[cfg(test)]
mod tests {
    use beam::Limits;
    use beam::term::consult_one;

    use super::*;

    fn read(text: &str) -> Result<Appup, AppupError> {
        Appup::read(&consult_one(text.as_bytes(), &Limits::RELEASE).unwrap())
    }

    fn found(appup: &Appup, direction: Direction, vsn: &str) -> Option<String> {
        let instructions = appup.instructions(direction, vsn).unwrap()?;
        let texts: Vec<_> = instructions
            .iter()
            .map(|i| i.to_term().to_string())
            .collect();
        Some(texts.join(" "))
    }

    #[test]
    fn the_first_entry_that_fits_counts_in_each_direction() {
        let appup = read(
            r#"{"2.0",[{"1.0",[{update,a}]},{<<"1\\.[0-9]+">>,[{update,b}]},{"1.7",[{update,c}]}],
               [{<<"1\\..*">>,[{load_module,a},restart_emulator]}]}."#,
        )
        .unwrap();
        let up = |vsn| found(&appup, Direction::Up, vsn);
        assert_eq!(appup.vsn(), "2.0");
        assert_eq!(up("1.0").as_deref(), Some("{update,a}"));
        assert_eq!(up("1.7").as_deref(), Some("{update,b}"));
        // A match of a part is none.
        assert_eq!(up("1.7.1"), None);
        assert_eq!(up("11.7"), None);
        assert_eq!(
            found(&appup, Direction::Down, "1.7.1").as_deref(),
            Some("{load_module,a} restart_emulator")
        );
    }

    #[test]
    fn an_error_is_that_of_the_entry_asked_for() {
        let appup = read(
            r#"{"2.0",[{"1.0",[{update,a},{update,b,hard}]},{"1.1",none},{<<"1\\.(?=2)2">>,[]},
               {"1.3",[]}],[]}."#,
        )
        .unwrap();
        let up = |vsn| appup.instructions(Direction::Up, vsn);
        assert_eq!(
            up("1.0").unwrap_err().to_string(),
            "up entry \"1.0\": instruction 2: {update,b,hard}: hard is no soft or {advanced, EXTRA}"
        );
        assert_eq!(
            up("1.1").unwrap_err().to_string(),
            "up entry \"1.1\": expected a list of instructions"
        );
        let unclear = up("1.3").unwrap_err().to_string();
        assert!(
            unclear.starts_with("up entry <<\"1\\\\.(?=2)2\">>: "),
            "{unclear}"
        );
        assert!(
            unclear.ends_with("write the versions out as strings"),
            "{unclear}"
        );
        assert_eq!(appup.instructions(Direction::Down, "1.3").unwrap(), None);
    }

    #[test]
    fn what_can_match_no_version_is_passed_over() {
        let appup = read(r#"{"2.0",[odd,{one,[]},{"1.0"},{"1.0",[]}],[]}."#).unwrap();
        assert_eq!(found(&appup, Direction::Up, "1.0").as_deref(), Some(""));
        assert_eq!(appup.versions(Direction::Up), [r#""1.0""#]);
    }

    #[test]
    fn no_appup_is_refused() {
        for text in ["{\"1\",[]}.", "{one,[],[]}.", "{\"1\",up,[]}.", "[]."] {
            assert_eq!(read(text).unwrap_err(), AppupError::Shape);
        }
    }
}
