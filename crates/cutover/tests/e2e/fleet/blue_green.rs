//! Blue-green: everything beside, a look at the preview address, then all traffic at once.

use serde_json::Value;

use crate::rig::{Fleet, Load, all_proofs, get, shelf};

const BLUE_GREEN: &str = r#"strategy = "blue-green"
blue_green.pause = {}
[environments.test.proxy]
preview = "127.0.0.1:0"
testers = { header = "x-tester", value = "yes" }"#;

#[test]
fn testers_see_a_version_before_anybody_else_and_a_person_switches_all_hosts() {
    if !all_proofs() {
        return;
    }
    let fleet = Fleet::new(5, BLUE_GREEN);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));
    fleet.deploy(&summer).expect_code(7);

    let status = fleet.status();
    for host in status["hosts"].as_array().unwrap() {
        let url = host["url"].as_str().unwrap();
        let preview = host["route"]["preview_bound"].as_str().expect("a preview");
        assert_eq!(get(preview, "/").unwrap().version(), summer.label);
        assert_eq!(get(url, "/").unwrap().version(), "0.1.0 spring");
        let tester = crate::rig::request(url, "GET", "/", "x-tester: yes\r\n", "");
        assert_eq!(tester.unwrap().version(), summer.label);
    }

    let said = fleet.ok(&["promote", "--json"]).json();
    assert_eq!(fleet.serving(), summer.label);
    assert_eq!(said["receipt"]["failed"], 0, "{said:#}");
    assert_eq!(said["receipt"]["sockets_moved"], 5 * 6, "{said:#}");

    // Its way back is warm: nothing has to start.
    let back = fleet.ok(&["rollback", "--json"]).json();
    assert_eq!(fleet.serving(), "0.1.0 spring");
    assert_eq!(back["receipt"]["failed"], 0, "{back:#}");
    clients.finish_unharmed();
}

#[test]
fn a_node_that_dies_of_traffic_is_given_up_on_every_host() {
    let fleet = Fleet::new(5, "watch = \"20s\"");
    fleet.deployed(&shelf().spring());
    let bad = shelf().crashing();
    let clients = fleet.clients(&Load::short(20.0));
    let said = fleet.deploy(&bad).expect_code(6);
    assert!(said.stderr.contains("stable serves"), "{said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 spring");
    clients.finish();
    let status = fleet.status();
    assert_eq!(status["bad"][0]["artifact"], bad.artifact, "{status:#}");
    for host in status["hosts"].as_array().unwrap() {
        let instances = host["instances"].as_array().unwrap().iter();
        let running: Vec<&Value> = instances.filter(|one| one["state"] != "stopped").collect();
        assert_eq!(running.len(), 1, "nothing of it is left running: {host:#}");
    }
}
