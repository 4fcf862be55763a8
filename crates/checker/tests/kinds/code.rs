use std::sync::Arc;

use checker::{CodeLoading, Kind, ProcessKind};

use crate::scene::{Scene, application, edit, module, process};

#[test]
fn a_module_is_read_before_it_is_loaded() {
    Scene::up()
        .with("shop_cart, shop_lib", "shop_cart")
        .refused(Kind::ObjectCodeNotRead);
}

#[test]
fn a_module_is_loaded_once() {
    let load = "{load, {shop_lib, brutal_purge, brutal_purge}}.\n";
    let twice = Scene::up()
        .with(
            "[shop_sup, shop_cart, shop_lib",
            "[shop_lib, shop_sup, shop_cart, shop_lib",
        )
        .with(load, &format!("{load}{load}"));
    twice.refused(Kind::LoadedTwice);
}

#[test]
fn a_changed_module_is_loaded() {
    let stale = Scene::up().with("{load, {shop_lib, brutal_purge, brutal_purge}}.\n", "");
    stale.refused(Kind::StaleModule);
}

#[test]
fn a_module_of_two_applications_ends_as_the_first_has_it() {
    let mut wrong = Scene::up();
    wrong.older.applications.push(application("web", "1", &[]));
    wrong
        .newer
        .applications
        .push(application("web", "2", &[("shop_lib", 7)]));
    let wrong = wrong.with(
        "shop_lib, shop_new]}}.\n",
        "shop_new]}}.\n{load_object_code, {web, \"2\", [shop_lib]}}.\n",
    );
    wrong.refused(Kind::WrongCode);
}

#[test]
fn an_added_module_is_loaded_where_nothing_else_loads_it() {
    let load = "{load, {shop_new, brutal_purge, brutal_purge}}.\n";
    Scene::up().with(load, "").refused(Kind::ModuleMissing);
    let mut lazy = Scene::up().with(load, "");
    lazy.facts.code_loading = CodeLoading::Interactive;
    lazy.accepted();
}

#[test]
fn a_removed_module_is_removed() {
    let left = Scene::up().with("{remove, {shop_gone, brutal_purge, brutal_purge}}.\n", "");
    left.refused(Kind::ModuleLeft);
}

#[test]
fn a_module_is_not_removed_while_something_needs_it() {
    let alive = Scene::up().with(
        "{apply, {supervisor, terminate_child, [shop_sup, shop_gone]}}.\n",
        "",
    );
    alive.refused(Kind::RemovedStillNeeded);
    let mut called = Scene::up();
    for release in [&mut called.older, &mut called.newer] {
        edit(release, "shop_same", |m| {
            m.imports = vec![("shop_gone".to_owned(), "price".to_owned(), 1)];
        });
    }
    called.refused(Kind::RemovedStillNeeded);
}

#[test]
fn a_protocol_is_loaded_consolidated() {
    let mut scene = Scene::up();
    for (release, code) in [(&mut scene.older, 1), (&mut scene.newer, 2)] {
        let protocol = module("shop_lib", 10 + code);
        release
            .consolidated
            .insert("shop_lib".to_owned(), Arc::new(protocol));
    }
    scene.refused(Kind::ProtocolNotConsolidated);
    let load = "{load, {shop_lib, brutal_purge, brutal_purge}}.\n";
    let swap = relup::generate::protocols::Swap {
        from: "1".to_owned(),
        to: "2".to_owned(),
        load: vec!["shop_lib".to_owned()],
    };
    let call = format!("{}.\n", swap.to_low().to_term());
    scene.with(load, &call).accepted();
}

#[test]
fn an_application_without_modules_read_keeps_its_old_directory() {
    let mut scene = Scene::up();
    scene
        .newer
        .applications
        .push(application("files", "1", &[]));
    scene.refused(Kind::CodePathStale);
}

