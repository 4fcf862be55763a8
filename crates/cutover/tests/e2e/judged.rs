//! Analyses and webhooks: a version is judged by figures, and by others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::Value;

use crate::rig::{Fleet, Load, Prometheus, Server, shelf, started};

#[test]
fn too_few_requests_are_no_verdict_and_a_person_decides() {
    let canary = r#"strategy = "canary"
canary.steps = [{ set_weight = 50 }, { analysis = "errors" }]
[environments.test.analysis.errors]
for = "2s"
interval = "200ms""#;
    let fleet = Fleet::new(1, canary);
    fleet.deployed(&shelf().spring());
    let summer = shelf().summer();
    let said = fleet.deploy(&summer).expect_code(7);
    assert!(said.stderr.contains("not enough data"), "{said:#?}");
    assert_eq!(fleet.phases()[0], "paused");
    fleet.ok(&["promote", "--why", "nobody comes at night"]);
    assert_eq!(fleet.serving(), summer.label);

    // With clients it is judged, and goes on by itself.
    fleet.edit("for = \"2s\"", "for = \"8s\"\nmargin_permille = 50");
    let clients = fleet.clients(&Load::short(150.0));
    fleet.deploy(&shelf().spring()).expect_code(0);
    clients.finish_unharmed();
    let shown = fleet.ok(&["show"]).stdout;
    assert!(shown.contains("analysis"), "{shown}");
}

#[test]
fn a_real_prometheus_judges_a_version_by_what_the_proxies_count_and_by_what_else_it_reads() {
    let queue = Arc::new(AtomicU64::new(3));
    let length = queue.clone();
    let canary = r#"strategy = "canary"
canary.steps = [{ set_weight = 50 }, { analysis = "figures" }]
[environments.test.prometheus]
url = "URL"
[environments.test.analysis.figures]
for = "5s"
interval = "1s"
compare = false
[[environments.test.analysis.figures.metrics]]
name = "errors"
prometheus = '''sum(cutover_proxy_answers_total{service="{{service}}.{{environment}}",artifact="{{artifact}}",class="5xx"}) or vector(0)'''
success = "< 1"
[[environments.test.analysis.figures.metrics]]
name = "queue"
prometheus = "shop_queue"
failure = "> 50""#;
    let fleet = Fleet::new(1, canary);
    let metrics = fleet.metrics_of("a");
    let exporter = Server::answering(move |_| {
        let queue = length.load(Ordering::SeqCst);
        (200, format!("{}shop_queue {queue}\n", metrics()))
    });
    let prometheus = Prometheus::reading(exporter.address());
    fleet.edit("URL", prometheus.url());
    // It reads its targets only some seconds after its start.
    while exporter.asked().len() < 2 {
        std::thread::yield_now();
    }
    fleet.deployed(&shelf().spring());
    let clients = fleet.clients(&Load::short(40.0));
    fleet.deployed(&shelf().summer());

    queue.store(99, Ordering::SeqCst);
    let said = fleet.deploy(&shelf().spring()).expect_code(6);
    assert!(said.stderr.contains("queue"), "{said:#?}");
    assert_eq!(fleet.serving(), "0.1.0 summer");
    clients.finish_unharmed();
}

#[test]
fn a_webhook_is_asked_before_the_commit_until_it_agrees_and_others_are_told() {
    let agrees = Arc::new(AtomicBool::new(false));
    let answer = agrees.clone();
    let webhook = Server::answering(move |_| {
        let yes = answer.load(Ordering::SeqCst);
        (if yes { 200 } else { 403 }, String::new())
    });
    let told = Server::answering(|_| (200, String::new()));
    let hooks = format!(
        r#"
[[environments.test.hooks]]
at = "confirm-promotion"
name = "change-board"
url = "{}"
[[environments.test.hooks]]
at = "event"
url = "{}"
"#,
        webhook.url(),
        told.url()
    );
    let fleet = Fleet::new(1, "");
    fleet.deployed(&shelf().spring());
    fleet.settings("shop", &hooks);
    let summer = shelf().summer();
    let mut deploy = fleet.spawn(&fleet.deploy_args(&summer, &["--wait"]));
    deploy.until(started("confirm-promotion-change-board"));
    while webhook.asked().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(fleet.status()["current"]["vsn"], "0.1.0");
    assert_ne!(
        fleet.status()["current"]["artifact"],
        summer.artifact.as_str()
    );
    agrees.store(true, Ordering::SeqCst);
    deploy.end().expect_code(0);
    assert_eq!(
        fleet.status()["current"]["artifact"],
        summer.artifact.as_str()
    );

    let asked = webhook.asked();
    assert!(asked[0].line.starts_with("POST / "), "{asked:#?}");
    let body: Value = serde_json::from_str(&asked[0].body).unwrap();
    // Flagger's names.
    assert_eq!(
        (&body["name"], &body["namespace"]),
        (&"shop".into(), &"test".into()),
        "{body:#}"
    );
    assert!(told.asked().len() > 3, "{:#?}", told.asked());
}
