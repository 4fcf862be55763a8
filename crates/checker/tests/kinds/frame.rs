use checker::Kind;

use crate::scene::Scene;

#[test]
fn a_script_needs_one_point_of_no_return() {
    Scene::up()
        .with("point_of_no_return.\n", "")
        .refused(Kind::PointOfNoReturnMissing);
    let twice = Scene::up().then("point_of_no_return.\n");
    twice.refused(Kind::PointOfNoReturnDoubled);
}

#[test]
fn only_reading_may_stand_before_it() {
    let early = Scene::up().with("{suspend, [shop_cart]}.\n", "").with(
        "point_of_no_return.\n",
        "{suspend, [shop_cart]}.\npoint_of_no_return.\n",
    );
    early.refused(Kind::BeforePointOfNoReturn);
}

#[test]
fn object_code_is_read_before_it() {
    let late = Scene::up().then("{load_object_code, {shop, \"2\", [shop_same]}}.\n");
    late.refused(Kind::ObjectCodeTooLate);
}

#[test]
fn a_restart_is_no_hot_upgrade_wherever_it_stands() {
    Scene::up()
        .then("restart_emulator.\n")
        .refused(Kind::Restart);
    let early = Scene::up().with("{resume, [shop_cart]}.\n", "restart_emulator.\n");
    early.refused(Kind::RestartInTheMiddle);
    let first = Scene {
        script: format!("restart_new_emulator.\n{}", crate::scene::UP),
        ..Scene::up()
    };
    first.refused(Kind::RestartInTheMiddle);
    let mut emulator = Scene::up();
    emulator.newer.erts = "14.0".to_owned();
    emulator.refused(Kind::Restart);
}

#[test]
fn waiting_for_other_nodes_may_never_end() {
    Scene::up()
        .then("{sync_nodes, all, [other@host]}.\n")
        .refused(Kind::WaitsForNodes);
    Scene::up().then("{sync_nodes, all, []}.\n").accepted();
}

#[test]
fn what_is_read_is_the_target_release() {
    let lib = "{shop, \"2\"";
    Scene::up()
        .with(lib, "{shup, \"2\"")
        .refused(Kind::UnknownApplication);
    Scene::up()
        .with(lib, "{shop, \"3\"")
        .refused(Kind::WrongVersion);
    let gone = Scene::up().with("shop_lib, shop_new", "shop_lib, shop_new, shop_gone");
    gone.refused(Kind::UnknownModule);
}

#[test]
fn another_content_needs_another_version() {
    let mut same = Scene::up();
    same.newer.applications[0].vsn = "1".to_owned();
    same.with("{shop, \"2\"", "{shop, \"1\"")
        .refused(Kind::VersionUnchanged);
}
