//! A rollout to draw in tests.

use coordinator::{
    HealthView, HostView, InstanceView, Side, Snapshot, Totals, TrafficView, VersionName,
    WaitingView,
};
use rollout::{BoxKind, Diagram, DiagramBox, DiagramState as State, Part, PartKind};

/// The clock of the examples.
pub(crate) const NOW_MS: u64 = 1_700_000_432_000;

/// A canary on so many hosts that waits for a promotion; one host of many does not answer.
pub(crate) fn canary(hosts: usize) -> Snapshot {
    let places: Vec<u32> = (0u32..).take(hosts).collect();
    let step = |name: &str, kind, does: &str, gate: &str, state| DiagramBox {
        name: name.into(),
        kind,
        does: does.into(),
        gate: gate.into(),
        hosts: places.clone(),
        expected_ms: 5_000,
        state,
        times: 0,
        notes: Vec::new(),
    };
    let done = |took_ms| State::Done { took_ms };
    let since_ms = NOW_MS - 300_000;
    let mut analysis = step(
        "analysis",
        BoxKind::Judgement,
        "judge errors beside stable's for 1 min",
        "successful",
        done(60_000),
    );
    analysis.notes = vec!["errors: successful, 12 of 41,200 against 11 of 40,900".into()];
    let reversible = vec![
        step(
            "pre-deploy-backup",
            BoxKind::Hook,
            "run `bin/backup --quick` on web-1",
            "done",
            done(2_300),
        ),
        step(
            "start",
            BoxKind::Step,
            "start bbbbbbbbbbbb on all hosts",
            "healthy for 5 s",
            done(7_500),
        ),
        step(
            "weight-5",
            BoxKind::Step,
            "route 5 % to bbbbbbbbbbbb on all hosts",
            "acknowledged",
            done(0),
        ),
        analysis,
        step(
            "weight-25",
            BoxKind::Step,
            "route 25 % to bbbbbbbbbbbb on all hosts",
            "acknowledged",
            done(120),
        ),
        step(
            "pause",
            BoxKind::Wait,
            "wait until promoted",
            "promoted within 24 h",
            State::Waiting { since_ms },
        ),
        step(
            "weight-100",
            BoxKind::Step,
            "route 100 % to bbbbbbbbbbbb on all hosts",
            "acknowledged",
            State::Pending,
        ),
        step(
            "watch",
            BoxKind::Step,
            "watch health and answers for 10 s",
            "no crash",
            State::Pending,
        ),
        step(
            "commit",
            BoxKind::Decision,
            "have every proxy prepare, then commit",
            "point of no return",
            State::Pending,
        ),
    ];
    let committed = vec![
        step(
            "drain",
            BoxKind::Step,
            "let aaaaaaaaaaaa finish",
            "empty, or cut after 1 min",
            State::Pending,
        ),
        step(
            "keep",
            BoxKind::Step,
            "keep aaaaaaaaaaaa running for 10 min",
            "stopped",
            State::Pending,
        ),
    ];
    let diagram = Diagram {
        title: "shop.production: 0.1.0 → 0.2.0, canary 5, 25, 100 % on all hosts".into(),
        parts: vec![
            Part {
                kind: PartKind::Reversible,
                batch: None,
                title: "until the commit, 0.1.0 can come back at once".into(),
                boxes: reversible,
            },
            Part {
                kind: PartKind::Committed,
                batch: None,
                title: "committed: only forward".into(),
                boxes: committed,
            },
        ],
        before: "0.1.0 serves".into(),
        ends: ("0.2.0 serves".into(), "0.1.0 serves".into()),
        end: None,
        why: Some("waits for a promotion".into()),
    };
    let hosts: Vec<HostView> = (1..=hosts).map(host).collect();
    Snapshot {
        rollout: "shop.production.7".into(),
        service: "shop.production".into(),
        at_ms: NOW_MS,
        phase: "paused",
        finished: false,
        reversible: true,
        decided: false,
        purpose: "deploy",
        strategy: "canary",
        stable: Some(version("0.1.0", 'a')),
        candidate: version("0.2.0", 'b'),
        driver: Some("ana@desk".into()),
        began_ms: Some(NOW_MS - 432_000),
        steps: Vec::new(),
        way_back: Vec::new(),
        current: Some(5),
        deadline_ms: None,
        waiting: Some(WaitingView {
            what: "a promotion".into(),
            since_ms,
            until_ms: Some(NOW_MS + 86_100_000),
        }),
        cause: None,
        total: Totals {
            hosts: hosts.len(),
            stable: traffic(312.4, 0.0, 1_204),
            candidate: traffic(104.1, 0.4, 40),
            ..Totals::default()
        },
        hosts,
        left_out: Vec::new(),
        analyses: Vec::new(),
        verbs: Vec::new(),
        possible: vec!["promote", "promote --full", "pause", "abort"],
        mermaid: String::new(),
        diagram,
    }
}

fn version(vsn: &str, letter: char) -> VersionName {
    VersionName {
        artifact: letter.to_string().repeat(64),
        vsn: vsn.into(),
    }
}

fn traffic(requests_per_s: f64, bad_per_s: f64, sockets: u64) -> TrafficView {
    TrafficView {
        requests_per_s,
        bad_per_s,
        sockets,
        ..TrafficView::default()
    }
}

fn host(number: usize) -> HostView {
    let instance = |slot: u32, of, health, detail: &str| InstanceView {
        instance: format!("shop.production-{slot}"),
        of,
        health,
        detail: detail.into(),
        restarts: 0,
    };
    let (health, detail) = match number {
        2 => (HealthView::Unhealthy, "GET /health 503: no database"),
        _ => (HealthView::Healthy, "GET /health 200"),
    };
    HostView {
        host: format!("web-{number}"),
        weight: Some(25),
        aside: None,
        lost: (number == 99).then(|| "connection refused".into()),
        refused: None,
        pending: number == 3,
        is_final: false,
        instances: vec![
            instance(1, Side::Stable, HealthView::Healthy, "GET /health 200"),
            instance(2, Side::Candidate, health, detail),
        ],
        stable: traffic(62.5, 0.0, 240),
        candidate: traffic(20.8, 0.1, 8),
    }
}
