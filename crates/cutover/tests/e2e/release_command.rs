//! The release command: once a rollout, before any traffic, and its failure reverts.

use std::fs;

use crate::rig::{World, started};

#[test]
fn the_release_command_runs_once_in_each_deploy_and_a_failing_one_reverts() {
    let world = World::new(
        r#"release_command = '''eval 'File.write!(System.fetch_env!("SHOP_ORDERS_FILE") <> ".migrated", "x", [:append])' '''"#,
    );
    let marker = world.orders().with_extension("migrated");
    world.ok(&["deploy"]);
    assert_eq!(fs::read_to_string(&marker).unwrap(), "x");

    // Killed while it is watched, long after the command: going on does not run it again.
    world.edition("resumed");
    let mut deploy = world.spawn(&["deploy", "--json"]);
    deploy.until(started("watch"));
    deploy.kill();
    world.ok(&["resume"]);
    assert_eq!(fs::read_to_string(&marker).unwrap(), "xx");

    let url = world.url();
    world.edition("not-migrated");
    world.edit(
        "cutover.toml",
        "File.write!(",
        "System.halt(3); File.write!(",
    );
    let said = world.run(&["deploy"]).expect_code(6);
    assert!(
        said.stderr.contains("exit code 3") || said.stderr.contains("code 3"),
        "{said:#?}"
    );
    assert_eq!(world.serving(&url), "0.1.0 resumed");
    let receipt = &world.ok(&["show", "--json"]).json()["receipt"];
    assert_eq!(
        receipt["sockets_moved"], 0,
        "it took no traffic: {receipt:#}"
    );
}
