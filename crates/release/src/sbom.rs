//! The bill of materials of a release: CycloneDX 1.5 JSON of its applications.
//!
//! The same release gives the same bytes: there is no timestamp, and the serial number is derived from
//! the content. Written with serde: one small document of fixed shape needs no library for a format.

mod sources;

use serde::Serialize;

use crate::manifest::{Application, Entry};
use crate::manifest::{Content, EntryKind};

pub use sources::{HexPackage, Sources};

/// The form of the document that is not said anywhere else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    component: Root<'a>,
}

#[derive(Serialize)]
struct Root<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    purl: String,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct License {
    license: LicenseName,
}

/// A known identifier of SPDX, or what the author wrote.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenseName {
    Id(String),
    Name(String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Vec<String>,
}

/// The identifiers that packages of this ecosystem use; the format allows no others as `id`.
const SPDX: [&str; 14] = [
    "0BSD",
    "AGPL-3.0-only",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MPL-2.0",
    "Unlicense",
    "WTFPL",
];

/// What the document is made from.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) release: &'a str,
    pub(crate) vsn: &'a str,
    pub(crate) applications: &'a [Application],
    pub(crate) app_files: Vec<&'a beam::AppFile>,
    pub(crate) entries: &'a [Entry],
    pub(crate) sources: &'a Sources,
}

/// Renders the document.
pub(crate) fn render(input: &Input<'_>) -> Vec<u8> {
    let mut components: Vec<Component> = input
        .applications
        .iter()
        .map(|app| component(input, app))
        .collect();
    components.sort_by(|a, b| a.name.cmp(&b.name));
    let mut document = Document {
        schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.5",
        serial_number: String::new(),
        version: 1,
        metadata: Metadata {
            component: Root {
                kind: "application",
                reference: format!("release:{}@{}", input.release, input.vsn),
                name: input.release,
                version: input.vsn,
            },
        },
        dependencies: dependencies(input, &components),
        components,
    };
    document.serial_number = serial_number(&json(&document));
    json(&document)
}

fn json(document: &Document<'_>) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec_pretty(document).expect("a struct of strings and numbers has JSON");
    bytes.push(b'\n');
    bytes
}

/// A UUID of version 8 (content of our own) from the document without one.
fn serial_number(document: &[u8]) -> String {
    let hash = blake3::hash(document);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.as_bytes()[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn component(input: &Input<'_>, app: &Application) -> Component {
    let file = input.app_files.iter().find(|file| file.name == app.name);
    let purl = input.sources.purl(&app.name, &app.vsn);
    Component {
        kind: "library",
        reference: purl.clone(),
        name: app.name.clone(),
        version: app.vsn.clone(),
        description: file.map(|f| f.description.clone()).unwrap_or_default(),
        hashes: vec![Hash {
            alg: "BLAKE3",
            content: library_digest(input.entries, app).to_hex().to_string(),
        }],
        licenses: input
            .sources
            .licenses(&app.name)
            .into_iter()
            .map(|name| License {
                license: match SPDX.contains(&name.as_str()) {
                    true => LicenseName::Id(name),
                    false => LicenseName::Name(name),
                },
            })
            .collect(),
        purl,
    }
}

/// BLAKE3 over one line for each file of the library: its digest, two spaces, its path below it.
fn library_digest(entries: &[Entry], app: &Application) -> blake3::Hash {
    let prefix = format!("lib/{}-{}/", app.name, app.vsn);
    let mut hasher = blake3::Hasher::new();
    for entry in entries {
        let Some(path) = entry.path.as_str().strip_prefix(&prefix) else {
            continue;
        };
        let digest = match &entry.kind {
            EntryKind::File { content, .. } => content.blake3,
            EntryKind::Symlink { target } => Content::of(target.as_bytes()).blake3,
        };
        hasher.update(format!("{}  {path}\n", digest.to_hex()).as_bytes());
    }
    hasher.finalize()
}

/// What each application starts before itself, as far as it is inside.
fn dependencies(input: &Input<'_>, components: &[Component]) -> Vec<Dependency> {
    let reference = |name: &String| {
        let found = components.iter().find(|c| c.name == *name)?;
        Some(found.reference.clone())
    };
    components
        .iter()
        .map(|component| {
            let file = input.app_files.iter().find(|f| f.name == component.name);
            let mut depends_on: Vec<String> = file
                .iter()
                .flat_map(|f| f.applications.iter().chain(&f.included_applications))
                .filter_map(reference)
                .collect();
            depends_on.sort();
            depends_on.dedup();
            Dependency {
                reference: component.reference.clone(),
                depends_on,
            }
        })
        .collect()
}
