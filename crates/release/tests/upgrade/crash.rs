//! Killed between any two steps, the base is whole, and a second run completes.

use std::fs;
use std::path::Path;

use release::upgrade::{Package, Trust, apply, stage};
use relup::Direction;

use crate::world::{assert_bin, assert_holds, host, package, shop, things};

fn check(from: &'static str, to: &'static str, direction: Direction) {
    let package = Package::open(&package(), Trust::Anyone).unwrap();
    let probe = host(from);
    let steps = stage(&package, probe.path(), direction)
        .unwrap()
        .steps()
        .count();
    assert!(steps >= 4, "{steps}");
    for killed_after in 0..=steps {
        let host = host(from);
        let start_erl = fs::read(host.path().join("releases/start_erl.data")).unwrap();
        let mut staged = stage(&package, host.path(), direction).unwrap();
        for _ in 0..killed_after {
            assert!(staged.advance().unwrap());
        }
        // A process that is killed drops nothing, but its locks are gone.
        let leftovers = leftovers(host.path());
        let kept = tempfile::tempdir().unwrap();
        fs::rename(&leftovers[0], kept.path().join("staging")).unwrap();
        drop(staged);
        fs::rename(kept.path().join("staging"), &leftovers[0]).unwrap();

        assert_holds(host.path(), from);
        assert_eq!(
            fs::read(host.path().join("releases/start_erl.data")).unwrap(),
            start_erl
        );
        let bin = things(&host.path().join("bin"));
        let one_of_both = [from, to]
            .iter()
            .any(|vsn| bin == things(&shop(vsn).join("bin")));
        assert!(
            one_of_both,
            "bin is of one release after step {killed_after}"
        );

        apply(&package, host.path(), direction).unwrap();
        assert_holds(host.path(), to);
        assert_bin(host.path(), to);
        assert!(self::leftovers(host.path()).is_empty());
    }
}

fn leftovers(host: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(host)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let ours = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(".cutover-upgrade-")
    };
    entries.filter(ours).collect()
}

#[test]
fn the_way_up_may_be_cut_short_anywhere() {
    check("0.1.0", "0.2.0", Direction::Up);
}

#[test]
fn the_way_back_may_be_cut_short_anywhere() {
    check("0.2.0", "0.1.0", Direction::Down);
}
