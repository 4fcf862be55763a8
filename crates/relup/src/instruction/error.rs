//! Why a term is no instruction.

use beam::Term;

/// A term that stands where an instruction should, and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{instruction}: {problem}")]
pub struct InstructionError {
    /// The term as text, shortened where it is long.
    pub instruction: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with an instruction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No instruction has this name and number of elements.
    #[error("there is no such instruction")]
    Unknown,
    /// `release_handler` has no such instruction, though `systools` lets it pass or reserves its name.
    #[error("release_handler does not perform it; restart_emulator restarts the node")]
    NotPerformed,
    /// A short form stands in a list within the script, where `systools` does not expand it.
    #[error("a short form within a list is not read; write it out")]
    ShortInList,
    /// A field holds something else than it should.
    #[error("{found} is no {expected}")]
    Field {
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
}

impl Problem {
    pub(super) fn field(expected: &'static str, found: &Term) -> Self {
        let found = shortened(found);
        Self::Field { expected, found }
    }

    pub(super) fn of(self, instruction: &Term) -> InstructionError {
        InstructionError {
            instruction: shortened(instruction),
            problem: self,
        }
    }
}

/// The text of a term, cut where a message would become unreadable.
pub(crate) fn shortened(term: &Term) -> String {
    const CHARS_MAX: usize = 120;
    let text = term.to_string();
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
