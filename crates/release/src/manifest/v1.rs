//! Version 1 of `manifest.json` on the wire.

use serde::{Deserialize, Serialize};

use super::{
    Application, CONTENT_BYTES_MAX, Content, ENTRIES_MAX, Entry, EntryKind, EntryPath, InvalidPath,
    MANIFEST_BYTES_MAX, Manifest, Module,
};

const FORMAT: &str = "cutover.manifest.v1";

/// Why bytes are not a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are not the JSON of a manifest.
    #[error("not a manifest: {0}")]
    Json(#[from] serde_json::Error),
    /// A manifest of another version of the format.
    #[error("a manifest of format {found:?}, and this version of cutover reads {FORMAT:?} only")]
    Format {
        /// The format it says it is.
        found: String,
    },
    /// The bytes mean a manifest, but are not the ones that cutover writes for it.
    #[error("a manifest that is not in canonical form")]
    NotCanonical,
    /// A path or link leaves the release.
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// A digest is not one.
    #[error("a manifest with a broken digest: {0:?}")]
    Digest(String),
    /// Entries, applications or modules are not sorted, or one is there twice.
    #[error("a manifest whose {what} are not sorted and unique, at {name:?}")]
    Order {
        /// What is out of order.
        what: &'static str,
        /// The first that is.
        name: String,
    },
    /// A path that lies below another entry's path, which is a file or link.
    #[error("a manifest where {path:?} lies below {above:?}, which is not a directory")]
    Below {
        /// The path below.
        path: String,
        /// The file or link.
        above: String,
    },
    /// Too large in one of its measures.
    #[error("a manifest with more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: u64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    release: String,
    vsn: String,
    erts: String,
    otp: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    elixir: Option<String>,
    target: String,
    sbom: WireContent,
    applications: Vec<WireApplication>,
    consolidated: Vec<(String, String)>,
    entries: Vec<WireEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireContent {
    size: u64,
    blake3: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireApplication {
    name: String,
    vsn: String,
    /// Name and md5.
    modules: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    blake3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    symlink: Option<String>,
}

pub(super) fn render(manifest: &Manifest) -> Vec<u8> {
    let modules = |modules: &[Module]| {
        let pairs = modules.iter().map(|m| (m.name.clone(), m.md5.to_string()));
        pairs.collect()
    };
    let wire = Wire {
        format: FORMAT.to_owned(),
        release: manifest.release.clone(),
        vsn: manifest.vsn.clone(),
        erts: manifest.erts.clone(),
        otp: manifest.otp.clone(),
        elixir: manifest.elixir.clone(),
        target: manifest.target.clone(),
        sbom: WireContent {
            size: manifest.sbom.size,
            blake3: manifest.sbom.blake3.to_hex().to_string(),
        },
        applications: manifest
            .applications
            .iter()
            .map(|app| WireApplication {
                name: app.name.clone(),
                vsn: app.vsn.clone(),
                modules: modules(&app.modules),
            })
            .collect(),
        consolidated: modules(&manifest.consolidated),
        entries: manifest.entries.iter().map(entry_to_wire).collect(),
    };
    let mut bytes = serde_json::to_vec(&wire).expect("a struct of strings and numbers has JSON");
    bytes.push(b'\n');
    bytes
}

fn entry_to_wire(entry: &Entry) -> WireEntry {
    let path = entry.path.as_str().to_owned();
    match &entry.kind {
        EntryKind::File {
            executable,
            content,
        } => WireEntry {
            path,
            mode: Some(mode_text(*executable).to_owned()),
            size: Some(content.size),
            blake3: Some(content.blake3.to_hex().to_string()),
            symlink: None,
        },
        EntryKind::Symlink { target } => WireEntry {
            path,
            mode: None,
            size: None,
            blake3: None,
            symlink: Some(target.clone()),
        },
    }
}

fn mode_text(executable: bool) -> &'static str {
    if executable { "0755" } else { "0644" }
}

pub(super) fn parse(bytes: &[u8]) -> Result<Manifest, ManifestError> {
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(ManifestError::TooLarge {
            what: "bytes",
            limit: MANIFEST_BYTES_MAX,
        });
    }
    refuse_other_format(bytes)?;
    let wire: Wire = serde_json::from_slice(bytes)?;
    let manifest = Manifest {
        release: wire.release,
        vsn: wire.vsn,
        erts: wire.erts,
        otp: wire.otp,
        elixir: wire.elixir,
        target: wire.target,
        sbom: content(wire.sbom.size, &wire.sbom.blake3)?,
        applications: wire
            .applications
            .into_iter()
            .map(|app| {
                Ok(Application {
                    name: app.name,
                    vsn: app.vsn,
                    modules: modules(app.modules)?,
                })
            })
            .collect::<Result<_, ManifestError>>()?,
        consolidated: modules(wire.consolidated)?,
        entries: wire
            .entries
            .into_iter()
            .map(entry_from_wire)
            .collect::<Result<_, _>>()?,
    };
    check(&manifest)?;
    if manifest.to_bytes() != bytes {
        return Err(ManifestError::NotCanonical);
    }
    Ok(manifest)
}

