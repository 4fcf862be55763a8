//! Bad input on the way from the store to the host: a clear error, and stable serves on.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use crate::rig::World;

fn artifact(world: &World) -> (String, PathBuf) {
    let built = world.ok(&["build", "--json"]).json();
    let path = built["path"].as_str().unwrap().into();
    (built["artifact"].as_str().unwrap().to_owned(), path)
}

#[test]
fn an_altered_or_truncated_artifact_never_reaches_a_host() {
    let world = World::new("");
    world.ok(&["deploy"]);
    let url = world.url();
    world.edition("tampered");
    let (id, path) = artifact(&world);
    let good = fs::read(&path).unwrap();
    let mut altered = good.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 0x40;
    for bad in [&altered[..], &good[..middle]] {
        fs::write(&path, bad).unwrap();
        let said = world.run(&["deploy", "--artifact", &id]).expect_code(5);
        assert!(
            said.stderr.contains("hint") || said.stderr.contains("build"),
            "{said:#?}"
        );
        assert_eq!(world.serving(&url), "0.1.0 spring");
    }
    fs::write(&path, &good).unwrap();
    world.ok(&["deploy", "--artifact", &id]);
    assert_eq!(world.serving(&url), "0.1.0 tampered");
}

#[test]
fn an_artifact_signed_by_a_stranger_is_refused() {
    let world = World::new("");
    let (id, _) = artifact(&world);
    fs::remove_dir_all(world.home().join("agent/trusted")).unwrap();
    let said = world.run(&["deploy", "--artifact", &id]).expect_code(5);
    assert!(said.stderr.contains("not trusted"), "{said:#?}");
}

#[test]
fn a_listen_port_in_use_is_named_before_anything_is_started() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let world = World::new("");
    world.edit(
        "cutover.toml",
        "listen = \"127.0.0.1:0\"",
        &format!("listen = \"127.0.0.1:{port}\""),
    );
    let said = world.run(&["deploy"]).expect_code(3);
    assert!(said.stderr.contains(&port.to_string()), "{said:#?}");
    assert!(
        said.stderr.contains("cutover.toml:"),
        "names the place: {said:#?}"
    );
    assert!(
        world
            .ok(&["history", "--json"])
            .json()
            .as_array()
            .unwrap()
            .is_empty()
    );
    drop(taken);
    world.ok(&["deploy"]);
}

#[test]
fn an_artifact_of_another_release_is_not_taken_for_this_service() {
    let world = World::new("");
    let (id, _) = artifact(&world);
    world.edit(
        "cutover.toml",
        "service = \"shop\"",
        "service = \"shop\"\nrelease = \"kiosk\"",
    );
    let said = world.run(&["deploy", "--artifact", &id]).expect_code(3);
    assert!(said.stderr.contains("kiosk"), "{said:#?}");
    world
        .run(&["deploy", "--artifact", "latest"])
        .expect_code(2);
    let said = world.run(&["rollback", "0.1.0"]).expect_code(2);
    assert!(said.stderr.contains("never"), "{said:#?}");
}
