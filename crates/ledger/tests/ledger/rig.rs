//! A ledger in a directory of its own, and the values that tests fill it with.

use ledger::Ledger;
use ledger::wire::v1::{Call, Document, Entry, Holder, Lease, Outcome, Refusal, Reply};
use rollout::journal::v1::{self, Event, Phase, Plan};
use sys::process::ProcessId;

pub(crate) const SERVICE: &str = "shop.production";

pub(crate) struct Rig {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) now_ms: u64,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&dir.path().join("ledger.db")).unwrap();
        Self {
            dir,
            ledger,
            now_ms: 1_000_000,
        }
    }

    pub(crate) fn call(&mut self, call: Call) -> Reply {
        self.ledger.handle(call, self.now_ms)
    }

    pub(crate) fn acquire(&mut self, holder: &Holder) -> Reply {
        self.call(Call::Acquire {
            service: SERVICE.into(),
            holder: holder.clone(),
            ttl_ms: 30_000,
            above: 0,
        })
    }

    pub(crate) fn acquired(&mut self, holder: &Holder) -> Lease {
        match self.acquire(holder) {
            Reply::Acquired { lease, .. } => lease,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn begin(&mut self, token: u64) -> Reply {
        self.call(Call::Begin {
            service: SERVICE.into(),
            token,
            plan: plan(),
            settings: serde_json::json!({"listen": "127.0.0.1:0"}),
            by: "ada@lead".into(),
            despite_freeze: None,
        })
    }

    pub(crate) fn append(
        &mut self,
        token: u64,
        rollout: &str,
        entries: Vec<Entry>,
        effect: Outcome,
    ) -> Reply {
        self.call(Call::Append {
            service: SERVICE.into(),
            token,
            rollout: rollout.into(),
            entries,
            effect,
            taken: Vec::new(),
        })
    }
}

pub(crate) fn me() -> Holder {
    holder(ProcessId::current().unwrap(), "cutover deploy")
}

pub(crate) fn holder(process: ProcessId, command: &str) -> Holder {
    Holder {
        user: "ada".into(),
        host: "lead".into(),
        process,
        command: command.into(),
    }
}

/// A holder on another machine: of its life nothing is known.
pub(crate) fn elsewhere() -> Holder {
    let process = ProcessId {
        pid: 1,
        started_ticks: 1,
        boot: "another".into(),
    };
    Holder {
        host: "other".into(),
        ..holder(process, "cutover rollback")
    }
}

pub(crate) fn entry(seq: u64) -> Entry {
    let entry = v1::Entry {
        seq,
        at_ms: seq * 10,
        event: Event::Wake,
        intents: vec![format!("wake at {seq} ms")],
    };
    Entry::write(1, &entry).unwrap()
}

pub(crate) fn under_way() -> Outcome {
    Outcome {
        phase: Phase::Progressing,
        finished: false,
        cause: None,
        current: None,
        marks: Vec::new(),
        receipt: None,
        behind: Vec::new(),
    }
}

pub(crate) fn refusal(reply: Reply) -> Refusal {
    match reply {
        Reply::Refused { kind, .. } => kind,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn plan() -> Document {
    let json = serde_json::json!({
        "service": SERVICE, "purpose": "deploy", "strategy": "blue_green",
        "candidate": {"artifact": "b".repeat(64), "vsn": "2"},
        "stable": {"artifact": "a".repeat(64), "vsn": "1"},
        "hosts": [], "timing": {
            "min_healthy_time_ms": 1, "healthy_deadline_ms": 2, "progress_deadline_ms": 3, "watch_ms": 4,
            "drain_timeout_ms": 5, "after_ms": 6, "rollback_window_ms": 7, "orphan_timeout_ms": 8,
            "probe_every_ms": 9
        },
        "tolerance": {"restarts_max": 1, "unhealthy_max": 2, "errors_min": 3, "errors_over_stable_permille": 4},
        "moving": {"sockets_per_second": 200, "close_code": 1012},
        "release_command": null, "sockets_open": 0, "warnings": []
    });
    let plan: Plan = serde_json::from_value(json).unwrap();
    Document::write(1, &plan).unwrap()
}
