//! Second pass: what comes before the point of no return, and what after.

use super::gather::Script;
use crate::{High, Low};

/// A script in its two parts.
pub(super) struct Split<T> {
    /// Reads of object code, and calls that may still fail without harm.
    pub(super) before: Vec<Low>,
    pub(super) after: Vec<T>,
}

/// Why the instructions of the applications do not make a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// Something else than reads and calls stands before the point of no return.
    #[error(
        "{of}: {instruction} stands before point_of_no_return; only load_object_code and apply may"
    )]
    BeforeReturn {
        /// Whose script it is.
        of: String,
        /// The instruction as text.
        instruction: String,
    },
    /// A script has the point of no return twice.
    #[error("{of}: point_of_no_return stands there twice")]
    ReturnTwice {
        /// Whose script it is.
        of: String,
    },
    /// Code is loaded that was not read.
    #[error(
        "{module} is loaded, and no load_object_code reads it; add it there, or use load_module"
    )]
    NoObjectCode {
        /// The module.
        module: String,
    },
    /// One of two instructions that belong together is missing.
    #[error("{module} has {has} and no {lacks}")]
    Unpaired {
        /// The module.
        module: String,
        /// The instruction that is there.
        has: &'static str,
        /// The one that is not.
        lacks: &'static str,
    },
    /// An application is not in the release that it should be in.
    #[error("{instruction}: the release {vsn} has no such application")]
    NoSuchApplication {
        /// The instruction as text.
        instruction: String,
        /// The release's version.
        vsn: String,
    },
    /// An application that is removed is there afterwards.
    #[error("{application} is removed, and the release {vsn} has it")]
    RemovedPresent {
        /// The application.
        application: String,
        /// The release's version.
        vsn: String,
    },
    /// Two instructions replace one module.
    #[error("two instructions are about the module {module}; leave one of them")]
    SameModule {
        /// The module.
        module: String,
    },
    /// A module depends on one that no instruction is about.
    #[error("{module} depends on {on}, about which there is no instruction")]
    UnknownDependency {
        /// The module.
        module: String,
        /// The module it is said to depend on.
        on: String,
    },
    /// No `.app` file names the module.
    #[error(
        "{module} is in no .app file of the release {vsn}; add it to the modules of its application, or use delete_module"
    )]
    NoSuchModule {
        /// The module.
        module: String,
        /// The release's version.
        vsn: String,
    },
    /// Object code of one application is read in two versions.
    #[error("object code of {application} is read in the versions {first} and {second}")]
    ConflictingVersions {
        /// The application.
        application: String,
        /// The one version.
        first: String,
        /// The other.
        second: String,
    },
}

/// Splits each script at its own point of no return and joins the parts.
///
/// Reads of object code come before wherever they stood. A script without a point of no return has
/// nothing else before it.
pub(super) fn split(scripts: Vec<Script>) -> Result<Split<High>, ScriptError> {
    let mut split = Split {
        before: Vec::new(),
        after: Vec::new(),
    };
    for script in scripts {
        let of = match script.application {
            Some(application) => format!("appup of {application}"),
            None => "script of the release".to_owned(),
        };
        let no_return = |high: &High| matches!(high, High::Low(Low::PointOfNoReturn));
        let mut instructions = script.instructions;
        let at = instructions.iter().position(no_return);
        let after = match at {
            None => instructions,
            Some(at) => {
                let after = instructions.split_off(at + 1);
                instructions.pop();
                for high in instructions {
                    split.before.push(early(high, &of)?);
                }
                after
            }
        };
        if at.is_some() && after.iter().any(no_return) {
            return Err(ScriptError::ReturnTwice { of });
        }
        for high in after {
            match high {
                High::Low(low @ Low::LoadObjectCode { .. }) => split.before.push(low),
                high => split.after.push(high),
            }
        }
    }
    Ok(split)
}

fn early(high: High, of: &str) -> Result<Low, ScriptError> {
    match high {
        High::Low(low @ (Low::LoadObjectCode { .. } | Low::Apply { .. })) => Ok(low),
        high => Err(ScriptError::BeforeReturn {
            of: of.to_owned(),
            instruction: crate::instruction::shortened(&high.to_term()),
        }),
    }
}