#[test]
fn a_native_library_is_not_replaced_under_its_module() {
    let mut native = Scene::up();
    edit(&mut native.older, "shop_lib", |m| m.loads_nif = true);
    native.refused(Kind::NativeReplaced);
}

#[test]
fn the_code_server_keeps_its_own_directories() {
    let mut sticky = Scene::up();
    for (release, vsn, code) in [(&mut sticky.older, "1", 1), (&mut sticky.newer, "2", 2)] {
        release
            .applications
            .push(application("stdlib", vsn, &[("lists", code)]));
    }
    let sticky = sticky
        .with(
            "point_of_no_return.\n",
            "{load_object_code, {stdlib, \"2\", [lists]}}.\npoint_of_no_return.\n",
        )
        .then("{load, {lists, brutal_purge, brutal_purge}}.\n");
    sticky.refused(Kind::StickyDirectory);
}

#[test]
fn modules_that_belong_together_change_together() {
    let load = "{load, {shop_lib, brutal_purge, brutal_purge}}.\n";
    let suspend = "{suspend, [shop_cart]}.\n";
    let early = Scene::up()
        .with(load, "")
        .with(suspend, &format!("{load}{suspend}"));
    early.refused(Kind::MixedVersions);
    let mut libraries = Scene::up();
    let callees = ["shop_lib".to_owned()].into_iter().collect();
    libraries.facts.calls.insert("shop_sup".to_owned(), callees);
    libraries.facts.processes.remove(0);
    libraries
        .with(load, "")
        .then(load)
        .refused(Kind::MixedVersions);
}

#[test]
fn whoever_holds_old_code_is_not_forgotten() {
    let mut closure = Scene::up();
    let holders = ["shop_cart".to_owned()].into_iter().collect();
    closure
        .facts
        .closures
        .insert("shop_lib".to_owned(), holders);
    closure.refused(Kind::ProcessOnOldCode);
    closure.refused(Kind::PurgeKills);
    let mut plain = Scene::up();
    plain
        .facts
        .processes
        .push(process("shop_lib", ProcessKind::Plain));
    plain.refused(Kind::ProcessOnOldCode);
    let mut special = Scene::up();
    special.facts_of("shop_cart").kind = ProcessKind::Special;
    special.accepted();
    let running = special.with("{suspend, [shop_cart]}.\n", "");
    running.refused(Kind::ProcessOnOldCode);
    running.refused(Kind::PurgeKills);
}

#[test]
fn code_of_the_upgrade_before_may_still_be_held() {
    let mut held = Scene::up();
    held.facts.old_code.insert("shop_lib".to_owned());
    held.accepted();
    let holders = ["shop_cart".to_owned()].into_iter().collect();
    held.facts.closures.insert("shop_lib".to_owned(), holders);
    held.with("{shop_lib, brutal_purge", "{shop_lib, soft_purge")
        .refused(Kind::PurgeRefused);
}

#[test]
fn a_large_release_is_followed() {
    let names: Vec<String> = (0..3000).map(|n| format!("m{n}")).collect();
    let modules = |code| -> Vec<(&str, u8)> { names.iter().map(|n| (n.as_str(), code)).collect() };
    let mut large = Scene::up();
    large
        .older
        .applications
        .push(application("large", "1", &modules(1)));
    large
        .newer
        .applications
        .push(application("large", "2", &modules(2)));
    for (number, name) in names.iter().enumerate() {
        let callees = names[number.saturating_sub(8)..number]
            .iter()
            .cloned()
            .collect();
        large.facts.calls.insert(name.clone(), callees);
    }
    let read = format!(
        "{{load_object_code, {{large, \"2\", [{}]}}}}.\n",
        names.join(", ")
    );
    let point = "point_of_no_return.\n";
    let mut large = large.with(point, &format!("{read}{point}"));
    for name in &names {
        large = large.then(&format!(
            "{{load, {{{name}, brutal_purge, brutal_purge}}}}.\n"
        ));
    }
    large.accepted();
}
