//! Journals as they were written by this version's first release stay readable, word for word.

use rollout::journal::v1;
use rollout::{Entry, Phase, Plan, replay};

const PLAN: &str = include_str!("fixtures/journal_v1_plan.json");
const ENTRIES: &str = include_str!("fixtures/journal_v1_entries.jsonl");

fn entries() -> Vec<Entry> {
    ENTRIES
        .lines()
        .map(|line| {
            serde_json::from_str::<v1::Entry>(line)
                .unwrap()
                .read()
                .unwrap()
        })
        .collect()
}

fn plan() -> Plan {
    serde_json::from_str::<v1::Plan>(PLAN)
        .unwrap()
        .try_into()
        .unwrap()
}

#[test]
fn a_journal_of_version_1_replays_to_its_end() {
    let state = replay(plan(), &entries()).unwrap();
    assert_eq!(state.phase(), Phase::Aborted);
    assert_eq!(state.cause().unwrap().to_string(), "aborted by ada@lead");
    let steps: Vec<_> = state.times().iter().map(|step| step.name).collect();
    assert_eq!(
        steps,
        [
            "clear", "start", "command", "start", "switch", "watch", "revert"
        ]
    );
}

#[test]
fn what_is_read_is_written_again_as_it_was() {
    let written = serde_json::to_value(v1::Plan::from(&plan())).unwrap();
    assert_eq!(
        written,
        serde_json::from_str::<serde_json::Value>(PLAN).unwrap()
    );
    for (seq, (line, entry)) in (1..).zip(ENTRIES.lines().zip(entries())) {
        let written = serde_json::to_value(v1::Entry::write(seq, &entry)).unwrap();
        assert_eq!(
            written,
            serde_json::from_str::<serde_json::Value>(line).unwrap()
        );
    }
}

#[test]
fn a_journal_that_calls_for_something_else_is_refused() {
    let mut entries = entries();
    entries[0].intents = vec!["#1 host0: reboot".into()];
    let error = replay(plan(), &entries).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("entry 1 of the journal called for [#1 host0: reboot]"),
        "{error}"
    );
}
