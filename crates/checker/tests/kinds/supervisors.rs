use beam::Term;
use checker::{ChildList, Children, Kind, SupervisorCallback};

use crate::scene::{Scene, list, term};

fn lists(scene: &mut Scene) -> (&mut ChildList, &mut ChildList) {
    match &mut scene.facts.supervisors[0].children {
        Children::Listed {
            older: Some(older),
            newer: Some(newer),
        } => (older, newer),
        other => panic!("no lists: {other:?}"),
    }
}

#[test]
fn a_new_child_is_started() {
    let call = "{apply, {supervisor, restart_child, [shop_sup, shop_new]}}.\n";
    Scene::up().with(call, "").refused(Kind::ChildMissing);
    Scene::up()
        .with("{code_change, up, [{shop_sup, []}]}.\n", "")
        .refused(Kind::ChildMissing);
}

#[test]
fn a_supervisor_of_arguments_learns_nothing_by_code_change() {
    let mut arguments = Scene::up();
    arguments.facts.supervisors[0].callback = SupervisorCallback::Arguments;
    arguments.refused(Kind::ChildMissing);
    let restart = "{apply, {supervisor, restart_child, [shop_sup, shop_new]}}.\n";
    let start = "{apply, {supervisor, start_child, \
                 [shop_sup, {shop_new, {shop_new, start_link, []}, permanent, 5000, worker, [shop_new]}]}}.\n";
    arguments.with(restart, start).accepted();
}

#[test]
fn a_child_that_is_gone_is_forgotten() {
    let left = Scene::up().with(
        "{apply, {supervisor, delete_child, [shop_sup, shop_gone]}}.\n",
        "",
    );
    left.refused(Kind::ChildLeft);
}

#[test]
fn a_child_of_other_arguments_is_started_anew() {
    let mut other = Scene::up();
    let (_, newer) = lists(&mut other);
    newer.children[0].start = term("{shop_cart, start_link, [fast]}");
    other.refused(Kind::ChildOutdated);
    let again = "{apply, {supervisor, terminate_child, [shop_sup, shop_cart]}}.\n\
                 {apply, {supervisor, restart_child, [shop_sup, shop_cart]}}.\n";
    other.then(again).accepted();
}

#[test]
fn flags_are_updated() {
    let mut flags = Scene::up();
    let (older, newer) = lists(&mut flags);
    *older = list(&["shop_cart", "shop_new"]);
    newer.flags = term("#{strategy => one_for_one}");
    let change = "{code_change, up, [{shop_sup, []}]}.\n";
    flags.with(change, "").refused(Kind::FlagsOutdated);
}

#[test]
fn the_order_of_children_counts_where_the_strategy_looks_at_it() {
    let mut reordered = Scene::up();
    reordered.facts.supervisors[0].callback = SupervisorCallback::Arguments;
    let restart = "{apply, {supervisor, restart_child, [shop_sup, shop_new]}}.\n";
    let start = "{apply, {supervisor, start_child, \
                 [shop_sup, #{id => shop_new, start => {shop_new, start_link, []}}]}}.\n";
    lists(&mut reordered).1.children.reverse();
    let mut reordered = reordered.with(restart, start);
    reordered.refused(Kind::ChildrenReordered);
    let flags = term("#{strategy => one_for_one}");
    lists(&mut reordered).0.flags = flags.clone();
    lists(&mut reordered).1.flags = flags;
    reordered.accepted();
}

#[test]
fn calls_name_who_is_there() {
    let call = "restart_child, [shop_sup, shop_new]";
    Scene::up()
        .with(call, "restart_child, [shop_sap, shop_new]")
        .refused(Kind::UnknownChild);
    Scene::up()
        .with(call, "restart_child, [shop_sup, shop_now]")
        .refused(Kind::UnknownChild);
    Scene::up()
        .with(call, "start_child, [shop_sup, shop_new]")
        .refused(Kind::UnknownChild);
}

#[test]
fn children_that_differ_under_one_code_are_unseen() {
    let mut same = Scene::up();
    let older = same.older.applications[0].modules["shop_sup"].clone();
    same.newer.applications[0]
        .modules
        .insert("shop_sup".to_owned(), older);
    same.refused(Kind::Unseen);
    let mut unseen = Scene::up();
    unseen.facts.supervisors[0].children = Children::Unseen;
    unseen.refused(Kind::Unseen);
    assert_ne!(Term::atom("shop_sup"), Term::string("shop_sup"));
}
