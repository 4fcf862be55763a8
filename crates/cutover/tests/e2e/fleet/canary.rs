//! Canary: a growing part of the traffic, with pauses for time and for a person.

use serde_json::Value;

use crate::rig::{Fleet, Load, all_proofs, get, request, shelf};

const CANARY: &str = r#"strategy = "canary"
canary.steps = [
  { set_weight = 20 }, { pause = {} },
  { set_weight = 50 }, { pause = { for = "1s" } },
  { set_weight = 100 },
]"#;

/// The candidate's weight on each host.
fn weights(status: &Value, artifact: &str) -> Vec<Value> {
    let hosts = status["hosts"].as_array().unwrap().iter();
    hosts
        .flat_map(|host| host["route"]["config"]["versions"].as_array().unwrap())
        .filter(|version| version["artifact"] == artifact)
        .map(|version| version["weight"].clone())
        .collect()
}

#[test]
fn a_canary_waits_for_a_person_with_nobody_attached_and_goes_on_when_promoted() {
    let fleet = Fleet::new(5, CANARY);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let clients = fleet.clients(&Load::of_every_kind(fleet.orders()));

    let said = fleet.deploy(&summer).expect_code(7);
    assert!(said.stderr.contains("cutover promote"), "{said:#?}");
    let status = fleet.status();
    assert_eq!(weights(&status, &summer.artifact), [20; 5], "{status:#}");

    // A client stays with the version that it was dealt first.
    let url = &fleet.urls()[2];
    let mut dealt = Vec::new();
    for _ in 0..12 {
        let first = get(url, "/").unwrap();
        let cookie = first.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(';').next().unwrap();
        let cookie = format!("cookie: {cookie}\r\n");
        for _ in 0..5 {
            let again = request(url, "GET", "/", &cookie, "").unwrap();
            assert_eq!(again.version(), first.version());
        }
        dealt.push(first.version().to_owned());
    }
    assert!(
        dealt.iter().any(|label| *label == "0.1.0 spring"),
        "{dealt:?}"
    );

    // Another process goes on, and the deploy that began it is long gone.
    let said = fleet
        .ok(&["promote", "--why", "it looks well", "--json"])
        .json();
    assert_eq!(said["phase"], "healthy", "{said:#}");
    assert_eq!(fleet.serving(), summer.label);
    let receipt = &said["receipt"];
    assert_eq!(receipt["failed"], 0, "{receipt:#}");
    assert_eq!(receipt["sockets_cut"], 0, "{receipt:#}");
    for report in clients.finish_unharmed() {
        // Whoever was dealt the candidate early on had nothing to move.
        assert!(report.sockets_moved <= 6, "{}", load::table(&report));
        let seen: Vec<&str> = report
            .versions
            .seen
            .iter()
            .map(|v| v.label.as_str())
            .collect();
        assert_eq!(seen, ["0.1.0 spring", "0.1.0 summer"]);
    }
    assert_eq!(fleet.status()["unfinished"], Value::Null);
}

#[test]
fn a_canary_that_answers_500_is_given_up_while_few_have_seen_it() {
    if !all_proofs() {
        return;
    }
    let fleet = Fleet::new(5, CANARY);
    fleet.deployed(&shelf().spring());
    let bad = shelf().failing();
    let clients = fleet.clients(&Load::short(60.0));
    let said = fleet
        .run(&fleet.deploy_args(&bad, &["--wait"]))
        .expect_code(6);
    assert_eq!(fleet.serving(), "0.1.0 spring");
    let (requests, failed) = clients.so_far();
    assert!(
        failed > 0,
        "it was given up for what clients saw: {said:#?}"
    );
    assert!(failed * 4 < requests, "{failed} of {requests} failed");
    // From now on nobody sees it.
    let reports = clients.finish();
    let after: u64 = reports.iter().map(|report| report.failed).sum();
    assert_eq!(after, failed);
    let status = fleet.status();
    assert_eq!(status["bad"][0]["artifact"], bad.artifact, "{status:#}");
    // It is not chosen again by rule, and `retry` does not choose it either.
    assert_eq!(status["unfinished"], Value::Null);
}
