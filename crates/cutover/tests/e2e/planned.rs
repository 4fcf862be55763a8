//! The plan is what a person is shown, and what is run.

use crate::rig::{Fleet, shelf};

#[test]
fn a_plan_that_was_shown_is_carried_out_and_no_other() {
    let fleet = Fleet::new(2, "strategy = \"rolling\"");
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    shelf().bring(&summer, fleet.home());
    let plan = ["plan", "--artifact", &summer.artifact];
    let text = fleet.ok(&plan).stdout;
    assert!(text.contains("batch 2: b"), "{text}");
    let document = fleet
        .ok(&[&plan[..], &["--format", "json"]].concat())
        .json();
    let digest = document["digest"].as_str().unwrap();
    assert!(text.contains(digest), "{text}");
    let mermaid = fleet
        .ok(&[&plan[..], &["--format", "mermaid"]].concat())
        .stdout;
    assert!(
        mermaid.contains("flowchart") || mermaid.contains("stateDiagram"),
        "{mermaid}"
    );
    assert_eq!(fleet.phases().len(), 1, "nothing was begun");

    // Another setting is another plan.
    fleet.edit("watch = \"1s\"", "watch = \"2s\"");
    let drifted = fleet
        .run(&fleet.deploy_args(&summer, &["--plan", digest]))
        .expect_code(1);
    assert!(drifted.stderr.contains("not the plan"), "{drifted:#?}");
    assert_eq!(fleet.phases().len(), 1, "nothing was begun");
    fleet.edit("watch = \"2s\"", "watch = \"1s\"");
    fleet
        .run(&fleet.deploy_args(&summer, &["--plan", digest]))
        .expect_code(0);
    assert_eq!(fleet.serving(), summer.label);

    // The fleet is not as it was, so the very same plan is not the same any more.
    let drifted = fleet.run(&fleet.deploy_args(&shelf().spring(), &["--plan", digest]));
    assert_eq!(drifted.status.code(), Some(1), "{drifted:#?}");
    let shown = fleet.ok(&["show", "--format", "mermaid"]).stdout;
    assert!(!shown.is_empty());
}
