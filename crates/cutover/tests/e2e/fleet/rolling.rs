//! Rolling: one host, then two at a time, each batch proven before the next.

use crate::rig::{Fleet, Load, all_proofs, shelf, started};

const ROLLING: &str = "strategy = \"rolling\"\nrolling.max_parallel = 2";

#[test]
fn a_version_rolls_over_five_hosts_and_back_and_no_client_notices() {
    let fleet = Fleet::new(5, ROLLING);
    fleet.deployed(&shelf().spring());
    assert_eq!(fleet.serving(), "0.1.0 spring");

    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));
    let receipt = fleet.deployed(&shelf().summer());
    assert_eq!(fleet.serving(), "0.1.0 summer");
    assert_eq!(receipt["failed"], 0, "{receipt:#}");
    assert_eq!(receipt["sockets_cut"], 0, "{receipt:#}");
    assert_eq!(receipt["sockets_moved"], 5 * 6, "{receipt:#}");

    let back = fleet.ok(&["rollback", "--json"]).json();
    assert_eq!(fleet.serving(), "0.1.0 spring");
    assert_eq!(back["receipt"]["failed"], 0, "{back:#}");
    for report in clients.finish_unharmed() {
        assert_eq!(report.sockets_moved, 12, "{}", load::table(&report));
    }
    assert_eq!(fleet.phases(), ["rolled_back", "healthy", "healthy"]);
}

#[test]
fn an_abort_in_the_middle_brings_stopped_instances_back_and_no_client_notices() {
    if !all_proofs() {
        return;
    }
    let fleet = Fleet::new(5, &format!("{ROLLING}\nrollback_window = \"0s\""));
    fleet.deployed(&shelf().spring());
    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));

    // Never healthy: it does not get past the first host, and takes no traffic there.
    fleet.edit("healthy_deadline = \"30s\"", "healthy_deadline = \"4s\"");
    let said = fleet.deploy(&shelf().unhealthy()).expect_code(6);
    assert!(said.stderr.contains("503"), "says why: {said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 spring");
    fleet.edit("healthy_deadline = \"4s\"", "healthy_deadline = \"30s\"");

    // The first host has changed for good, and its old instance is stopped, when it is given up.
    let summer = shelf().summer();
    let mut deploy = fleet.spawn(&fleet.deploy_args(&summer, &[]));
    deploy.until(started("watch-2"));
    let said = fleet.ok(&["abort", "--why", "the boss said so", "--json"]);
    assert_eq!(said.json()["phase"], "aborted", "{said:#?}");
    deploy.end().expect_code(6);
    assert_eq!(fleet.serving(), "0.1.0 spring");
    clients.finish_unharmed();

    assert_eq!(fleet.phases(), ["aborted", "aborted", "healthy"]);
    let shown = fleet.ok(&["show", "--journal"]).stdout;
    assert!(shown.contains("the boss said so"), "{shown}");
    // Nobody blames the version for it, so it may come again.
    fleet.deployed(&summer);
    assert_eq!(fleet.serving(), "0.1.0 summer");
}
