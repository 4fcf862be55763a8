//! Applying an upgrade package to a release's directory.

use std::path::Path;

use beam::Term;
use relup::Direction;

use super::{Package, UpgradeError, stage};

/// A package that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The version that was there, and still is.
    pub from: String,
    /// The version that is there now as well.
    pub to: String,
    /// How many files were written.
    pub files: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// The entry for `RELEASES` of a release that is unpacked and not installed: an Erlang term. The
    /// file itself is the host's, and a running node's.
    pub releases_entry: String,
}

/// Brings the other release of a package into a directory that holds its base, for the way up or back.
///
/// The base stays whole, whenever this ends; done again, it completes what was cut short.
///
/// # Errors
/// As [`UpgradeError`] says.
pub fn apply(
    package: &Package,
    root: &Path,
    direction: Direction,
) -> Result<Applied, UpgradeError> {
    let mut staged = stage(package, root, direction)?;
    while staged.advance()? {}
    let (from, to) = match direction {
        Direction::Up => (&package.manifest.a, &package.manifest.b),
        Direction::Down => (&package.manifest.b, &package.manifest.a),
    };
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let libraries = to.applications.iter().map(|(name, vsn)| {
        let directory = root.join(format!("lib/{name}-{vsn}"));
        Term::Tuple(vec![
            Term::atom(name),
            Term::string(vsn),
            Term::string(directory.to_string_lossy()),
        ])
    });
    let entry = Term::Tuple(vec![
        Term::atom("release"),
        Term::string(&package.manifest.release),
        Term::string(&to.vsn),
        Term::string(&to.erts),
        Term::List(libraries.collect()),
        Term::atom("unpacked"),
    ]);
    let (files, bytes) = staged.written;
    Ok(Applied {
        from: from.vsn.clone(),
        to: to.vsn.clone(),
        files,
        bytes,
        releases_entry: entry.to_string(),
    })
}
