//! Journals as they were written stay readable, word for word.

use rollout::journal::{v1, v2};
use rollout::{Entry, Event, Phase, Plan, Rollout, StepRef, replay};

const V1_PLAN: &str = include_str!("fixtures/journal_v1_plan.json");
const V1_ENTRIES: &str = include_str!("fixtures/journal_v1_entries.jsonl");
const V2_PLAN: &str = include_str!("fixtures/journal_v2_plan.json");
const V2_ENTRIES: &str = include_str!("fixtures/journal_v2_entries.jsonl");

fn v1_plan() -> Plan {
    let plan: v1::Plan = serde_json::from_str(V1_PLAN).unwrap();
    plan.try_into().unwrap()
}

fn v1_entries() -> Vec<Entry> {
    let read = |line| {
        serde_json::from_str::<v1::Entry>(line)
            .unwrap()
            .read()
            .unwrap()
    };
    V1_ENTRIES.lines().map(read).collect()
}

fn v2_plan() -> Plan {
    let plan: v2::Plan = serde_json::from_str(V2_PLAN).unwrap();
    plan.try_into().unwrap()
}

fn v2_entries() -> Vec<Entry> {
    let read = |line| {
        serde_json::from_str::<v2::Entry>(line)
            .unwrap()
            .read()
            .unwrap()
    };
    V2_ENTRIES.lines().map(read).collect()
}

#[test]
fn a_rollout_of_version_1_is_read_for_history_and_refused_a_replay() {
    let plan = v1_plan();
    let names: Vec<_> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names[..4], ["clear", "start", "command", "weight-100"]);
    let entries = v1_entries();
    assert_eq!(entries[0].event, Event::Begin);
    let error = replay(plan, &entries).unwrap_err().to_string();
    assert!(error.contains("with the version that began it"), "{error}");
}

#[test]
fn a_journal_of_version_2_replays_to_its_end() {
    let state: Rollout = replay(v2_plan(), &v2_entries()).unwrap();
    assert_eq!(state.phase(), Phase::Aborted);
    assert_eq!(
        state.cause().unwrap().to_string(),
        "aborted by ada@lead: too early"
    );
    let last = state.seen().last().unwrap().step;
    assert!(matches!(last, StepRef::Back(_)));
}

#[test]
fn what_is_read_is_written_again_as_it_was() {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let written = serde_json::to_value(v2::Plan::from(&v2_plan())).unwrap();
    assert_eq!(written, value(V2_PLAN));
    for (seq, (line, entry)) in (1..).zip(V2_ENTRIES.lines().zip(v2_entries())) {
        let written = serde_json::to_value(v2::Entry::write(seq, &entry)).unwrap();
        assert_eq!(written, value(line));
    }
}

#[test]
fn another_version_is_named() {
    let mut plan: v2::Plan = serde_json::from_str(V2_PLAN).unwrap();
    plan.v = 3;
    let error = Plan::try_from(plan).unwrap_err().to_string();
    assert!(
        error.starts_with("this is version 3 of the journal, not 2"),
        "{error}"
    );
}

#[test]
fn a_plan_whose_steps_refer_to_nothing_is_refused() {
    let mut plan: v2::Plan = serde_json::from_str(V2_PLAN).unwrap();
    plan.hooks.clear();
    assert!(
        Plan::try_from(plan)
            .unwrap_err()
            .to_string()
            .contains("is not there")
    );
    let mut plan: v2::Plan = serde_json::from_str(V2_PLAN).unwrap();
    plan.hosts.clear();
    assert!(Plan::try_from(plan).is_err());
}
