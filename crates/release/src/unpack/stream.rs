//! An artifact's entries, held against its manifest while they stream by.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sys::file::FileError;
use tar::{Archive, EntryType};

use super::{UnpackError, Verified};
use crate::ArtifactId;
use crate::archive::{self, Integrity};
use crate::manifest::{Content, Entry, EntryKind, MANIFEST_BYTES_MAX, Manifest};
use crate::sign::{SIGNATURE_BYTES_MAX, SignatureError, TrustedKeys};

/// Takes the release's entries as they come. What it holds is void until all came.
pub(super) trait Sink {
    /// Begins a file.
    fn begin(&mut self, entry: &Entry, executable: bool) -> Result<(), UnpackError>;
    /// Takes the next bytes of the file begun last.
    fn write(&mut self, bytes: &[u8]) -> Result<(), UnpackError>;
    /// Makes a link.
    fn link(&mut self, entry: &Entry, target: &str) -> Result<(), UnpackError>;
}

/// Keeps nothing.
pub(super) struct Nowhere;

impl Sink for Nowhere {
    fn begin(&mut self, _: &Entry, _: bool) -> Result<(), UnpackError> {
        Ok(())
    }

    fn write(&mut self, _: &[u8]) -> Result<(), UnpackError> {
        Ok(())
    }

    fn link(&mut self, _: &Entry, _: &str) -> Result<(), UnpackError> {
        Ok(())
    }
}

/// What comes before the release's entries, verified.
pub(super) struct Head {
    pub(super) id: ArtifactId,
    pub(super) manifest: Manifest,
    pub(super) manifest_bytes: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) sbom: Vec<u8>,
    /// The id of the key that signed.
    pub(super) key: String,
}

impl Head {
    pub(super) fn verified(self) -> Verified {
        Verified {
            id: self.id,
            manifest: self.manifest,
            key: self.key,
        }
    }
}

/// Reads an artifact to its end. `start` sees the verified head and gives the sink for the entries, or
/// `None` to leave them unread.
pub(super) fn read<S: Sink>(
    path: &Path,
    trusted: &TrustedKeys,
    start: impl FnOnce(&Head) -> Result<Option<S>, UnpackError>,
) -> Result<(Head, Option<S>), UnpackError> {
    let source = Source { path };
    let (plain, budget) = source.open_whole()?;
    let mut archive = Archive::new(plain);
    let mut entries = archive.entries().map_err(source.broken())?;
    let head = source.head(&mut entries, trusted)?;
    budget.set(source.budget_of(&head));
    let Some(mut sink) = start(&head)? else {
        return Ok((head, None));
    };
    for expected in &head.manifest.entries {
        source.entry(entries.next(), expected, &mut sink)?;
    }
    if let Some(extra) = entries.next() {
        let extra = extra.map_err(source.broken())?;
        let name = String::from_utf8_lossy(&extra.path_bytes()).into_owned();
        return Err(source.contradiction(format!("{name:?} is not in the manifest, or twice")));
    }
    source.nothing_more(archive.into_inner())?;
    Ok((head, Some(sink)))
}

/// Reads the manifest at the start of a file, verifying nothing.
pub(super) fn manifest_only(path: &Path) -> Result<Manifest, UnpackError> {
    let source = Source { path };
    let file = File::open(path).map_err(FileError::at("open", path))?;
    let size = file.metadata().map_err(FileError::at("read", path))?.len();
    let (plain, _) = source.decode(file, size)?;
    let mut archive = Archive::new(plain);
    let first = archive.entries().map_err(source.broken())?.next();
    let bytes = match source.named(first, archive::MANIFEST, MANIFEST_BYTES_MAX) {
        Ok(Named::Bytes(bytes)) => bytes,
        _ => return Err(source.not_artifact()),
    };
    source.parse(&bytes)
}

type Plain = Budget<zstd::Decoder<'static, BufReader<io::Take<File>>>>;
type NextEntry<'a> = Option<io::Result<tar::Entry<'a, Plain>>>;

