//! The manifest and the bill of materials of a checked release.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use sys::file::FileError;

use crate::check::CheckedRelease;
use crate::elf;
use crate::manifest::{Application, Content, Entry, EntryKind, Manifest, ManifestError, Module};
use crate::sbom::{self, Sources};
use crate::tree::{FileKind, ModuleFile, ReleaseTree};

/// Why a release cannot be described.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// ERTS is for a machine that is not known here.
    #[error("{}: not a program of a 64-bit Linux known here; build the release on Linux with include_erts: true", path.display())]
    UnknownMachine {
        /// The program looked at.
        path: PathBuf,
    },
    /// The release is too large, or has something twice.
    #[error("the release cannot be packed: it makes {0}")]
    Manifest(#[from] ManifestError),
}

/// The bytes of the SBOM come beside the manifest that names their digest.
pub(super) fn describe(
    release: &CheckedRelease,
    contents: Vec<Option<Content>>,
    sources: &Sources,
) -> Result<(Manifest, Vec<u8>), DescribeError> {
    let tree = release.tree();
    let entries = entries(tree, contents);
    let applications = applications(tree);
    let sbom = sbom::render(&sbom::Input {
        release: &tree.rel.name,
        vsn: &tree.rel.vsn,
        applications: &applications,
        app_files: tree
            .libraries
            .iter()
            .filter_map(|l| l.app.as_ref().ok())
            .collect(),
        entries: &entries,
        sources,
    });
    let elixir = applications.iter().find(|app| app.name == "elixir");
    let manifest = Manifest {
        release: tree.rel.name.clone(),
        vsn: tree.rel.vsn.clone(),
        erts: tree.rel.erts.clone(),
        otp: otp_release(&tree.rel.erts),
        elixir: elixir.map(|app| app.vsn.clone()),
        target: target(tree)?,
        consolidated: modules(tree.consolidated.as_deref().unwrap_or_default()),
        applications,
        entries,
        sbom: Content::of(&sbom),
    };
    // What no host would accept is not packed.
    Manifest::parse(&manifest.to_bytes())?;
    Ok((manifest, sbom))
}

fn entries(tree: &ReleaseTree, contents: Vec<Option<Content>>) -> Vec<Entry> {
    let pairs = tree.files.iter().zip(contents);
    let entries = pairs.map(|(file, content)| Entry {
        path: file.path.clone(),
        kind: match &file.kind {
            FileKind::File { executable, .. } => EntryKind::File {
                executable: *executable,
                content: content.unwrap_or_else(|| Content::of(b"")),
            },
            FileKind::Symlink { target } => EntryKind::Symlink {
                target: target.clone(),
            },
        },
    });
    entries.collect()
}

fn applications(tree: &ReleaseTree) -> Vec<Application> {
    let mut applications: Vec<Application> = tree
        .rel
        .applications
        .iter()
        .filter_map(|app| {
            let library = tree.library(&app.name, &app.vsn)?;
            Some(Application {
                name: app.name.clone(),
                vsn: app.vsn.clone(),
                modules: modules(&library.modules),
            })
        })
        .collect();
    applications.sort_by(|a, b| a.name.cmp(&b.name));
    applications
}

fn modules(files: &[ModuleFile]) -> Vec<Module> {
    let found = files.iter().filter_map(|file| file.found.as_ref().ok());
    let mut modules: Vec<Module> = found
        .map(|found| Module {
            name: found.module.clone(),
            md5: found.md5,
        })
        .collect();
    modules.sort();
    modules
}

/// Since OTP 23 (ERTS 11) the two count in step, twelve apart; older ones are not named.
fn otp_release(erts: &str) -> String {
    let major = erts.split('.').next().and_then(|m| m.parse::<u32>().ok());
    match major {
        Some(major) if major >= 11 => (major + 12).to_string(),
        _ => String::new(),
    }
}

fn target(tree: &ReleaseTree) -> Result<String, DescribeError> {
    let path = tree
        .root
        .join(format!("erts-{}/bin/beam.smp", tree.rel.erts));
    let mut head = Vec::new();
    File::open(&path)
        .map_err(FileError::at("open", &path))?
        .take(elf::HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(FileError::at("read", &path))?;
    elf::target(&head).ok_or(DescribeError::UnknownMachine { path })
}
