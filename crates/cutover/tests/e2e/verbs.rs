//! What a person says to a rollout under way, and what it does then.

use serde_json::Value;

use crate::rig::{Fleet, shelf, started};

const PAUSES: &str = r#"strategy = "canary"
canary.steps = [{ set_weight = 30 }, { pause = {} }, { set_weight = 60 }, { pause = {} }]"#;

#[test]
fn promote_pause_resume_and_abort_are_said_before_done_once_and_journaled() {
    let fleet = Fleet::new(1, PAUSES);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    fleet.deploy(&summer).expect_code(7);

    // What it would do is said, and nothing is done.
    let dry = fleet.ok(&["promote", "--dry-run", "--json"]).json();
    assert_eq!(dry["would_change"], true, "{dry:#}");
    assert_eq!(fleet.phases()[0], "paused");
    // Nobody paused it, so that there is nothing to take back.
    fleet.run(&["resume"]).expect_code(7);

    fleet.run(&["promote", "--why", "first"]).expect_code(7);
    let shown = fleet.ok(&["show", "--journal"]).stdout;
    assert!(shown.contains("first"), "{shown}");
    // Past the second pause and on.
    let said = fleet.ok(&["promote", "--full", "--json"]).json();
    assert_eq!(said["phase"], "healthy", "{said:#}");
    assert_eq!(fleet.serving(), summer.label);
    // At its end no verb has anything to do.
    let said = fleet.run(&["promote"]);
    assert!(said.stderr.contains("no rollout"), "{said:#?}");

    // Aborted while paused, by somebody else than who began it.
    let spring = shelf().spring();
    fleet.deploy(&spring).expect_code(7);
    let said = fleet.ok(&["abort", "--why", "second thoughts", "--json"]);
    assert_eq!(said.json()["phase"], "aborted", "{said:#?}");
    assert_eq!(fleet.serving(), summer.label);
    assert_eq!(fleet.status()["unfinished"], Value::Null);
}

#[test]
fn a_person_pauses_a_deploy_that_another_process_drives() {
    let fleet = Fleet::new(1, "watch = \"3s\"");
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let mut deploy = fleet.spawn(&fleet.deploy_args(&summer, &["--wait"]));
    deploy.until(started("start"));
    let said = fleet.ok(&["pause", "--why", "lunch"]);
    assert!(said.stdout.contains("has taken it"), "{said:#?}");
    // The same again does nothing more.
    fleet.ok(&["pause"]);
    deploy.until(|event| event["progress"] == "paused");
    assert_eq!(fleet.phases()[0], "paused");
    fleet.ok(&["resume", "--why", "back"]);
    deploy.end().expect_code(0);
    assert_eq!(fleet.serving(), summer.label);
    let journal = fleet.ok(&["show", "--journal"]).stdout;
    assert!(
        journal.contains("lunch") && journal.contains("back"),
        "{journal}"
    );
}