/// Says so first where the format is another, rather than complain of its fields.
fn refuse_other_format(bytes: &[u8]) -> Result<(), ManifestError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    let head: Head = serde_json::from_slice(bytes)?;
    if head.format == FORMAT {
        return Ok(());
    }
    Err(ManifestError::Format {
        found: head.format.chars().take(80).collect(),
    })
}

fn content(size: u64, hex: &str) -> Result<Content, ManifestError> {
    let blake3 = blake3::Hash::from_hex(hex).map_err(|_| broken_digest(hex))?;
    Ok(Content { size, blake3 })
}

fn broken_digest(text: &str) -> ManifestError {
    ManifestError::Digest(text.chars().take(80).collect())
}

fn modules(pairs: Vec<(String, String)>) -> Result<Vec<Module>, ManifestError> {
    let modules = pairs.into_iter().map(|(name, md5)| match md5.parse() {
        Ok(md5) => Ok(Module { name, md5 }),
        Err(_) => Err(broken_digest(&md5)),
    });
    modules.collect()
}

fn entry_from_wire(wire: WireEntry) -> Result<Entry, ManifestError> {
    let path = EntryPath::new(wire.path)?;
    let kind = match (wire.mode.as_deref(), wire.size, wire.blake3, wire.symlink) {
        (Some(mode @ ("0644" | "0755")), Some(size), Some(blake3), None) => EntryKind::File {
            executable: mode == "0755",
            content: content(size, &blake3)?,
        },
        (None, None, None, Some(target)) => {
            path.check_link_target(&target)?;
            EntryKind::Symlink { target }
        }
        _ => {
            return Err(InvalidPath {
                path: path.as_str().to_owned(),
                reason: "is neither a file nor a link",
            }
            .into());
        }
    };
    Ok(Entry { path, kind })
}

fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    if manifest.entries.len() > ENTRIES_MAX {
        return Err(ManifestError::TooLarge {
            what: "entries",
            limit: ENTRIES_MAX as u64,
        });
    }
    if manifest.content_bytes() > CONTENT_BYTES_MAX {
        return Err(ManifestError::TooLarge {
            what: "bytes of content",
            limit: CONTENT_BYTES_MAX,
        });
    }
    let paths = manifest.entries.iter().map(|e| e.path.as_str());
    sorted("entries", paths)?;
    let applications = manifest.applications.iter();
    sorted("applications", applications.map(|a| a.name.as_str()))?;
    for modules in manifest
        .applications
        .iter()
        .map(|a| &a.modules)
        .chain([&manifest.consolidated])
    {
        sorted("modules", modules.iter().map(|m| m.name.as_str()))?;
    }
    nothing_below_a_file(manifest)
}

fn sorted<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), ManifestError> {
    let mut last: Option<&str> = None;
    for name in names {
        if last.is_some_and(|last| last >= name) {
            return Err(ManifestError::Order {
                what,
                name: name.to_owned(),
            });
        }
        last = Some(name);
    }
    Ok(())
}

/// A file under a link would be written wherever the link points.
fn nothing_below_a_file(manifest: &Manifest) -> Result<(), ManifestError> {
    let all: std::collections::HashSet<&str> =
        manifest.entries.iter().map(|e| e.path.as_str()).collect();
    for entry in &manifest.entries {
        let path = entry.path.as_str();
        for (slash, _) in path.match_indices('/') {
            if all.contains(&path[..slash]) {
                return Err(ManifestError::Below {
                    path: path.to_owned(),
                    above: path[..slash].to_owned(),
                });
            }
        }
    }
    Ok(())
}
