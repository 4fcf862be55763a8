//! The process that drives a rollout dies, or an agent does: nobody notices, and another goes on.

use crate::rig::{Fleet, Load, all_proofs, shelf, started};

#[test]
fn a_rolling_deploy_killed_in_the_middle_is_brought_to_its_end_by_another_process() {
    let rolling = "strategy = \"rolling\"\nrolling.max_parallel = 2";
    let fleet = Fleet::new(5, rolling);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));
    let mut deploy = fleet.spawn(&fleet.deploy_args(&summer, &[]));
    deploy.until(started("watch-2"));
    deploy.kill();

    let refused = fleet.deploy(&summer).expect_code(7);
    assert!(refused.stderr.contains("cutover resume"), "{refused:#?}");
    let said = fleet.ok(&["resume", "--json"]).json();
    assert_eq!(said["phase"], "healthy", "{said:#}");
    assert_eq!(said["receipt"]["failed"], 0, "{said:#}");
    assert_eq!(fleet.serving(), summer.label);
    clients.finish_unharmed();
}

#[test]
fn an_agent_killed_in_the_middle_of_a_canary_is_missed_by_no_client() {
    if !all_proofs() {
        return;
    }
    let canary = r#"strategy = "canary"
canary.steps = [{ set_weight = 30 }, { pause = { for = "6s" } }, { set_weight = 100 }]"#;
    let fleet = Fleet::new(5, canary);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));
    let mut deploy = fleet.spawn(&fleet.deploy_args(&summer, &[]));
    deploy.until(started("pause"));
    fleet.kill_agent("c");
    deploy.until(|event| event["progress"] == "host_lost" && event["host"] == "c");
    // As its unit would.
    fleet.start_agent("c");
    let said = deploy.end().expect_code(0);
    assert_eq!(said.json()["receipt"]["failed"], 0, "{said:#?}");
    assert_eq!(fleet.serving(), summer.label);
    clients.finish_unharmed();
}
