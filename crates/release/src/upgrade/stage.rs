//! Writing a release beside the one that is there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use relup::Direction;
use rustix::fs::{FlockOperation, flock};
use sys::file::FileError;
use tempfile::TempDir;
use walkdir::WalkDir;

use super::layout::{is_versioned, join, split};
use super::manifest::{Which, digest};
use super::steps::{BIN, Staged, Step};
use super::{Package, UpgradeError, base, delta};
use crate::manifest::{Content, Entry, EntryKind};

const STAGING_PREFIX: &str = ".cutover-upgrade-";
/// Where a file of the target comes from.
#[derive(Debug, Clone)]
enum Origin {
    /// The base, under this path.
    Base(String),
    /// The package.
    Package,
}

/// Verifies the base and stages the other release beside it.
///
/// # Errors
/// As [`UpgradeError`] says; nothing is left.
pub fn stage(package: &Package, root: &Path, direction: Direction) -> Result<Staged, UpgradeError> {
    let from = match direction {
        Direction::Up => Which::A,
        Direction::Down => Which::B,
    };
    let lock = lock(root)?;
    remove_leftovers(root)?;
    let shared = base::verify(&package.manifest, from, root)?;
    let target = target(package, from, &shared)?;
    let staging = tempfile::Builder::new()
        .prefix(STAGING_PREFIX)
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(root)
        .map_err(FileError::at("create a directory in", root))?;
    let mut staging = Staging {
        package,
        root,
        from,
        dir: staging,
        wanted: BTreeMap::new(),
        steps: Vec::new(),
        written: (0, 0),
    };
    staging.choose(&target)?;
    staging.fill()?;
    staging.relup()?;
    File::open(root)
        .and_then(|dir| Ok(rustix::fs::syncfs(dir)?))
        .map_err(FileError::at("sync", root))?;
    Ok(Staged {
        root: root.to_owned(),
        staging: staging.dir,
        steps: staging.steps.into(),
        written: staging.written,
        _lock: lock,
    })
}

fn lock(root: &Path) -> Result<File, UpgradeError> {
    let dir = File::open(root).map_err(FileError::at("open", root))?;
    match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(dir),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(UpgradeError::Busy {
            root: root.to_owned(),
        }),
        Err(e) => Err(FileError::at("lock", root)(e.into()).into()),
    }
}

/// What a run that was killed left.
fn remove_leftovers(root: &Path) -> Result<(), UpgradeError> {
    for entry in fs::read_dir(root).map_err(FileError::at("list", root))? {
        let entry = entry.map_err(FileError::at("list", root))?;
        let is_ours = |name: &str| name.starts_with(STAGING_PREFIX);
        if entry.file_name().to_str().is_some_and(is_ours) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(FileError::at("remove", path))?;
        }
    }
    Ok(())
}

type Target = BTreeMap<String, (EntryKind, Origin)>;

/// Every file of the release that is meant, proven to be that release.
fn target(
    package: &Package,
    from: Which,
    shared: &HashMap<String, EntryKind>,
) -> Result<Target, UpgradeError> {
    let to = from.other();
    let mut target = Target::new();
    for (path, other, _) in package.manifest.shared_of(to) {
        if let Some(kind) = shared.get(&other) {
            target.insert(path, (kind.clone(), Origin::Base(other)));
        }
    }
    for entry in package.manifest.groups.iter().flat_map(|g| g.side(to)) {
        let path = entry.path.as_str().to_owned();
        target.insert(path, (entry.kind.clone(), Origin::Package));
    }
    let entries = target
        .iter()
        .map(|(path, (kind, _))| (path.as_str(), kind.digest()));
    if digest(entries) != package.manifest.side(to).digest {
        return Err(contradiction(
            package,
            "its files do not make the release it names",
        ));
    }
    Ok(target)
}

fn contradiction(package: &Package, reason: impl Into<String>) -> UpgradeError {
    UpgradeError::Contradiction {
        path: package.path.clone(),
        reason: reason.into(),
    }
}

struct Staging<'a> {
    package: &'a Package,
    root: &'a Path,
    from: Which,
    dir: TempDir,
    /// What is to be written, by path.
    wanted: BTreeMap<String, (EntryKind, Origin)>,
    steps: Vec<Step>,
    written: (usize, u64),
}

