//! A disk that is too small, for real: a tmpfs of 2 MiB in a mount namespace of the test's own.

use std::fs;

use ledger::Ledger;
use ledger::wire::v1::{Call, Refusal, Reply};

use crate::rig::{Rig, entry, under_way};

const DISK: &str = "CUTOVER_TEST_DISK";

/// Runs [`on_a_small_disk`] in a process that sees the small disk.
#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    if !may_mount() {
        #[expect(clippy::print_stderr, reason = "a test that could not run must say so")]
        {
            eprintln!("not tried: this machine does not let us mount, as some containers do");
        }
        return;
    }
    let disk = tempfile::tempdir().unwrap();
    let mount_then_test =
        "mount -t tmpfs -o size=2m none \"$CUTOVER_TEST_DISK\" && exec \"$0\" \"$@\"";
    let output = sys::process::command("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", mount_then_test])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "full_disk::on_a_small_disk"])
        .env(DISK, disk.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn may_mount() -> bool {
    let mount = [
        "--mount",
        "--map-root-user",
        "mount",
        "-t",
        "tmpfs",
        "none",
        "/mnt",
    ];
    let tried = sys::process::command("unshare").args(mount).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
#[ignore = "is run by the test above, where its disk is"]
fn on_a_small_disk() {
    let disk = std::path::PathBuf::from(std::env::var_os(DISK).unwrap());
    let path = disk.join("ledger.db");
    let mut rig = Rig::new();
    rig.ledger = Ledger::open(&path).unwrap();
    let (token, rollout) = rig.begun();
    let mut seq = 0;
    let (kind, message) = loop {
        let mut entry = entry(seq + 1);
        entry
            .body
            .insert("ballast".into(), "x".repeat(20_000).into());
        match rig.append(token, &rollout, vec![entry], under_way()) {
            Reply::Done => seq += 1,
            Reply::Refused { kind, message } => break (kind, message),
            other => panic!("{other:?}"),
        }
        assert!(seq < 1000, "the disk is not full yet");
    };
    assert_eq!(kind, Refusal::Busy, "{message}");
    assert!(message.contains("the disk is full"), "{message}");
    assert!(seq > 10, "{seq}");

    let count = |rig: &mut Rig| rig.record(&rollout).entries.len() as u64;
    assert_eq!(count(&mut rig), seq);
    assert_eq!(rig.verify().2, None);

    // Elsewhere there is room: all that was acknowledged is in the file and its log.
    let copy = tempfile::tempdir_in("/dev/shm").unwrap();
    for name in ["ledger.db", "ledger.db-wal"] {
        fs::copy(disk.join(name), copy.path().join(name)).unwrap();
    }
    rig.ledger = Ledger::open(&copy.path().join("ledger.db")).unwrap();
    assert_eq!(count(&mut rig), seq);
    let reply = rig.append(token, &rollout, vec![entry(seq + 1)], under_way());
    assert_eq!(reply, Reply::Done);
    let call = Call::Verify;
    assert!(matches!(
        rig.call(call),
        Reply::Verified { broken: None, .. }
    ));
}
