//! kill -9 in the middle of appends: what was acknowledged is there, and nothing else is.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use ledger::Ledger;
use ledger::wire::v1::{Call, Reply};

use crate::rig::{SERVICE, entry, me, plan, under_way};

const LEDGER: &str = "CUTOVER_TEST_LEDGER";
const ROLLOUT: &str = "shop.production.1";
const ACKNOWLEDGED: &str = "acknowledged ";

#[test]
fn nothing_acknowledged_is_lost_however_often_the_writer_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let mut written = 0;
    for round in 1..=12 {
        let acknowledged = append_then_kill(&path, round * 7 % 23 + 1);
        let mut ledger = Ledger::open(&path).unwrap();
        let found = entries(&mut ledger);
        assert!(
            found >= acknowledged && acknowledged > written,
            "{found} entries after {acknowledged} were acknowledged"
        );
        written = found;
    }
}

/// Lets a process append, kills it after so many acknowledgements, and returns the last one.
fn append_then_kill(path: &Path, count: usize) -> u64 {
    let mut child = sys::process::command(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "crash::appends_until_it_is_killed",
        ])
        .env(LEDGER, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = lines.filter_map(|line| {
        let line = line.ok()?;
        let (_, seq) = line.split_once(ACKNOWLEDGED)?;
        seq.parse::<u64>().ok()
    });
    let last = acknowledged.nth(count - 1);
    child.kill().unwrap();
    // What it said before it died counts too.
    let last = acknowledged.last().or(last);
    child.wait().unwrap();
    last.expect("an acknowledgement")
}

/// Counts the entries, which have no gap and are what was written.
fn entries(ledger: &mut Ledger) -> u64 {
    let reply = ledger.handle(Call::Verify, 1);
    assert!(
        matches!(reply, Reply::Verified { broken: None, .. }),
        "{reply:?}"
    );
    let rollout = ROLLOUT.into();
    let Reply::Rollout {
        rollout: Some(record),
    } = ledger.handle(
        Call::Rollout {
            rollout,
            after: None,
        },
        1,
    )
    else {
        panic!()
    };
    assert_eq!(record.broken, None);
    let mut seqs = 1..;
    assert!(
        record
            .entries
            .iter()
            .all(|found| *found == entry(seqs.next().unwrap()))
    );
    record.entries.len() as u64
}

#[test]
#[ignore = "is run, and killed, by the test above"]
fn appends_until_it_is_killed() {
    let path = std::env::var_os(LEDGER).unwrap();
    let mut ledger = Ledger::open(Path::new(&path)).unwrap();
    let now_ms = sys::clock::now_ms();
    let reply = ledger.handle(
        Call::Acquire {
            service: SERVICE.into(),
            holder: me(),
            ttl_ms: 1_000_000,
            above: 0,
        },
        now_ms,
    );
    let Reply::Acquired { lease, .. } = reply else {
        panic!("{reply:?}")
    };
    let begun = Call::Rollout {
        rollout: ROLLOUT.into(),
        after: None,
    };
    let mut seq = match ledger.handle(begun, now_ms) {
        Reply::Rollout {
            rollout: Some(record),
        } => record.entries.len() as u64,
        _ => {
            ledger.handle(
                Call::Begin {
                    service: SERVICE.into(),
                    token: lease.token,
                    plan: plan(),
                    settings: serde_json::json!({}),
                    by: "ada@lead".into(),
                    despite_freeze: None,
                },
                now_ms,
            );
            0
        }
    };
    let mut out = std::io::stdout().lock();
    // Bounded, should nobody kill it.
    for _ in 0..100_000 {
        seq += 1;
        let reply = ledger.handle(
            Call::Append {
                service: SERVICE.into(),
                token: lease.token,
                rollout: ROLLOUT.into(),
                entries: vec![entry(seq)],
                effect: under_way(),
                taken: Vec::new(),
            },
            now_ms,
        );
        assert_eq!(reply, Reply::Done);
        writeln!(out, "\n{ACKNOWLEDGED}{seq}").unwrap();
        out.flush().unwrap();
    }
}