impl Staging<'_> {
    /// Finds out what of the target is not there yet.
    fn choose(&mut self, target: &Target) -> Result<(), UpgradeError> {
        let mut directories: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        for path in target.keys() {
            directories.entry(split(path).0).or_default().push(path);
        }
        let mut in_place = Vec::new();
        let base: BTreeSet<String> = self
            .base_paths()
            .map(|path| split(&path).0.to_owned())
            .collect();
        // Libraries before what names them.
        let rank = |directory: &str| directory.starts_with("releases/");
        let (releases, others): (Vec<_>, Vec<_>) =
            directories.into_iter().partition(|(dir, _)| rank(dir));
        for (directory, paths) in others.into_iter().chain(releases) {
            if !is_versioned(directory) {
                in_place.extend(paths);
            } else if !base.contains(directory) && !self.is_there(directory, &paths, target)? {
                for path in paths {
                    self.want(path, target);
                }
                self.steps.push(Step::Directory(directory.to_owned()));
            }
        }
        self.replace(&in_place, target)
    }

    fn want(&mut self, path: &str, target: &Target) {
        if let Some(found) = target.get(path) {
            self.wanted.insert(path.to_owned(), found.clone());
        }
    }

    fn base_paths(&self) -> impl Iterator<Item = String> {
        let manifest = &self.package.manifest;
        let shared = manifest.shared_of(self.from).map(|(path, _, _)| path);
        let groups = manifest.groups.iter();
        let own = groups.flat_map(|group| group.side(self.from));
        shared.chain(own.map(|entry| entry.path.as_str().to_owned()))
    }

    /// Whether a directory came by an earlier run.
    fn is_there(
        &self,
        directory: &str,
        paths: &[&String],
        target: &Target,
    ) -> Result<bool, UpgradeError> {
        if !self.root.join(directory).exists() {
            return Ok(false);
        }
        let manifest = &self.package.manifest;
        let occupied = |path: &str| UpgradeError::Occupied {
            root: self.root.to_owned(),
            path: path.to_owned(),
            directory: directory.to_owned(),
            target: format!(
                "{} {}",
                manifest.release,
                manifest.side(self.from.other()).vsn
            ),
        };
        for path in paths {
            let expected = target.get(*path).map(|(kind, _)| kind);
            if base::kind_at(self.root, path)?.as_ref() != expected {
                return Err(occupied(path));
            }
        }
        let known = |path: &str| target.contains_key(path);
        match base::extra(self.root, paths.iter().copied(), known)? {
            Some(extra) => Err(occupied(&extra)),
            None => Ok(true),
        }
    }

    /// Files in directories that carry no version: launchers all at once and last, others one by one.
    fn replace(&mut self, paths: &[&String], target: &Target) -> Result<(), UpgradeError> {
        let mut launchers = false;
        let mut removed = Vec::new();
        for path in paths {
            let expected = target.get(*path).map(|(kind, _)| kind);
            if base::kind_at(self.root, path)?.as_ref() != expected {
                if split(path).0 == BIN {
                    launchers = true;
                } else {
                    self.want(path, target);
                    self.steps.push(Step::File((*path).clone()));
                }
            }
        }
        for path in self
            .base_paths()
            .filter(|path| !is_versioned(split(path).0))
        {
            if !target.contains_key(&path) && fs::symlink_metadata(self.root.join(&path)).is_ok() {
                match split(&path).0 {
                    BIN => launchers = true,
                    _ => removed.push(Step::Remove(path)),
                }
            }
        }
        if launchers {
            for path in paths.iter().filter(|path| split(path).0 == BIN) {
                self.want(path, target);
            }
            self.steps.push(Step::Launchers);
        }
        self.steps.extend(removed);
        Ok(())
    }

    /// Writes all that is wanted.
    fn fill(&mut self) -> Result<(), UpgradeError> {
        let wanted = std::mem::take(&mut self.wanted);
        for (path, (kind, origin)) in &wanted {
            match (kind, origin) {
                (EntryKind::Symlink { target }, _) => {
                    let full = self.place(path)?;
                    symlink(target, &full).map_err(FileError::at("link", full))?;
                }
                (
                    EntryKind::File {
                        content,
                        executable,
                    },
                    Origin::Base(from),
                ) => {
                    let from = self.root.join(from);
                    let mut file = File::open(&from).map_err(FileError::at("open", from))?;
                    self.write(path, *executable, *content, &mut file)?;
                }
                (EntryKind::File { .. }, Origin::Package) => {}
            }
        }
        if wanted.keys().any(|path| split(path).0 == BIN) {
            self.keep_own_launchers(&wanted)?;
        }
        let package = self.package;
        let to = self.from.other();
        package.blobs(to, &mut |number, blob| {
            let group = &package.manifest.groups[number];
            let entries = group.side(to);
            if !entries
                .iter()
                .any(|entry| wanted.contains_key(entry.path.as_str()))
            {
                return Ok(());
            }
            let prefix = match group.delta {
                true => delta::contents(self.root, group.side(self.from))?,
                false => Vec::new(),
            };
            let blob = BufReader::new(blob);
            let failed = |e: std::io::Error| contradiction(package, e.to_string());
            let mut plain = delta::decode(blob, &prefix).map_err(failed)?;
            for entry in entries {
                self.unpack(entry, &mut plain, wanted.contains_key(entry.path.as_str()))?;
            }
            match plain.read(&mut [0]).map_err(failed)? {
                0 => Ok(()),
                _ => Err(contradiction(
                    package,
                    "something follows the last file of a group",
                )),
            }
        })
    }

    fn unpack(
        &mut self,
        entry: &Entry,
        plain: &mut impl Read,
        wanted: bool,
    ) -> Result<(), UpgradeError> {
        let EntryKind::File {
            executable,
            content,
        } = entry.kind
        else {
            return Ok(());
        };
        let mut file = plain.take(content.size);
        if wanted {
            return self.write(entry.path.as_str(), executable, content, &mut file);
        }
        let skipped = std::io::copy(&mut file, &mut std::io::sink());
        skipped.map_err(|e| contradiction(self.package, e.to_string()))?;
        Ok(())
    }

    /// Launchers that somebody else put there stay.
    fn keep_own_launchers(
        &self,
        wanted: &BTreeMap<String, (EntryKind, Origin)>,
    ) -> Result<(), UpgradeError> {
        let base: BTreeSet<String> = self.base_paths().collect();
        let bin = self.root.join(BIN);
        if !bin.exists() {
            return Ok(());
        }
        for entry in WalkDir::new(&bin).min_depth(1) {
            let entry = entry.map_err(|e| FileError::at("list", &bin)(e.into()))?;
            let Ok(relative) = entry.path().strip_prefix(self.root) else {
                continue;
            };
            let path = relative.to_string_lossy().into_owned();
            if entry.file_type().is_dir() || wanted.contains_key(&path) || base.contains(&path) {
                continue;
            }
            let to = self.dir.path().join(relative);
            let parent = to.parent().unwrap_or(self.dir.path());
            fs::create_dir_all(parent).map_err(FileError::at("create", parent))?;
            fs::hard_link(entry.path(), &to).map_err(FileError::at("link", to))?;
        }
        Ok(())
    }

    /// The path of a file to be staged, its directory made.
    fn place(&self, path: &str) -> Result<PathBuf, UpgradeError> {
        let full = self.dir.path().join(path);
        let parent = full.parent().unwrap_or(self.dir.path());
        fs::create_dir_all(parent).map_err(FileError::at("create", parent))?;
        Ok(full)
    }

    fn write(
        &mut self,
        path: &str,
        executable: bool,
        content: Content,
        from: &mut impl Read,
    ) -> Result<(), UpgradeError> {
        let full = self.place(path)?;
        let mode = if executable { 0o755 } else { 0o644 };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&full)
            .and_then(|file| {
                file.set_permissions(Permissions::from_mode(mode))
                    .map(|()| file)
            })
            .map_err(FileError::at("create", &full))?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; (content.size.min(128 << 10) as usize).max(1)];
        loop {
            let read = from.read(&mut buffer);
            let read = read.map_err(|e| contradiction(self.package, format!("{path}: {e}")))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read])
                .map_err(FileError::at("write", &full))?;
        }
        let found = Content {
            size: hasher.count(),
            blake3: hasher.finalize(),
        };
        if found != content {
            return Err(contradiction(
                self.package,
                format!("{path} has another digest"),
            ));
        }
        self.written.0 += 1;
        self.written.1 += content.size;
        Ok(())
    }

    /// The `relup` lies with the newer release, which needs it for both directions.
    fn relup(&mut self) -> Result<(), UpgradeError> {
        let own = format!("releases/{}", self.package.manifest.b.vsn);
        let path = join(&own, "relup");
        let content = self.package.manifest.relup;
        let expected = EntryKind::File {
            executable: false,
            content,
        };
        let is_new = self.steps.contains(&Step::Directory(own));
        if !is_new && base::kind_at(self.root, &path)? == Some(expected) {
            return Ok(());
        }
        let relup = self.package.relup.clone();
        self.write(&path, false, content, &mut relup.as_slice())?;
        if !is_new {
            // Before launchers, which come last.
            let at = self.steps.iter().position(|step| *step == Step::Launchers);
            let at = at.unwrap_or(self.steps.len());
            self.steps.insert(at, Step::File(path));
        }
        Ok(())
    }
}
