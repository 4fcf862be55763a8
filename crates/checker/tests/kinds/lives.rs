use beam::rel::StartType;
use checker::Kind;

use crate::scene::{Scene, application, release};

const ADDED: &str = "
{load_object_code, {db, \"1\", [db]}}.
point_of_no_return.
{load, {db, brutal_purge, brutal_purge}}.
{apply, {application, start, [db, permanent]}}.
";

const REMOVED: &str = "
point_of_no_return.
{apply, {application, stop, [db]}}.
{remove, {db, brutal_purge, brutal_purge}}.
{purge, [db]}.
{apply, {application, unload, [db]}}.
";

/// `web` in both releases, `db` in one; `web` of that one needs it.
fn releases(scene: &mut Scene, in_older: bool) {
    let mut web = application("web", "1", &[("web", 1)]);
    let db = application("db", "1", &[("db", 1)]);
    let without = release(if in_older { "2" } else { "1" }, vec![web.clone()]);
    web.vsn = "2".to_owned();
    let with = release(if in_older { "1" } else { "2" }, vec![db, web]);
    let (mut older, mut newer) = if in_older {
        (with, without)
    } else {
        (without, with)
    };
    for release in [&mut older, &mut newer] {
        for app in &mut release.applications {
            app.vsn = "1".to_owned();
        }
    }
    (scene.older, scene.newer) = (older, newer);
    scene.facts = checker::Facts::none(checker::CodeLoading::Embedded);
}

fn added() -> Scene {
    let mut scene = Scene {
        script: ADDED.to_owned(),
        ..Scene::up()
    };
    releases(&mut scene, false);
    scene
}

fn removed() -> Scene {
    let mut scene = Scene {
        script: REMOVED.to_owned(),
        ..Scene::up()
    };
    releases(&mut scene, true);
    scene
}

#[test]
fn applications_come_and_go() {
    added().accepted();
    removed().accepted();
}

#[test]
fn an_added_application_is_started() {
    let start = "{apply, {application, start, [db, permanent]}}.\n";
    added().with(start, "").refused(Kind::ApplicationNotStarted);
    let mut loaded = added().with(start, "");
    loaded.newer.applications[0].start = StartType::Load;
    loaded.refused(Kind::ApplicationNotStarted);
    loaded
        .then("{apply, {application, load, [db]}}.\n")
        .accepted();
}

#[test]
fn an_application_is_started_the_releases_way() {
    added()
        .with("[db, permanent]", "[db, temporary]")
        .refused(Kind::WrongStartType);
    added()
        .with("[db, permanent]", "[db]")
        .refused(Kind::WrongStartType);
}

#[test]
fn what_an_application_needs_is_there_before_it() {
    let load = "{load, {db, brutal_purge, brutal_purge}}.\n";
    added()
        .with(load, "")
        .then(load)
        .refused(Kind::StartedTooEarly);
    let mut needy = added();
    needy.newer.applications[0].resource.applications = vec!["cache".to_owned()];
    needy
        .newer
        .applications
        .push(application("cache", "1", &[]));
    needy.refused(Kind::StartedTooEarly);
}

#[test]
fn a_removed_application_is_stopped_and_unloaded() {
    for call in ["stop", "unload"] {
        let line = format!("{{apply, {{application, {call}, [db]}}}}.\n");
        removed().with(&line, "").refused(Kind::ApplicationLeft);
    }
}

#[test]
fn an_application_is_not_stopped_while_another_needs_it() {
    let mut needed = removed();
    needed.newer.applications[0].resource.applications = vec!["db".to_owned()];
    needed.refused(Kind::StoppedStillNeeded);
}

#[test]
fn an_application_that_no_release_has_is_unknown() {
    added()
        .with("start, [db,", "start, [dp,")
        .refused(Kind::UnknownApplication);
}
