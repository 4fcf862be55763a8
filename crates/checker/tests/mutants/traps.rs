//! What OTP lets pass: scripts that its compiler makes gladly, that harm a live node, and are refused.

use checker::Kind;

use crate::oracle::Oracle;
use crate::releases::Releases;
use crate::world::{Age, App, Part, PartKind, Way, World};
use crate::{follow, script};

/// One application, one supervisor, one worker whose state changes.
fn shop() -> World {
    let part = |name: &str, kind| Part::new(name.to_owned(), 0, kind);
    let mut worker = part("ant_w0", PartKind::GenServer);
    worker.parent = Some("ant_sup".to_owned());
    (worker.code_changed, worker.state_changed) = (true, true);
    World {
        apps: vec![App {
            name: "ant".to_owned(),
            in_older: true,
            in_newer: true,
            needs: Vec::new(),
        }],
        parts: vec![
            part("ant_app", PartKind::Callback),
            part("ant_sup", PartKind::Supervisor),
            worker,
        ],
    }
}

/// The node ends with `harm` in what is seen of it, and the checker has said so before.
fn harms(oracle: &mut Oracle, name: &str, world: &World, kind: Kind, harm: &str) {
    let releases = Releases::build(world, oracle, name);
    let script = script::good(world, Age::Older);
    let report = follow(&releases, Age::Older, &script);
    let kinds: Vec<Kind> = report.findings.iter().map(|f| f.kind).collect();
    assert!(
        kinds.contains(&kind),
        "{name}: expected {kind:?}, found {kinds:?}"
    );
    let seen = oracle.good(&releases.case(Age::Older), &script);
    assert!(
        seen.contains(harm),
        "{name}: expected {harm}, the node says {seen}"
    );
}

#[test]
fn what_harms_without_a_word_is_refused() {
    let mut oracle = Oracle::start();
    let node = &mut oracle;

    let mut world = shop();
    world.parts[2].spec = ", modules => [other]".to_owned();
    harms(
        node,
        "unlisted",
        &world,
        Kind::Unreachable,
        "{unfit,ant_w0}",
    );

    let mut world = shop();
    world.parts[2].spec = ", modules => dynamic".to_owned();
    harms(
        node,
        "dynamic",
        &world,
        Kind::DynamicUnanswered,
        "{result,{failed,hangs}}",
    );

    let mut world = shop();
    world.parts[2].spec = ", restart => temporary".to_owned();
    world.parts[2].way = Way::Restart;
    harms(
        node,
        "temporary",
        &world,
        Kind::ProcessLost,
        "{ant_w0,dead}",
    );

    // An application without modules is in no directory that changes.
    let mut world = shop();
    world.apps.push(App {
        name: "bee".to_owned(),
        in_older: false,
        in_newer: true,
        needs: Vec::new(),
    });
    harms(
        node,
        "bare",
        &world,
        Kind::StartedTooEarly,
        "{running,[{ant,\"2\"}]}",
    );
}
