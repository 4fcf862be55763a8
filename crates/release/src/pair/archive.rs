//! Releases in archives: a `.tar.gz` of any tool, or an artifact.
//!
//! Nothing in them is believed: paths stay inside, sizes are bounded by that of the archive, and no
//! entry comes twice. A file that does not matter is never held in memory.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use sys::file::FileError;
use tar::{Archive, EntryType};
use tempfile::TempDir;

use super::classify::{Class, class, is_foreign};
use super::found::{Found, Keep, TEXT_BYTES_MAX, WHOLE_BYTES_MAX, What};
use super::{Files, PairError, Source};
use crate::archive::{self as form, Integrity};
use crate::manifest::{
    CONTENT_BYTES_MAX, Content, ENTRIES_MAX, Entry, EntryKind, EntryPath, MANIFEST_BYTES_MAX,
    Manifest,
};
use crate::unpack::UnpackError;

/// How many times larger than its archive a release may be: beyond what releases compress to, far below
/// what a bomb does.
const EXPANSION_MAX: u64 = 64;
const EXPANSION_FREE_BYTES: u64 = 256 << 20;
/// The most text that is kept of one release, in bytes.
const TEXTS_BYTES_MAX: u64 = 64 << 20;

/// Reads every file of an archive.
pub(super) fn read(source: &Source) -> Result<Vec<Found>, PairError> {
    let mut found: Vec<Found> = Vec::new();
    let mut by_path: HashMap<EntryPath, usize> = HashMap::new();
    let mut texts = 0;
    let refused = |reason: String| archive_error(source.path(), reason);
    let manifest = stream(source, &mut |path, member| {
        if found.len() >= ENTRIES_MAX {
            return Err(refused(format!("it has more than {ENTRIES_MAX} files")));
        }
        let (kind, what) = match member {
            Member::Symlink { target } => (EntryKind::Symlink { target }, What::Nothing),
            Member::Same { of } => match by_path.get(&of).map(|index| &found[*index]) {
                Some(first) => {
                    let what = What::of_link(class(path.as_str()), &first.what);
                    (first.entry.kind.clone(), what)
                }
                None => {
                    return Err(refused(format!(
                        "{path} is a link to {of}, which is not there"
                    )));
                }
            },
            Member::File {
                executable,
                size,
                reader,
            } => {
                let (content, what) = file(&path, size, reader, &mut texts)
                    .map_err(|e| refused(format!("{path}: {}", why(&e))))?;
                let kind = EntryKind::File {
                    executable,
                    content,
                };
                (kind, what)
            }
        };
        if by_path.insert(path.clone(), found.len()).is_some() {
            return Err(refused(format!("{path} is there twice")));
        }
        found.push(Found {
            entry: Entry { path, kind },
            what,
        });
        Ok(())
    })?;
    if let Some(manifest) = manifest {
        as_announced(source, &manifest, &found)?;
    }
    found.retain(|found| !is_foreign(found.entry.path.as_str()));
    Ok(found)
}

/// Writes the wanted files of an archive to a temporary directory.
pub(super) fn extract(source: &Source, wanted: &HashSet<&str>) -> Result<Files, PairError> {
    let dir =
        TempDir::new().map_err(FileError::at("create a directory in", std::env::temp_dir()))?;
    stream(source, &mut |path, member| {
        if !wanted.contains(path.as_str()) {
            return Ok(());
        }
        let target = dir.path().join(&path);
        let parent = target.parent().unwrap_or(dir.path());
        fs::create_dir_all(parent).map_err(FileError::at("create", parent))?;
        match member {
            Member::Symlink { .. } => Ok(()),
            Member::Same { of } => {
                let source = dir.path().join(&of);
                fs::copy(&source, &target).map_err(FileError::at("copy", source))?;
                Ok(())
            }
            Member::File { reader, .. } => {
                let mut file =
                    File::create_new(&target).map_err(FileError::at("create", &target))?;
                io::copy(reader, &mut file).map_err(FileError::at("write", target))?;
                Ok(())
            }
        }
    })?;
    Ok(Files {
        root: dir.path().to_owned(),
        temporary: Some(dir),
    })
}

