//! Version 1 of an upgrade package's `manifest.json`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::layout::{is_managed, is_versioned, join, split};
use super::manifest::{Group, Mark, Shared, Side, UpgradeManifest, content_bytes, entry_path};
use crate::manifest::{
    CONTENT_BYTES_MAX, Content, ENTRIES_MAX, Entry, EntryKind, EntryPath, InvalidPath,
    MANIFEST_BYTES_MAX,
};

const FORMAT: &str = "cutover.upgrade.v1";

/// Why bytes are not the manifest of an upgrade package.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeManifestError {
    /// The bytes are not its JSON.
    #[error("no manifest of an upgrade: {0}")]
    Json(#[from] serde_json::Error),
    /// A manifest of another version of the format.
    #[error("a manifest of format {found:?}, and this version of cutover reads {FORMAT:?} only")]
    Format {
        /// The format it says it is.
        found: String,
    },
    /// A path leaves the release.
    #[error("a manifest with a forbidden path: {0}")]
    Path(#[from] InvalidPath),
    /// Something in it contradicts something else, or may not be there.
    #[error("a manifest that cannot be: {reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    release: String,
    a: WireSide,
    b: WireSide,
    /// Size and digest.
    relup: (u64, String),
    shared: Vec<WireShared>,
    groups: Vec<WireGroup>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSide {
    vsn: String,
    erts: String,
    digest: String,
    applications: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireShared {
    from: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    to: Option<String>,
    files: Vec<String>,
    /// The marks of all files, one after another.
    marks: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireGroup {
    a: Vec<WireEntry>,
    b: Vec<WireEntry>,
    delta: bool,
}

/// Path; `f` for a file, `x` for one that may be run, `l` for a link; size; digest, or target.
type WireEntry = (String, char, u64, String);

pub(super) fn render(manifest: &UpgradeManifest) -> Vec<u8> {
    let side = |side: &Side| WireSide {
        vsn: side.vsn.clone(),
        erts: side.erts.clone(),
        digest: side.digest.to_hex().to_string(),
        applications: side.applications.clone(),
    };
    let shared = manifest.shared.iter().map(|shared| WireShared {
        from: shared.from.clone(),
        to: (shared.to != shared.from).then(|| shared.to.clone()),
        files: shared.files.iter().map(|(path, _)| path.clone()).collect(),
        marks: shared.files.iter().map(|(_, mark)| hex(mark)).collect(),
    });
    let groups = manifest.groups.iter().map(|group| WireGroup {
        a: group.a.iter().map(entry_to_wire).collect(),
        b: group.b.iter().map(entry_to_wire).collect(),
        delta: group.delta,
    });
    let wire = Wire {
        format: FORMAT.to_owned(),
        release: manifest.release.clone(),
        a: side(&manifest.a),
        b: side(&manifest.b),
        relup: (
            manifest.relup.size,
            manifest.relup.blake3.to_hex().to_string(),
        ),
        shared: shared.collect(),
        groups: groups.collect(),
    };
    let mut bytes = serde_json::to_vec(&wire).expect("a struct of strings and numbers has JSON");
    bytes.push(b'\n');
    bytes
}

fn hex(mark: &Mark) -> String {
    mark.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry_to_wire(entry: &Entry) -> WireEntry {
    let path = entry.path.as_str().to_owned();
    match &entry.kind {
        EntryKind::File {
            executable,
            content,
        } => {
            let kind = if *executable { 'x' } else { 'f' };
            (
                path,
                kind,
                content.size,
                content.blake3.to_hex().to_string(),
            )
        }
        EntryKind::Symlink { target } => (path, 'l', 0, target.clone()),
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<UpgradeManifest, UpgradeManifestError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(invalid(format!(
            "it has more than {MANIFEST_BYTES_MAX} bytes"
        )));
    }
    let head: Head = serde_json::from_slice(bytes)?;
    if head.format != FORMAT {
        return Err(UpgradeManifestError::Format {
            found: head.format.chars().take(80).collect(),
        });
    }
    let wire: Wire = serde_json::from_slice(bytes)?;
    let manifest = UpgradeManifest {
        release: wire.release,
        a: side(wire.a)?,
        b: side(wire.b)?,
        relup: content(wire.relup.0, &wire.relup.1)?,
        shared: wire
            .shared
            .into_iter()
            .map(shared)
            .collect::<Result<_, _>>()?,
        groups: wire
            .groups
            .into_iter()
            .map(group)
            .collect::<Result<_, _>>()?,
    };
    check(&manifest)?;
    Ok(manifest)
}

fn invalid(reason: impl Into<String>) -> UpgradeManifestError {
    UpgradeManifestError::Invalid {
        reason: reason.into(),
    }
}

fn side(wire: WireSide) -> Result<Side, UpgradeManifestError> {
    Ok(Side {
        vsn: wire.vsn,
        erts: wire.erts,
        applications: wire.applications,
        digest: digest(&wire.digest)?,
    })
}

fn digest(hex: &str) -> Result<blake3::Hash, UpgradeManifestError> {
    blake3::Hash::from_hex(hex).map_err(|_| invalid("a digest in it is none"))
}

fn content(size: u64, hex: &str) -> Result<Content, UpgradeManifestError> {
    let blake3 = digest(hex)?;
    Ok(Content { size, blake3 })
}

fn shared(wire: WireShared) -> Result<Shared, UpgradeManifestError> {
    let (marks, rest) = wire.marks.as_bytes().as_chunks::<8>();
    if marks.len() != wire.files.len() || !rest.is_empty() {
        return Err(invalid(format!(
            "{} has not a mark for each file",
            wire.from
        )));
    }
    let mark = |text: &[u8; 8]| -> Option<Mark> {
        let text = std::str::from_utf8(text).ok()?;
        Some(u32::from_str_radix(text, 16).ok()?.to_be_bytes())
    };
    let marks: Option<Vec<Mark>> = marks.iter().map(mark).collect();
    let marks = marks.ok_or_else(|| invalid("a mark in it is none"))?;
    Ok(Shared {
        to: wire.to.unwrap_or_else(|| wire.from.clone()),
        from: wire.from,
        files: wire.files.into_iter().zip(marks).collect(),
    })
}

fn group(wire: WireGroup) -> Result<Group, UpgradeManifestError> {
    let entries = |entries: Vec<WireEntry>| -> Result<Vec<Entry>, UpgradeManifestError> {
        entries.into_iter().map(entry).collect()
    };
    Ok(Group {
        a: entries(wire.a)?,
        b: entries(wire.b)?,
        delta: wire.delta,
    })
}

fn entry((path, kind, size, what): WireEntry) -> Result<Entry, UpgradeManifestError> {
    let path = EntryPath::new(path)?;
    let kind = match kind {
        'f' | 'x' => EntryKind::File {
            executable: kind == 'x',
            content: content(size, &what)?,
        },
        'l' if size == 0 => {
            path.check_link_target(&what)?;
            EntryKind::Symlink { target: what }
        }
        _ => return Err(invalid(format!("{path} is neither a file nor a link"))),
    };
    Ok(Entry { path, kind })
}

fn check(manifest: &UpgradeManifest) -> Result<(), UpgradeManifestError> {
    let (a, b) = (&manifest.a, &manifest.b);
    if a.vsn == b.vsn {
        return Err(invalid("both releases have one version"));
    }
    for text in [&manifest.release, &a.vsn, &b.vsn, &a.erts, &b.erts] {
        let is_name = !text.contains('/') && EntryPath::new(text.as_str()).is_ok();
        if !is_name {
            return Err(invalid(format!("{text:?} is no name of a directory")));
        }
    }
    let mut all = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for shared in &manifest.shared {
        for (path, _) in &shared.files {
            all.0.push(entry_path(join(&shared.from, path))?);
            all.1.push(entry_path(join(&shared.to, path))?);
        }
    }
    for group in &manifest.groups {
        all.0.extend(group.a.iter().map(|entry| entry.path.clone()));
        all.1.extend(group.b.iter().map(|entry| entry.path.clone()));
        let sizes = [&group.a, &group.b].map(|side| content_bytes(side));
        bytes = sizes.into_iter().fold(bytes, u64::saturating_add);
    }
    if bytes > CONTENT_BYTES_MAX {
        return Err(invalid(format!(
            "it has more than {CONTENT_BYTES_MAX} bytes"
        )));
    }
    paths(&all.0, &a.vsn)?;
    paths(&all.1, &b.vsn)?;
    let mut groups = manifest.groups.iter();
    if groups.any(|group| group.delta && !group.lies_in_versions()) {
        return Err(invalid(
            "files that are replaced in place are compressed against themselves",
        ));
    }
    versions(manifest)
}

/// A directory with a version in its name holds the same in both releases, or is in one only.
fn versions(manifest: &UpgradeManifest) -> Result<(), UpgradeManifestError> {
    let differing = |side: fn(&Group) -> &Vec<Entry>| -> HashSet<&str> {
        let entries = manifest.groups.iter().flat_map(side);
        let directories = entries.map(|entry| split(entry.path.as_str()).0);
        directories.filter(|dir| is_versioned(dir)).collect()
    };
    let shared = |side: fn(&Shared) -> &String| -> HashSet<&str> {
        manifest
            .shared
            .iter()
            .map(|shared| side(shared).as_str())
            .collect()
    };
    let (a, b) = (differing(|group| &group.a), differing(|group| &group.b));
    let (shared_a, shared_b) = (shared(|s| &s.from), shared(|s| &s.to));
    let twice = a
        .iter()
        .find(|dir| b.contains(*dir) || shared_b.contains(*dir))
        .or_else(|| b.iter().find(|dir| shared_a.contains(*dir)));
    match twice {
        Some(dir) => Err(invalid(format!(
            "{dir} holds two contents under one version"
        ))),
        None => Ok(()),
    }
}

/// Each path once, none below a file, none of the host's, none in the directory of another release.
fn paths(paths: &[EntryPath], vsn: &str) -> Result<(), UpgradeManifestError> {
    if paths.len() > ENTRIES_MAX {
        return Err(invalid(format!("it has more than {ENTRIES_MAX} files")));
    }
    let mut all = HashSet::new();
    for path in paths {
        if !all.insert(path.as_str()) {
            return Err(invalid(format!("{path} is there twice")));
        }
    }
    let own = format!("releases/{vsn}");
    for path in paths {
        let path = path.as_str();
        let (directory, rest) = split(path);
        let foreign = directory.starts_with("releases/") && directory != own;
        let relup = directory == own && rest == "relup";
        if foreign || relup || !is_managed(path) || path.starts_with(".cutover-") {
            return Err(invalid(format!("{path} is none of its concern")));
        }
        if let Some(above) = path
            .match_indices('/')
            .find(|(at, _)| all.contains(&path[..*at]))
        {
            let above = &path[..above.0];
            return Err(invalid(format!(
                "{path} lies below {above}, which is a file"
            )));
        }
    }
    Ok(())
}
