//! The main job: a second version takes over while clients keep working.

use std::time::Duration;

use load::{Options, Target};

use crate::rig::World;

/// Clients of every kind, few enough for two cores.
fn clients(world: &World, url: &str) -> Options {
    Options {
        http: 4,
        rate: Some(150.0),
        post: 2,
        post_rate: 20.0,
        slow: 2,
        slow_path: "/slow?ms=1500&chunks=5".to_owned(),
        ws: 20,
        sse: 10,
        orders_file: Some(world.orders()),
        ..Options::new(Target::parse(url).unwrap(), Duration::from_secs(240))
    }
}

#[test]
fn a_second_version_takes_over_and_a_broken_third_is_reverted_under_load() {
    let world = World::new("");
    let said = world.ok(&["build"]);
    assert!(said.stderr.contains("made a signing key"), "{said:#?}");
    let said = world.ok(&["deploy"]);
    assert!(said.stderr.contains("started the agent"), "{said:#?}");
    let url = world.url();
    assert_eq!(world.serving(&url), "0.1.0 spring");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.block_on(async {
        let running = load::start(clients(&world, &url)).unwrap();
        assert!(running.ready().await);
        running
    });

    world.edition("midsummer");
    let second = world.ok(&["deploy", "--json"]).json();
    assert_eq!(world.serving(&url), "0.1.0 midsummer");
    let receipt = &second["receipt"];
    assert_eq!(receipt["failed"], 0, "{receipt:#}");
    assert_eq!(receipt["sockets_cut"], 0, "{receipt:#}");
    assert_eq!(receipt["sockets_moved"], 30, "{receipt:#}");
    assert!(receipt["requests"].as_u64().unwrap() > 100, "{receipt:#}");

    world.edition("autumn-fails");
    world.edit("config/config.exs", "health: :ok", "health: :fail");
    world.edit(
        "cutover.toml",
        "healthy_deadline = \"20s\"",
        "healthy_deadline = \"4s\"",
    );
    let third = world.run(&["deploy"]).expect_code(6);
    assert!(
        third.stderr.contains("503"),
        "the error says why: {third:#?}"
    );
    assert_eq!(world.serving(&url), "0.1.0 midsummer");

    // The first version gave its slot to the third one, so the way back starts it again.
    let back = world.ok(&["rollback", "--json"]).json();
    assert_eq!(world.serving(&url), "0.1.0 spring");
    assert_eq!(back["receipt"]["failed"], 0, "{back:#}");

    let report = runtime.block_on(async {
        running.stop();
        running.finish().await.unwrap()
    });
    let table = load::table(&report);
    assert_eq!(report.failed, 0, "{table}");
    assert_eq!(report.sockets_cut, 0, "{table}");
    assert_eq!(report.ws.stranded + report.sse.stranded, 0, "{table}");
    assert_eq!(report.sse.id_gaps, 0, "{table}");
    assert_eq!(
        report.sockets_moved, 60,
        "two moves of each socket: {table}"
    );
    assert_eq!(
        report.ws.close_codes.keys().collect::<Vec<_>>(),
        [&1012],
        "{table}"
    );
    let orders = report.orders.file.expect("the orders file was read");
    assert_eq!((orders.duplicates, orders.lost), (0, 0), "{table}");

    assert_eq!(
        world.phases(),
        ["rolled_back", "aborted", "healthy", "healthy"]
    );
}

#[test]
fn a_deploy_of_what_serves_changes_nothing() {
    let world = World::new("");
    world.ok(&["deploy"]);
    let before = world.status();
    let said = world.ok(&["deploy", "--json"]);
    assert_eq!(said.json()["changed"], false, "{said:#?}");
    assert_eq!(world.status()["current"], before["current"]);
    world.edit(
        ".env",
        "SHOP_ORDERS_FILE=",
        "SHOP_GREETING=hi\nSHOP_ORDERS_FILE=",
    );
    let said = world.ok(&["deploy"]);
    assert!(said.stderr.contains("another SHOP_GREETING"), "{said:#?}");
    assert_eq!(world.phases().len(), 1);
}
