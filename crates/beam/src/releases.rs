//! `releases/RELEASES`: the releases that `release_handler` knows on a host.
//!
//! One list of `{release, Name, Vsn, ErtsVsn, [{App, Vsn, Dir}], Status}`, written by
//! `release_handler:create_RELEASES/4` and read at boot only. Directories are absolute.

use crate::rel::RelFile;
use crate::term::Term;

/// Renders the file for a root that holds one release, permanent, its libraries under `lib_dir`.
///
/// `lib_dir` is the absolute path of the root's `lib`. The applications come in the order of the
/// `.rel` file, as OTP writes them.
pub fn permanent(rel: &RelFile, lib_dir: &str) -> String {
    let libraries = rel.applications.iter().map(|app| {
        let directory = format!("{lib_dir}/{}-{}", app.name, app.vsn);
        Term::Tuple(vec![
            Term::atom(&app.name),
            Term::string(&app.vsn),
            Term::string(directory),
        ])
    });
    let release = Term::Tuple(vec![
        Term::atom("release"),
        Term::string(&rel.name),
        Term::string(&rel.vsn),
        Term::string(&rel.erts),
        Term::List(libraries.collect()),
        Term::atom("permanent"),
    ]);
    format!("%% coding: utf-8\n{}.\n", Term::List(vec![release]))
}
