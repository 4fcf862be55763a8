//! Background work moves beside the traffic: one version at a time does it.

use std::fs;

use crate::rig::{Fleet, shelf};

const JOBS: &str = r#"activate = { rpc = "Shop.Jobs.start()" }
quiesce = { rpc = "Shop.Jobs.stop()" }
watch = "20s""#;

#[test]
fn jobs_end_in_the_old_version_before_they_begin_in_the_new_one_and_come_back() {
    let fleet = Fleet::new(1, JOBS);
    let jobs = || fs::read_to_string(fleet.jobs()).unwrap_or_default();
    fleet.edit("watch = \"20s\"", "watch = \"1s\"");
    fleet.deployed(&shelf().spring());
    assert_eq!(jobs(), "on 0.1.0 spring\n");
    fleet.deployed(&shelf().summer());
    assert_eq!(
        jobs(),
        "on 0.1.0 spring\noff 0.1.0 spring\non 0.1.0 summer\n"
    );

    // Given up under traffic: the way back reverses both.
    fleet.edit("watch = \"1s\"", "watch = \"20s\"");
    let clients = fleet.clients(&crate::rig::Load::short(40.0));
    let bad = shelf().failing();
    fleet.deploy(&bad).expect_code(6);
    clients.finish();
    let all = jobs();
    let tail: Vec<&str> = all.lines().skip(3).collect();
    let expected = [
        "off 0.1.0 summer".to_owned(),
        format!("on {}", bad.label),
        format!("off {}", bad.label),
        "on 0.1.0 summer".to_owned(),
    ];
    assert_eq!(tail, expected, "{all}");
}
