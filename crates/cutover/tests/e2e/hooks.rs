//! Commands and webhooks of the user at points of a rollout.

use std::fs;

use crate::rig::{Fleet, shelf};

/// A hook that writes down what it was told.
fn note(at: &str, on: &str, file: &str) -> String {
    let says = "echo $CUTOVER_HOOK $CUTOVER_SERVICE $CUTOVER_ENVIRONMENT ${CUTOVER_HOST:-here} \
                $CUTOVER_CANDIDATE_VSN";
    format!(
        "[[environments.test.hooks]]\nat = \"{at}\"\n{on}\nrun = ['sh', '-c', '{says} >>{file}']\n"
    )
}

#[test]
fn hooks_run_at_their_points_where_they_are_asked_to_and_one_that_fails_gives_up() {
    let fleet = Fleet::new(2, "");
    let log = fleet.path("hooks");
    let file = log.display().to_string();
    let notes = [
        note("pre-deploy", "", &file),
        note("pre-rollout", "on = \"each-host\"", &file),
        note("post-deploy", "on = \"operator\"", &file),
        note("post-rollout", "", &file),
        note("on-abort", "", &file),
    ];
    let notes = notes.concat();
    fleet.settings("shop", &notes);
    fleet.deployed(&shelf().spring());
    let told = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 5, "{told}");
    assert_eq!(lines[0], "pre-deploy shop test here 0.1.0");
    let mut hosts = [lines[1], lines[2]];
    hosts.sort_unstable();
    assert_eq!(
        hosts,
        [
            "pre-rollout shop test a 0.1.0",
            "pre-rollout shop test b 0.1.0"
        ]
    );
    assert_eq!(lines[3], "post-deploy shop test here 0.1.0");
    assert_eq!(lines[4], "post-rollout shop test here 0.1.0");

    // A hook that says no, on one host of two, before any traffic.
    fs::remove_file(&log).unwrap();
    let no = r#"[[environments.test.hooks]]
at = "pre-rollout"
name = "smoke"
on = "each-host"
run = ["sh", "-c", 'test "$CUTOVER_HOST" = a || { echo no smoke without fire; exit 4; }']
"#;
    fleet.settings("shop", &format!("{notes}{no}"));
    let said = fleet.deploy(&shelf().summer()).expect_code(6);
    assert!(said.stderr.contains("smoke"), "{said:#?}");
    assert!(said.stderr.contains("no smoke without fire"), "{said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 spring");
    let told = fs::read_to_string(&log).unwrap();
    assert!(told.contains("on-abort shop test here 0.1.0"), "{told}");
    assert!(told.contains("post-rollout"), "{told}");
    assert!(!told.contains("post-deploy"), "{told}");
    // A hook's failure blames no version.
    assert_eq!(fleet.status()["bad"].as_array().unwrap().len(), 0);
}

#[test]
fn an_instance_whose_own_hook_refuses_is_not_started() {
    let hook = r#"
[[environments.test.hooks]]
at = "pre-start"
name = "licence"
run = ["sh", "-c", 'test "$CUTOVER_SLOT" = 1 || { echo no licence for a second one; exit 9; }']
"#;
    let fleet = Fleet::new(1, hook);
    fleet.deployed(&shelf().spring());
    let said = fleet.deploy(&shelf().summer()).expect_code(6);
    assert!(said.stderr.contains("licence"), "{said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 spring");
}
