//! A deploy killed at any step leaves a serving system that another process can end.

use serde_json::Value;

use crate::rig::{World, started};

#[test]
fn a_deploy_killed_at_any_step_serves_on_and_is_resumed_or_aborted() {
    let world = World::new("");
    world.ok(&["deploy"]);
    let url = world.url();
    let mut serving = world.serving(&url);
    for (step, verb) in [
        ("start", "abort"),
        ("start", "resume"),
        ("watch", "abort"),
        ("watch", "resume"),
        ("drain", "resume"),
    ] {
        let edition = format!("killed-at-{step}-then-{verb}");
        world.edition(&edition);
        let mut deploy = world.spawn(&["deploy", "--json"]);
        deploy.until(started(step));
        deploy.kill();
        let answered = world.serving(&url);
        let candidate = format!("0.1.0 {edition}");
        assert!(
            [&serving, &candidate].contains(&&answered),
            "{answered} at {step}"
        );

        let refused = world.run(&["deploy"]).expect_code(7);
        assert!(refused.stderr.contains("unfinished"), "{refused:#?}");
        assert!(refused.stderr.contains("cutover resume"), "{refused:#?}");

        if verb == "resume" {
            world.ok(&["resume"]);
            serving = candidate;
        } else {
            world.ok(&["abort"]);
        }
        assert_eq!(world.serving(&url), serving, "after {verb} at {step}");
        let status = world.status();
        assert_eq!(status["unfinished"], Value::Null, "{status:#}");
    }
}

#[test]
fn a_second_deploy_at_the_same_time_is_told_who_holds_the_lock() {
    let world = World::new("");
    world.ok(&["deploy"]);
    world.edition("first");
    let mut first = world.spawn(&["deploy", "--json"]);
    first.until(started("start"));
    let pid = first.child.id().to_string();
    let refused = world.run(&["deploy"]).expect_code(8);
    assert!(refused.stderr.contains("cutover deploy"), "{refused:#?}");
    assert!(
        refused.stderr.contains(&pid),
        "names the process: {refused:#?}"
    );
    assert!(first.child.wait().unwrap().success());
}

#[test]
fn if_nobody_resumes_the_proxy_returns_to_stable_by_itself() {
    let world = World::new("");
    world.ok(&["deploy"]);
    let url = world.url();
    world.edition("orphaned");
    let mut deploy = world.spawn(&["deploy", "--json"]);
    deploy.until(started("watch"));
    assert_eq!(world.serving(&url), "0.1.0 orphaned");
    deploy.kill();
    let begun = sys::clock::monotonic();
    while world.serving(&url) != "0.1.0 spring" {
        assert!(
            sys::clock::since(begun).as_secs() < 60,
            "it never went back"
        );
        std::thread::yield_now();
    }
    world.ok(&["abort"]);
    assert_eq!(world.serving(&url), "0.1.0 spring");
}
