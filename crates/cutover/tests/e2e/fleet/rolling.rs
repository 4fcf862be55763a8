//! Rolling: one host, then two at a time, each batch proven before the next.

use crate::rig::{Fleet, Load, shelf};

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
    let reports = clients.finish_unharmed();
    for report in &reports {
        assert_eq!(report.sockets_moved, 12, "{}", load::table(report));
    }
    assert_eq!(fleet.phases(), ["rolled_back", "healthy", "healthy"]);
}
