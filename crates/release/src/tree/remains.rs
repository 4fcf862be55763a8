//! What an older build left in the directory.

use std::collections::BTreeSet;

use beam::RelFile;

use super::TreeFile;

/// Takes away the files of other versions: `lib/APP-VSN` with an `.app` that the `.rel` file does not name,
/// `releases/VSN` with a `.rel` of a version other than `vsn`, `erts-VSN` of another version. The
/// directories taken away come second.
pub(super) fn without(
    files: Vec<TreeFile>,
    rel: &RelFile,
    vsn: &str,
) -> (Vec<TreeFile>, Vec<String>) {
    let libraries: BTreeSet<String> = rel
        .applications
        .iter()
        .map(|app| format!("lib/{}-{}", app.name, app.vsn))
        .collect();
    let mut remains = BTreeSet::new();
    for file in &files {
        let names: Vec<&str> = file.path.as_str().split('/').collect();
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
    let kept = |file: &TreeFile| {
        let path = file.path.as_str();
        !path
            .match_indices('/')
            .any(|(slash, _)| remains.contains(&path[..slash]))
    };
    let files = files.into_iter().filter(kept).collect();
    (files, remains.into_iter().collect())
}
