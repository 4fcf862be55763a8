//! Every kind of finding, each by a script that is good but for one thing.

mod code;
mod frame;
mod lives;
mod processes;
mod scene;
mod supervisors;
mod unseen;

use checker::Kind;
use scene::Scene;

#[test]
fn a_good_script_is_accepted_in_both_directions() {
    Scene::up().accepted();
    Scene::down().accepted();
}

/// Sources of the tests name each kind: a kind without a test fails here.
#[test]
fn every_kind_has_a_test() {
    let sources = [
        include_str!("code.rs"),
        include_str!("frame.rs"),
        include_str!("lives.rs"),
        include_str!("processes.rs"),
        include_str!("supervisors.rs"),
        include_str!("unseen.rs"),
    ];
    let tested = |kind: &Kind| {
        let name = format!("refused(Kind::{kind:?})");
        sources.iter().any(|source| source.contains(&name))
    };
    let untested: Vec<_> = Kind::ALL.iter().filter(|kind| !tested(kind)).collect();
    assert!(untested.is_empty(), "without a test: {untested:?}");
}
