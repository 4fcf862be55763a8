//! Candidates that are never healthy, each in its own way: stable serves on, and the error says why.

use crate::rig::World;

#[test]
fn a_health_check_that_hangs_is_slow_or_flaps_reverts_the_deploy() {
    let world = World::new("");
    world.ok(&["deploy"]);
    let url = world.url();
    world.edit(
        "cutover.toml",
        "healthy_deadline = \"20s\"",
        "healthy_deadline = \"4s\"",
    );
    world.edit(
        "cutover.toml",
        "interval = \"100ms\"",
        "interval = \"100ms\"\ntimeout = \"500ms\"",
    );
    let mut mode = "ok";
    for next in ["hang", "slow", "flap"] {
        world.edition(&format!("that-{next}s"));
        world.edit(
            "config/config.exs",
            &format!("health: :{mode}"),
            &format!("health: :{next}"),
        );
        mode = next;
        let said = world.run(&["deploy"]).expect_code(6);
        assert!(said.stderr.contains("stable serves"), "{next}: {said:#?}");
        assert_eq!(world.serving(&url), "0.1.0 spring", "{next}");
    }
    let status = world.status();
    let running: Vec<_> = status["hosts"][0]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|instance| instance["state"] != "stopped")
        .collect();
    assert_eq!(
        running.len(),
        1,
        "nothing of them is left running: {running:#?}"
    );
}

#[test]
fn an_unset_variable_that_runtime_exs_raises_on_is_named() {
    let world = World::new("");
    world.edit(
        "config/runtime.exs",
        "config :shop, port:",
        "System.fetch_env!(\"SHOP_SECRET\")\n  config :shop, port:",
    );
    let said = world.run(&["deploy"]).expect_code(6);
    assert!(said.stderr.contains("SHOP_SECRET"), "{said:#?}");
    assert!(said.stderr.contains("hint"), "{said:#?}");
    assert!(
        said.stderr.contains("[env]"),
        "says where to set it: {said:#?}"
    );
}

#[test]
fn a_refused_health_connection_says_where_the_app_does_listen() {
    let world = World::new("");
    let port = crate::rig::free_port();
    world.edit(
        "config/runtime.exs",
        "String.to_integer(System.fetch_env!(\"PORT\"))",
        &port.to_string(),
    );
    world.edit(
        "cutover.toml",
        "healthy_deadline = \"20s\"",
        "healthy_deadline = \"5s\"",
    );
    let said = world.run(&["deploy"]).expect_code(6);
    assert!(said.stderr.contains(&port.to_string()), "{said:#?}");
}
