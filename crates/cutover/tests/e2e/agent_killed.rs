//! The agent dies under load: the proxy serves on, and the next agent knows everything again.

use std::time::Duration;

use load::{Options, Target};
use rustix::process::Signal;
use serde_json::Value;

use crate::rig::World;

fn pid(status: &Value) -> i32 {
    i32::try_from(
        status["hosts"][0]["agent"]["pid"]
            .as_i64()
            .expect("the agent's pid"),
    )
    .unwrap()
}

#[test]
fn the_agent_killed_under_load_loses_nothing() {
    let world = World::new("");
    world.ok(&["deploy"]);
    let url = world.url();
    let before = world.status();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.block_on(async {
        let running = load::start(Options {
            http: 4,
            rate: Some(100.0),
            ws: 5,
            sse: 5,
            ..Options::new(Target::parse(&url).unwrap(), Duration::from_secs(120))
        })
        .unwrap();
        assert!(running.ready().await);
        running
    });
    let agent = sys::process::ProcessId::of(pid(&before)).unwrap();
    assert!(agent.signal(Signal::KILL));
    while agent.is_alive() {
        std::thread::yield_now();
    }
    assert_eq!(world.serving(&url), "0.1.0 spring");
    world.run(&["status"]).expect_code(9);

    // The next deploy starts an agent that knows the instance, its log and the route.
    world.edition("after-the-crash");
    world.ok(&["deploy"]);
    assert_eq!(world.serving(&url), "0.1.0 after-the-crash");
    let after = world.status();
    assert_ne!(pid(&after), pid(&before));
    let old = &before["hosts"][0]["instances"][0];
    let same = after["hosts"][0]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .find(|instance| instance["id"] == old["id"])
        .expect("the old instance is known");
    assert_eq!(same["pid"], old["pid"], "it was not restarted");
    assert!(
        world
            .ok(&["app", "logs", "--instance", old["id"].as_str().unwrap()])
            .stdout
            .len()
            > 1
    );

    let report = runtime.block_on(async {
        running.stop();
        running.finish().await.unwrap()
    });
    let table = load::table(&report);
    assert_eq!((report.failed, report.sockets_cut), (0, 0), "{table}");
}
