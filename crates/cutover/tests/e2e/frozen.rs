//! A freeze, and one rollout at a time in an environment.

use crate::rig::{Fleet, shelf, started};

#[test]
fn a_frozen_environment_keeps_what_it_has_but_may_go_back() {
    let fleet = Fleet::new(1, "");
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    fleet.deployed(&summer);
    fleet.ok(&["freeze", "--until", "1h", "--why", "the sale"]);

    let refused = fleet.deploy(&shelf().failing()).expect_code(8);
    assert!(refused.stderr.contains("the sale"), "{refused:#?}");
    assert!(refused.stderr.contains("--despite-freeze"), "{refused:#?}");
    assert_eq!(fleet.phases().len(), 2, "nothing was begun");
    assert!(fleet.ok(&["status"]).stdout.contains("the sale"));

    fleet.ok(&["rollback"]);
    assert_eq!(fleet.serving(), "0.1.0 spring");
    let despite = ["--despite-freeze", "a hole is open"];
    fleet
        .run(&fleet.deploy_args(&summer, &despite))
        .expect_code(0);
    assert_eq!(fleet.serving(), summer.label);
    let why = "despite a freeze: a hole is open";
    let shown = fleet.ok(&["show"]).stdout;
    assert!(shown.contains(why), "{shown}");
    let shown = fleet.ok(&["show", "--format", "json"]).stdout;
    assert!(
        shown.contains(r#""despite_freeze":"a hole is open""#),
        "{shown}"
    );

    fleet.ok(&["freeze", "--lift"]);
    fleet.deployed(&shelf().spring());
    let shown = fleet.ok(&["show"]).stdout;
    assert!(!shown.contains("freeze"), "{shown}");
}

#[test]
fn a_second_service_of_the_environment_waits_for_the_first_one() {
    let fleet = Fleet::new(1, "watch = \"4s\"");
    fleet.deployed(&shelf().spring());
    let mut first = fleet.spawn(&fleet.deploy_args(&shelf().summer(), &[]));
    first.until(started("watch"));
    let hosts = "\n[environments.test.proxy]\nhosts = [\"kiosk.example.com\"]";
    fleet.settings("kiosk", hosts);
    let refused = fleet.deploy(&shelf().spring()).expect_code(8);
    assert!(refused.stderr.contains("shop.test"), "{refused:#?}");
    first.end().expect_code(0);
    fleet.deploy(&shelf().spring()).expect_code(0);
}