enum Named {
    Bytes(Vec<u8>),
    /// Another entry, or none, is there.
    Absent,
}

struct Source<'a> {
    path: &'a Path,
}

impl Source<'_> {
    fn path(&self) -> PathBuf {
        self.path.to_owned()
    }

    fn not_artifact(&self) -> UnpackError {
        UnpackError::NotArtifact { path: self.path() }
    }

    fn contradiction(&self, reason: impl Into<String>) -> UnpackError {
        UnpackError::Contradiction {
            path: self.path(),
            reason: reason.into(),
        }
    }

    /// The file is whole, so what cannot be decoded was packed so.
    fn broken(&self) -> impl Fn(io::Error) -> UnpackError {
        |e| self.contradiction(format!("it cannot be decoded ({e})"))
    }

    fn open_whole(&self) -> Result<(Plain, Rc<Cell<u64>>), UnpackError> {
        let mut file = File::open(self.path).map_err(FileError::at("open", self.path))?;
        let reading = |e| FileError::at("read", self.path)(e);
        let content = match archive::integrity(&mut file).map_err(reading)? {
            Integrity::Whole(content) => content,
            Integrity::NotArtifact => return Err(self.not_artifact()),
            Integrity::CutShort => return Err(UnpackError::CutShort { path: self.path() }),
            Integrity::Altered => return Err(UnpackError::Altered { path: self.path() }),
        };
        file.rewind().map_err(FileError::at("read", self.path))?;
        self.decode(file, content)
    }

    fn decode(&self, file: File, content: u64) -> Result<(Plain, Rc<Cell<u64>>), UnpackError> {
        let mut decoder = zstd::Decoder::new(file.take(content)).map_err(self.broken())?;
        decoder
            .window_log_max(archive::WINDOW_LOG_MAX)
            .map_err(self.broken())?;
        let head_max = MANIFEST_BYTES_MAX + archive::SBOM_BYTES_MAX;
        let left = Rc::new(Cell::new(head_max + (1 << 20)));
        let plain = Budget {
            inner: decoder,
            left: Rc::clone(&left),
        };
        Ok((plain, left))
    }

    fn parse(&self, bytes: &[u8]) -> Result<Manifest, UnpackError> {
        Manifest::parse(bytes).map_err(|source| UnpackError::Manifest {
            path: self.path(),
            source,
        })
    }

    fn head<'a>(
        &self,
        entries: &mut impl Iterator<Item = io::Result<tar::Entry<'a, Plain>>>,
        trusted: &TrustedKeys,
    ) -> Result<Head, UnpackError> {
        let rejected = |source| UnpackError::Signature {
            path: self.path(),
            source,
        };
        let manifest = self.named(entries.next(), archive::MANIFEST, MANIFEST_BYTES_MAX)?;
        let Named::Bytes(manifest_bytes) = manifest else {
            return Err(self.contradiction("it does not start with a manifest"));
        };
        let signature = self.named(entries.next(), archive::SIGNATURE, SIGNATURE_BYTES_MAX)?;
        let Named::Bytes(signature) = signature else {
            return Err(rejected(SignatureError::Unsigned));
        };
        let key = trusted
            .verify(&manifest_bytes, &signature)
            .map_err(rejected)?;
        let manifest = self.parse(&manifest_bytes)?;
        let sbom = match self.named(entries.next(), archive::SBOM, archive::SBOM_BYTES_MAX)? {
            Named::Bytes(sbom) if Content::of(&sbom) == manifest.sbom => sbom,
            _ => return Err(self.contradiction("its SBOM is missing or another one")),
        };
        Ok(Head {
            id: ArtifactId::of_manifest_bytes(&manifest_bytes),
            manifest,
            manifest_bytes,
            signature,
            sbom,
            key,
        })
    }

    /// Reads the next entry whole if it is the file of that name.
    fn named(&self, entry: NextEntry<'_>, name: &str, max: u64) -> Result<Named, UnpackError> {
        let Some(entry) = entry else {
            return Ok(Named::Absent);
        };
        let entry = entry.map_err(self.broken())?;
        let is_file = entry.header().entry_type() == EntryType::Regular;
        if !is_file || *entry.path_bytes() != *name.as_bytes() {
            return Ok(Named::Absent);
        }
        if entry.size() > max {
            return Err(self.contradiction(format!("{name} is larger than {max} bytes")));
        }
        let size = entry.size();
        let mut bytes = Vec::new();
        entry
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(self.broken())?;
        if bytes.len() as u64 != size {
            return Err(self.contradiction(format!("{name} ends early")));
        }
        Ok(Named::Bytes(bytes))
    }

    /// The head has been read by now; what may follow are the entries, each with its tar headers (a
    /// long path and a long link target take extra blocks), and the end.
    fn budget_of(&self, head: &Head) -> u64 {
        let entries = head.manifest.entries.iter();
        let overhead: u64 = entries
            .map(|e| 8 * 512 + 2 * e.path.as_str().len() as u64)
            .sum();
        let links: u64 = head.manifest.entries.iter().map(link_bytes).sum();
        head.manifest.content_bytes() + overhead + links + (1 << 20)
    }

    fn entry(
        &self,
        found: NextEntry<'_>,
        expected: &Entry,
        sink: &mut impl Sink,
    ) -> Result<(), UnpackError> {
        let path = &expected.path;
        let Some(found) = found else {
            return Err(self.contradiction(format!("{path} is missing")));
        };
        let mut found = found.map_err(self.broken())?;
        let name = format!("{}/{path}", archive::RELEASE);
        if *found.path_bytes() != *name.as_bytes() {
            let other = String::from_utf8_lossy(&found.path_bytes()).into_owned();
            return Err(self.contradiction(format!("{other:?} is where {name} should be")));
        }
        let kind = found.header().entry_type();
        match &expected.kind {
            EntryKind::Symlink { target } => {
                let same = kind == EntryType::Symlink
                    && found.link_name_bytes().as_deref() == Some(target.as_bytes());
                if !same {
                    return Err(self.contradiction(format!("{path} is not a link to {target}")));
                }
                sink.link(expected, target)
            }
            EntryKind::File {
                executable,
                content,
            } => {
                if kind != EntryType::Regular || found.size() != content.size {
                    let size = content.size;
                    return Err(self.contradiction(format!("{path} is not a file of {size} bytes")));
                }
                sink.begin(expected, *executable)?;
                if self.copy(&mut found, sink)? != *content {
                    return Err(self.contradiction(format!("{path} has another digest")));
                }
                Ok(())
            }
        }
    }

    fn copy(&self, from: &mut impl Read, sink: &mut impl Sink) -> Result<Content, UnpackError> {
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 128 << 10];
        loop {
            let read = from.read(&mut buffer).map_err(self.broken())?;
            if read == 0 {
                return Ok(Content {
                    size: hasher.count(),
                    blake3: hasher.finalize(),
                });
            }
            hasher.update(&buffer[..read]);
            sink.write(&buffer[..read])?;
        }
    }

    /// After the end of the tar only zeros may come.
    fn nothing_more(&self, mut plain: Plain) -> Result<(), UnpackError> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let read = plain.read(&mut buffer).map_err(self.broken())?;
            if read == 0 {
                return Ok(());
            }
            if buffer[..read].iter().any(|&b| b != 0) {
                return Err(self.contradiction("something follows its end"));
            }
        }
    }
}

fn link_bytes(entry: &Entry) -> u64 {
    match &entry.kind {
        EntryKind::Symlink { target } => target.len() as u64,
        EntryKind::File { .. } => 0,
    }
}

/// Ends with an error rather than unpack more than was announced.
struct Budget<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other("it unpacks to more than it announces")),
        }
        Ok(read)
    }
}
