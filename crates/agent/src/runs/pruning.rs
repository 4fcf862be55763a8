//! Which runs are forgotten: a hook that is asked again and again would fill the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use host::shim::Directory;
use sys::file::FileError;

/// So many runs are kept, by the time they began.
pub(super) const RUNS_KEPT: usize = 200;
/// The release commands of so many rollouts of a service are kept beside them: a rollout may stand for a day
/// while others begin many runs, and its release command must not run a second time.
const ROLLOUTS_KEPT: usize = 20;
/// What is being removed; no run has such a name. So what is left of a removal that was cut short is not
/// taken for a run.
const GONE: &str = ".gone";

/// Removes the oldest runs that have ended, but for those that are kept. No run may begin meanwhile.
///
/// # Errors
/// Where the directory cannot be listed, or something of a run stays.
pub(super) fn prune(runs: &Path, kept: usize) -> Result<(), FileError> {
    let gone = runs.join(GONE);
    host::root::remove(&gone)?;
    let mut known = list(runs)?;
    if known.len() <= kept {
        return Ok(());
    }
    known.sort();
    known.reverse();
    let names = known.iter().filter_map(|(_, path)| name(path));
    let commands = newest_commands(names);
    let old = known.iter().skip(kept).map(|(_, path)| path);
    for path in old.filter(|path| name(path).is_some_and(|name| !commands.contains(name))) {
        if !has_ended(&Directory::new(path))? {
            continue;
        }
        fs::rename(path, &gone).map_err(FileError::at("put aside", path))?;
        sys::file::sync_dir(runs)?;
        host::root::remove(&gone)?;
    }
    Ok(())
}

/// All runs, with the time that each was asked for.
fn list(runs: &Path) -> Result<Vec<(SystemTime, PathBuf)>, FileError> {
    let mut known = Vec::new();
    for entry in fs::read_dir(runs).map_err(FileError::at("list", runs))? {
        let path = entry.map_err(FileError::at("list", runs))?.path();
        // It is written once, as the run begins. Without it the run never began.
        let asked = fs::metadata(path.join("run-asked.json")).and_then(|it| it.modified());
        if let Ok(asked) = asked {
            known.push((asked, path));
        }
    }
    Ok(known)
}

fn name(run: &Path) -> Option<&str> {
    run.file_name().and_then(OsStr::to_str)
}

/// Says whether nothing of a run is under way.
pub(super) fn has_ended(dir: &Directory) -> Result<bool, FileError> {
    // A program outlives a shim that was killed.
    let held = dir.try_lock()?.is_none();
    Ok(!held && dir.left_running().is_none())
}

/// The release commands of the newest rollouts of each service.
fn newest_commands<'a>(runs: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut services: BTreeMap<&str, BTreeMap<u64, Vec<&str>>> = BTreeMap::new();
    for run in runs {
        if let Some((service, number)) = rollout_of(run) {
            let rollouts = services.entry(service).or_default();
            rollouts.entry(number).or_default().push(run);
        }
    }
    services
        .into_values()
        .flat_map(|rollouts| rollouts.into_values().rev().take(ROLLOUTS_KEPT))
        .flatten()
        .collect()
}

/// The service and the number of the rollout whose release command a run is.
fn rollout_of(run: &str) -> Option<(&str, u64)> {
    let (rollout, attempt) = run.rsplit_once("-command-")?;
    attempt.parse::<u32>().ok()?;
    let (service, number) = rollout.rsplit_once('.')?;
    Some((service, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::shim::Lock;
    use std::time::Duration;
    use sys::file::Access;

    struct Home(tempfile::TempDir);

    impl Home {
        /// A run that ended, begun so many seconds after a time.
        fn ended(&self, id: &str, at: u64) -> Directory {
            let dir = Directory::new(self.0.path().join(id));
            fs::create_dir(dir.path()).unwrap();
            let asked = dir.path().join("run-asked.json");
            sys::file::write_atomic(&asked, b"{}", Access::Private).unwrap();
            let file = fs::File::options().write(true).open(&asked).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
                .unwrap();
            dir
        }

        fn pruned(&self, kept: usize) -> Vec<String> {
            prune(self.0.path(), kept).unwrap();
            let entries = fs::read_dir(self.0.path()).unwrap();
            let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        }
    }

    fn home() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    #[test]
    fn the_oldest_go_and_none_that_runs() {
        let home = home();
        let running = home.ended("r-hook-1-0", 1);
        let _runs: Lock = running.try_lock().unwrap().unwrap();
        home.ended("r-hook-1-3", 4);
        home.ended("r-hook-1-1", 2);
        home.ended("r-hook-1-2", 3);
        assert_eq!(home.pruned(4).len(), 4);
        assert_eq!(home.pruned(2), ["r-hook-1-0", "r-hook-1-2", "r-hook-1-3"]);
    }

    #[test]
    fn release_commands_of_the_newest_rollouts_of_each_service_stay() {
        let home = home();
        for number in 1..=22 {
            home.ended(&format!("shop.test.{number}-command-1"), number);
        }
        home.ended("shop.test.22-command-2", 30);
        home.ended("blog.test.1-command-1", 0);
        home.ended("my-command-x.test.1-hook-4-1", 0);
        let left = home.pruned(1);
        assert_eq!(left.len(), 20 + 1 + 1, "{left:?}");
        for gone in [
            "shop.test.1-command-1",
            "shop.test.2-command-1",
            "my-command-x.test.1-hook-4-1",
        ] {
            assert!(!left.iter().any(|it| it == gone), "{left:?}");
        }
    }

    #[test]
    fn a_removal_that_was_cut_short_is_ended() {
        let home = home();
        home.ended(GONE, 9);
        home.ended("r.1", 1);
        assert_eq!(home.pruned(1), ["r.1"]);
    }
}
