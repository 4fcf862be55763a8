//! A ledger in a directory of its own, and the values that tests fill it with.

use ledger::Ledger;
use ledger::wire::v1::{
    Broken, Call, Document, Entry, Holder, Lease, Outcome, Record, Refusal, Reply,
};
use rollout::journal::v2::{self, Event, Phase, Plan};
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

    /// Opens the file again, as the next process would.
    pub(crate) fn reopen(&mut self) {
        // The connection goes first, so that its log is in the file.
        self.ledger = Ledger::open(&self.dir.path().join("meanwhile.db")).unwrap();
        self.ledger = Ledger::open(&self.dir.path().join("ledger.db")).unwrap();
    }

    pub(crate) fn acquire(&mut self, holder: &Holder) -> Reply {
        self.acquire_of(SERVICE, holder)
    }

    pub(crate) fn acquire_of(&mut self, service: &str, holder: &Holder) -> Reply {
        self.call(Call::Acquire {
            service: service.into(),
            holder: holder.clone(),
            ttl_ms: 30_000,
            above: 0,
        })
    }

    pub(crate) fn acquired(&mut self, holder: &Holder) -> Lease {
        self.acquired_of(SERVICE, holder)
    }

    pub(crate) fn acquired_of(&mut self, service: &str, holder: &Holder) -> Lease {
        match self.acquire_of(service, holder) {
            Reply::Acquired { lease, .. } => lease,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn begin(&mut self, token: u64) -> Reply {
        self.begin_of(SERVICE, token, plan())
    }

    pub(crate) fn begin_of(&mut self, service: &str, token: u64, plan: Document) -> Reply {
        self.call(Call::Begin {
            service: service.into(),
            token,
            plan,
            settings: serde_json::json!({"listen": "127.0.0.1:0"}),
            by: "ada@lead".into(),
            despite_freeze: None,
        })
    }

    /// Takes the lease of a service and begins a rollout with this plan.
    pub(crate) fn begun_of(&mut self, service: &str, plan: Document) -> (u64, String) {
        let token = self.acquired_of(service, &me()).token;
        match self.begin_of(service, token, plan) {
            Reply::Begun { rollout } => (token, rollout),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn begun(&mut self) -> (u64, String) {
        self.begun_of(SERVICE, plan())
    }

    pub(crate) fn append(
        &mut self,
        token: u64,
        rollout: &str,
        entries: Vec<Entry>,
        effect: Outcome,
    ) -> Reply {
        let (service, _) = rollout.rsplit_once('.').unwrap();
        self.call(Call::Append {
            service: service.into(),
            token,
            rollout: rollout.into(),
            entries,
            effect,
            taken: Vec::new(),
        })
    }

    /// Ends a rollout with its next entry, and gives the lease back.
    pub(crate) fn end(&mut self, token: u64, rollout: &str, seq: u64, effect: Outcome) {
        let effect = Outcome {
            phase: Phase::Healthy,
            finished: true,
            ..effect
        };
        assert_eq!(
            self.append(token, rollout, vec![entry(seq)], effect),
            Reply::Done
        );
        let (service, _) = rollout.rsplit_once('.').unwrap();
        self.call(Call::Release {
            service: service.into(),
            token,
        });
    }

    pub(crate) fn record(&mut self, rollout: &str) -> Record {
        match self.call(Call::Rollout {
            rollout: rollout.into(),
            after: None,
        }) {
            Reply::Rollout {
                rollout: Some(record),
            } => *record,
            other => panic!("{other:?}"),
        }
    }

    /// Verifies everything: how many records there are, the head, and the damage.
    pub(crate) fn verify(&mut self) -> (u64, String, Option<Broken>) {
        match self.call(Call::Verify) {
            Reply::Verified {
                records,
                head,
                broken,
            } => (records, head, broken),
            other => panic!("{other:?}"),
        }
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
    let entry = v2::Entry {
        v: 2,
        seq,
        at_ms: seq * 10,
        event: Event::Wake,
        intents: vec![format!("wake at {seq} ms")],
    };
    Entry::write(2, &entry).unwrap()
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
        "v": 2, "service": SERVICE, "purpose": "deploy",
        "strategy": {"kind": "blue_green", "pre_promotion": null, "pause": null, "post_promotion": null},
        "auto": null,
        "candidate": {"artifact": "b".repeat(64), "vsn": "2"},
        "stable": {"artifact": "a".repeat(64), "vsn": "1"},
        "hosts": [], "left_out": [], "steps": [], "hooks": [], "analyses": [],
        "background": {"activate": null, "quiesce": null},
        "timing": {
            "min_healthy_time_ms": 1, "healthy_deadline_ms": 2, "progress_deadline_ms": 3, "watch_ms": 4,
            "drain_timeout_ms": 5, "after_ms": 6, "rollback_window_ms": 7, "orphan_timeout_ms": 8,
            "probe_every_ms": 9, "pause_max_ms": 10
        },
        "tolerance": {
            "restarts_max": 1, "unhealthy_max": 2, "errors_min": 3, "errors_over_stable_permille": 4,
            "failure_budget": {"hosts": 0}, "min_available": {"hosts": 1}
        },
        "moving": {"sockets_per_second": 200, "close_code": 1012},
        "release_command": null, "sockets_open": 0, "warnings": []
    });
    let plan: Plan = serde_json::from_value(json).unwrap();
    Document::write(2, &plan).unwrap()
}

/// A plan for these hosts.
pub(crate) fn plan_for(hosts: &[&str]) -> Document {
    let mut plan = plan();
    let hosts: Vec<_> = hosts
        .iter()
        .map(|host| serde_json::json!({ "host": host }))
        .collect();
    plan.body.insert("hosts".into(), hosts.into());
    plan
}
