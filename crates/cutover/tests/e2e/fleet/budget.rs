//! A failure budget: hosts that are lost are set aside, and brought up later.

use std::fs;

use crate::rig::{Fleet, Load, all_proofs, shelf, started};

#[test]
fn a_host_that_is_lost_on_the_way_is_set_aside_and_caught_up_by_a_retry() {
    let rolling = r#"strategy = "rolling"
rolling.max_parallel = 2
failure_budget = 1
progress_deadline = "30s""#;
    let fleet = Fleet::new(3, rolling);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));
    let mut deploy = fleet.spawn(&fleet.deploy_args(&summer, &[]));
    deploy.until(started("start-2"));
    fleet.kill_agent("c");
    let said = deploy.end().expect_code(7);
    assert!(said.stderr.contains("cutover retry"), "{said:#?}");
    let status = fleet.status();
    assert_eq!(status["behind"][0]["host"], "c", "{status:#}");
    assert_eq!(fleet.phases()[0], "degraded");
    let text = fleet.ok(&["status"]).stdout;
    assert!(text.contains("behind     c"), "{text}");

    let said = fleet.ok(&["retry", "--json"]);
    assert_eq!(fleet.serving(), summer.label, "{said:#?}");
    assert_eq!(fleet.status()["behind"].as_array().unwrap().len(), 0);
    clients.finish_unharmed();
}

#[test]
fn a_host_that_is_down_when_it_is_planned_is_left_out_within_the_budget() {
    if !all_proofs() {
        return;
    }
    let fleet = Fleet::new(3, "failure_budget = 1");
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    // Nothing can start this agent: its directory is gone.
    fleet.kill_agent("b");
    let (agent, aside) = (fleet.path("b/agent"), fleet.path("b/aside"));
    fs::rename(&agent, &aside).unwrap();
    fs::write(&agent, "").unwrap();

    let deploy = fleet.deploy_args(&summer, &[]);
    let plan = ["plan", "--artifact", &summer.artifact];
    let shown = fleet.ok(&plan).stdout;
    assert!(shown.contains('b'), "{shown}");
    let said = fleet.run(&deploy);
    assert!(said.stderr.contains("host b does not answer"), "{said:#?}");
    let status = fleet.status();
    assert_eq!(status["current"]["artifact"], summer.artifact, "{status:#}");

    fs::remove_file(&agent).unwrap();
    fs::rename(&aside, &agent).unwrap();
    fleet.ok(&["retry", "--json"]);
    assert_eq!(fleet.serving(), summer.label);

    // Without a budget it is refused before anything happens.
    fleet.edit("failure_budget = 1", "failure_budget = 0");
    fleet.kill_agent("b");
    fs::rename(&agent, &aside).unwrap();
    fs::write(&agent, "").unwrap();
    let said = fleet.run(&["deploy", "--artifact", &shelf().spring().artifact]);
    assert_ne!(said.status.code(), Some(0), "{said:#?}");
    assert_eq!(fleet.phases().len(), 3, "nothing was begun");
    fs::remove_file(&agent).unwrap();
    fs::rename(&aside, &agent).unwrap();
}
