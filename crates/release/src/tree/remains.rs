//! What an older build left in the directory.

use std::collections::BTreeSet;

use beam::RelFile;

use super::TreeFile;

/// Takes away what [`remains`] names; its directories come second.
pub(super) fn without(
    files: Vec<TreeFile>,
    rel: &RelFile,
    vsn: &str,
) -> (Vec<TreeFile>, Vec<String>) {
    let remains = remains(files.iter().map(|file| file.path.as_str()), rel, vsn);
    let files = files
        .into_iter()
        .filter(|file| !is_below(file.path.as_str(), &remains))
        .collect();
    (files, remains.into_iter().collect())
}

/// The directories of other versions: `lib/APP-VSN` with an `.app` that the `.rel` file does not name,
/// `releases/VSN` with a `.rel` of a version other than `vsn`, `erts-VSN` of another version.
pub(crate) fn remains<'a>(
    paths: impl Iterator<Item = &'a str>,
    rel: &RelFile,
    vsn: &str,
) -> BTreeSet<String> {
    let libraries: BTreeSet<String> = rel
        .applications
        .iter()
        .map(|app| format!("lib/{}-{}", app.name, app.vsn))
        .collect();
    let mut remains = BTreeSet::new();
    for path in paths {
        let names: Vec<&str> = path.split('/').collect();
        let directory = match names[..] {
            ["lib", directory, "ebin", app] if app.ends_with(".app") => {
                let directory = format!("lib/{directory}");
                (!libraries.contains(&directory)).then_some(directory)
            }
            ["releases", other, file] if file.ends_with(".rel") && other != vsn => {
                Some(format!("releases/{other}"))
            }
            [erts, ..] if erts.starts_with("erts-") && erts[5..] != rel.erts => {
                Some(erts.to_owned())
            }
            _ => None,
        };
        remains.extend(directory);
    }
    remains
}

/// Whether a path lies in one of those directories.
pub(crate) fn is_below(path: &str, directories: &BTreeSet<String>) -> bool {
    path.match_indices('/')
        .any(|(slash, _)| directories.contains(&path[..slash]))
}