/// What an archive has at a path.
pub(super) enum Member<'a> {
    File {
        executable: bool,
        size: u64,
        reader: &'a mut dyn Read,
    },
    Symlink {
        target: String,
    },
    /// A hard link: the same as an earlier file.
    Same {
        of: EntryPath,
    },
}

type Visit<'a> = &'a mut dyn FnMut(EntryPath, Member<'_>) -> Result<(), PairError>;

/// Visits every file and link; the manifest of an artifact comes back.
pub(super) fn stream(source: &Source, visit: Visit<'_>) -> Result<Option<Manifest>, PairError> {
    let path = source.path();
    let mut file = File::open(path).map_err(FileError::at("open", path))?;
    let size = file.metadata().map_err(FileError::at("read", path))?.len();
    let expanded = size
        .saturating_mul(EXPANSION_MAX)
        .saturating_add(EXPANSION_FREE_BYTES);
    let left = Rc::new(Cell::new(expanded.min(CONTENT_BYTES_MAX)));
    if let Source::Artifact { .. } = source {
        let content = whole(&mut file, path)?;
        file.rewind().map_err(FileError::at("read", path))?;
        let mut decoder = zstd::Decoder::new(file.take(content)).map_err(broken(path))?;
        decoder
            .window_log_max(form::WINDOW_LOG_MAX)
            .map_err(broken(path))?;
        members(
            path,
            Bounded {
                inner: decoder,
                left,
            },
            Some(form::RELEASE),
            visit,
        )
    } else {
        let decoder = MultiGzDecoder::new(BufReader::with_capacity(1 << 17, file));
        members(
            path,
            Bounded {
                inner: decoder,
                left,
            },
            None,
            visit,
        )
    }
}

/// The bytes before an artifact's seal.
fn whole(file: &mut File, path: &Path) -> Result<u64, PairError> {
    let path = path.to_owned();
    match form::integrity(file).map_err(FileError::at("read", &path))? {
        Integrity::Whole(content) => Ok(content),
        Integrity::NotArtifact => Err(UnpackError::NotArtifact { path }.into()),
        Integrity::CutShort => Err(UnpackError::CutShort { path }.into()),
        Integrity::Altered => Err(UnpackError::Altered { path }.into()),
    }
}

fn members(
    place: &Path,
    plain: Bounded<impl Read>,
    prefix: Option<&str>,
    visit: Visit<'_>,
) -> Result<Option<Manifest>, PairError> {
    let refused = |reason: String| archive_error(place, reason);
    let mut archive = Archive::new(plain);
    let mut manifest = None;
    for entry in archive.entries().map_err(broken(place))? {
        let mut entry = entry.map_err(broken(place))?;
        let name = entry.path_bytes().into_owned();
        let name = String::from_utf8(name)
            .map_err(|_| refused("it has a file whose name is not UTF-8".to_owned()))?;
        let kind = entry.header().entry_type();
        if prefix.is_some() && name == form::MANIFEST {
            manifest = Some(read_manifest(place, &mut entry)?);
            continue;
        }
        let relative = match prefix {
            None => plain_name(&name),
            Some(prefix) => match name.strip_prefix(prefix).and_then(|n| n.strip_prefix('/')) {
                Some(relative) => relative,
                None => continue,
            },
        };
        if kind == EntryType::Directory && matches!(relative, "" | ".") {
            continue;
        }
        let inside =
            |text: &str| EntryPath::new(plain_name(text)).map_err(|e| refused(e.to_string()));
        let path = inside(relative.trim_end_matches('/'))?;
        let link = |entry: &tar::Entry<'_, _>| {
            let target = entry.link_name_bytes().map(|bytes| bytes.into_owned());
            let target = target.and_then(|bytes| String::from_utf8(bytes).ok());
            target.ok_or_else(|| refused(format!("{path} is a link to nowhere")))
        };
        match kind {
            EntryType::Directory => {}
            EntryType::Regular | EntryType::Continuous => {
                let mode = entry.header().mode().unwrap_or(0o644);
                let member = Member::File {
                    executable: mode & 0o100 != 0,
                    size: entry.size(),
                    reader: &mut entry,
                };
                visit(path, member)?;
            }
            EntryType::Symlink => {
                let target = link(&entry)?;
                path.check_link_target(&target)
                    .map_err(|e| refused(e.to_string()))?;
                visit(path, Member::Symlink { target })?;
            }
            EntryType::Link => {
                let of = inside(&link(&entry)?)?;
                visit(path, Member::Same { of })?;
            }
            _ => return Err(refused(format!("{path} is a device, pipe or sparse file"))),
        }
    }
    // The checksum of the compression comes after the end of the tar.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken(place))?;
    Ok(manifest)
}

