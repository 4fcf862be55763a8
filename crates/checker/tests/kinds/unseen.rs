use checker::{Kind, State};

use crate::scene::{Scene, edit};

#[test]
fn a_call_that_is_not_known_is_not_followed() {
    Scene::up()
        .then("{apply, {shop_db, migrate, []}}.\n")
        .refused(Kind::OpaqueApply);
    let mut on_load = Scene::up();
    edit(&mut on_load.newer, "shop_lib", |m| m.on_load = true);
    on_load.refused(Kind::OpaqueApply);
    let mut known = Scene::up().then("{apply, {shop_lib, migrate, []}}.\n");
    known.refused(Kind::UndefinedFunction);
    edit(&mut known.newer, "shop_lib", |m| {
        m.exports = vec![("migrate".to_owned(), 0)]
    });
    let kinds: Vec<Kind> = known.findings().iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [Kind::OpaqueApply]);
}

#[test]
fn a_changed_process_module_without_facts_is_unseen() {
    let mut behaves = Scene::up();
    edit(&mut behaves.older, "shop_lib", |m| {
        m.behaviours = vec!["gen_server".to_owned()]
    });
    behaves.refused(Kind::Unseen);
    let mut hidden = Scene::up();
    hidden.facts.unseen.insert("shop_lib".to_owned());
    hidden.refused(Kind::Unseen);
    let mut state = Scene::up();
    state.facts_of("shop_cart").state = State::Unseen;
    state.refused(Kind::Unseen);
}
