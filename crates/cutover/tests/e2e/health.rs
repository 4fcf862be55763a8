//! Other checks than HTTP: a command, and the node's own word.

use crate::rig::{Fleet, shelf};

#[test]
fn a_command_tells_health() {
    let fleet = Fleet::new(1, "");
    let http = "path = \"/health\"\n";
    let file = fleet.path("sick");
    // Only the second instance looks for the file.
    let look = "test $CUTOVER_SLOT = 1 || test ! -e FILE || { echo the file is there; exit 1; }";
    let command = format!("command = ['sh', '-c', '{look}']\n");
    fleet.edit(http, &command.replace("FILE", &file.display().to_string()));
    fleet.deployed(&shelf().spring());
    std::fs::write(&file, "").unwrap();
    fleet.edit("healthy_deadline = \"30s\"", "healthy_deadline = \"4s\"");
    let said = fleet.deploy(&shelf().summer()).expect_code(6);
    assert!(said.stderr.contains("the file is there"), "{said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 spring");
}

#[test]
fn a_node_that_answers_and_is_not_well_is_not_healthy() {
    let fleet = Fleet::new(1, "");
    fleet.edit(
        "interval = \"100ms\"\n",
        "interval = \"100ms\"\nbeam = { applications = [\"shop\"] }\n",
    );
    fleet.deployed(&shelf().spring());
    // An application that the release does not have never runs.
    fleet.edit("[\"shop\"]", "[\"shop\", \"warehouse\"]");
    fleet.edit("healthy_deadline = \"30s\"", "healthy_deadline = \"6s\"");
    let said = fleet.deploy(&shelf().summer()).expect_code(6);
    assert!(said.stderr.contains("warehouse"), "{said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 spring");
}