fn plain_name(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

fn read_manifest(place: &Path, entry: &mut impl Read) -> Result<Manifest, PairError> {
    let mut bytes = Vec::new();
    entry
        .take(MANIFEST_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(broken(place))?;
    Ok(
        Manifest::parse(&bytes).map_err(|source| UnpackError::Manifest {
            path: place.to_owned(),
            source,
        })?,
    )
}

/// An artifact holds what its manifest says, no more and no less.
fn as_announced(source: &Source, manifest: &Manifest, found: &[Found]) -> Result<(), PairError> {
    let announced = manifest.entries.iter();
    let mut found = found.iter().map(|found| &found.entry);
    for entry in announced {
        if found.next() != Some(entry) {
            let reason = format!("{} is missing or another one", entry.path);
            return Err(archive_error(source.path(), reason));
        }
    }
    match found.next() {
        None => Ok(()),
        Some(extra) => {
            let reason = format!("{} is not in its manifest", extra.path);
            Err(archive_error(source.path(), reason))
        }
    }
}

/// Reads one file: whole where its bytes matter, else as it streams by.
fn file(
    path: &EntryPath,
    size: u64,
    reader: &mut dyn Read,
    texts: &mut u64,
) -> io::Result<(Content, What)> {
    let too_large = |limit: u64| Err(io::Error::other(format!("larger than {limit} bytes")));
    let class = class(path.as_str());
    let limit = match class {
        Class::Beam => WHOLE_BYTES_MAX,
        Class::Text => {
            *texts += size;
            if *texts > TEXTS_BYTES_MAX {
                return too_large(TEXTS_BYTES_MAX);
            }
            TEXT_BYTES_MAX
        }
        Class::Other => {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(reader)?;
            let content = Content {
                size: hasher.count(),
                blake3: hasher.finalize(),
            };
            return match content.size == size {
                true => Ok((content, What::Nothing)),
                false => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
    };
    if size > limit {
        return too_large(limit);
    }
    let mut bytes = Vec::new();
    reader.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let content = Content::of(&bytes);
    Ok((content, What::of(class, &bytes, Keep::Processes)))
}

impl What {
    /// What a hard link says: what the file says, if it is of the same class.
    fn of_link(class: Class, first: &Self) -> Self {
        match (class, first) {
            (Class::Beam, Self::Module(_)) | (Class::Text, Self::Text(_)) => first.clone(),
            (Class::Beam, _) => Self::Module(Err("a link to what is no module".to_owned())),
            _ => Self::Nothing,
        }
    }
}

fn archive_error(place: &Path, reason: String) -> PairError {
    PairError::Archive {
        place: place.to_owned(),
        reason,
    }
}

/// The archive ends early, is damaged, or unpacks to too much.
fn broken(place: &Path) -> impl Fn(io::Error) -> PairError + '_ {
    |e| archive_error(place, why(&e))
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut short".to_owned(),
        _ => error.to_string(),
    }
}

/// Ends with an error rather than unpack more than an archive of its size may hold.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => {
                return Err(io::Error::other(
                    "it unpacks to far more than a release does",
                ));
            }
        }
        Ok(read)
    }
}
