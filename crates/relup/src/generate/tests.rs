//! Generated instructions of releases made of values.

use std::collections::BTreeSet;
use std::sync::Arc;

use beam::rel::StartType;
use beam::{AppFile, ModuleMd5};
use proptest::prelude::*;
use shape::NoModules;

use super::order::{self, Replaced};
use super::{Generated, Side, Why, generate};
use crate::model::Modules;
use crate::{Application, Direction, Module, Release};

/// A module: its name, the number that its digest is made of, what it exports and what it calls.
fn module(name: &str, code: u8, exports: &[(&str, u32)], imports: &[(&str, &str, u32)]) -> Module {
    let owned = |(m, f, a): &(&str, &str, u32)| ((*m).to_owned(), (*f).to_owned(), *a);
    let mut exports: Vec<_> = exports.iter().map(|(n, a)| ((*n).to_owned(), *a)).collect();
    let mut imports: Vec<_> = imports.iter().map(owned).collect();
    exports.sort();
    imports.sort();
    Module {
        name: name.to_owned(),
        md5: ModuleMd5([code; 16]),
        exports,
        imports,
        funs: 0,
        behaviours: Vec::new(),
        vsn: None,
        on_load: false,
        loads_nif: false,
        debug: None,
    }
}

fn behaving(behaviour: &str, module: Module) -> Module {
    Module {
        behaviours: vec![behaviour.to_owned()],
        ..module
    }
}

fn application(name: &str, vsn: &str, modules: Vec<Module>) -> Application {
    let modules: Modules = modules
        .into_iter()
        .map(|module| (module.name.clone(), Arc::new(module)))
        .collect();
    Application {
        name: name.to_owned(),
        vsn: vsn.to_owned(),
        start: StartType::Permanent,
        resource: AppFile {
            name: name.to_owned(),
            vsn: vsn.to_owned(),
            description: String::new(),
            modules: modules.keys().cloned().collect(),
            registered: Vec::new(),
            applications: Vec::new(),
            optional_applications: Vec::new(),
            included_applications: Vec::new(),
            start: None,
            env: Vec::new(),
        },
        modules,
        appup: None,
    }
}

fn release(vsn: &str, applications: Vec<Application>) -> Release {
    Release {
        name: "shop".to_owned(),
        vsn: vsn.to_owned(),
        erts: "13.1".to_owned(),
        applications,
        consolidated: Modules::new(),
        sys_config: None,
        runtime_config: false,
        files: Default::default(),
    }
}

fn generated(old: Vec<Application>, new: Vec<Application>) -> Generated {
    let (old, new) = (release("1", old), release("2", new));
    let side = |release| Side {
        release,
        code: &NoModules,
    };
    generate(side(&old), side(&new), &BTreeSet::new())
}

fn shown(generated: &Generated, application: &str, direction: Direction) -> Vec<String> {
    let script = generated.applications[application].part(direction).script();
    script.iter().map(|i| i.to_term().to_string()).collect()
}

#[test]
fn each_module_has_the_instruction_of_what_runs_on_it() {
    let modules = |code, with: Module| {
        vec![
            module("plain", code, &[], &[]),
            behaving(
                "gen_server",
                module("server", code, &[("code_change", 3)], &[]),
            ),
            behaving("gen_server", module("silent", code, &[], &[])),
            behaving("Elixir.Supervisor", module("supervisor", code, &[], &[])),
            module("keeper", code, &[], &[("Elixir.Agent", "start_link", 2)]),
            module("same", 0, &[], &[]),
            with,
        ]
    };
    let generated = generated(
        vec![application(
            "shop",
            "1",
            modules(1, module("old", 1, &[], &[])),
        )],
        vec![application(
            "shop",
            "2",
            modules(2, module("young", 2, &[], &[])),
        )],
    );
    // Without a code_change none may be called, and an Agent takes its argument for a function.
    let both = [
        "{update,keeper,soft,soft_purge,soft_purge,[]}",
        "{load_module,plain,soft_purge,soft_purge,[]}",
        "{update,server,{advanced,[]},soft_purge,soft_purge,[]}",
        "{update,silent,soft,soft_purge,soft_purge,[]}",
        "{update,supervisor,static,default,{advanced,[]},soft_purge,soft_purge,[]}",
    ];
    let sorted = |direction| {
        let mut script = shown(&generated, "shop", direction);
        script.sort();
        script
    };
    let with = |more: [&str; 2]| {
        let mut all: Vec<String> = both.iter().chain(&more).map(|s| (*s).to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(
        sorted(Direction::Up),
        with(["{add_module,young}", "{delete_module,old}"])
    );
    assert_eq!(
        sorted(Direction::Down),
        with(["{add_module,old}", "{delete_module,young}"])
    );
}

#[test]
fn what_is_called_is_there_before_its_callers_across_applications() {
    let stock = |vsn, code, exports: &[(&str, u32)]| {
        application("stock", vsn, vec![module("stock", code, exports, &[])])
    };
    let shop = |vsn, code, imports: &[(&str, &str, u32)]| {
        application("shop", vsn, vec![module("shop", code, &[], imports)])
    };
    let generated = generated(
        vec![shop("1", 1, &[]), stock("1", 1, &[])],
        vec![
            shop("2", 2, &[("stock", "unit", 0)]),
            stock("2", 2, &[("unit", 0)]),
        ],
    );
    // Upwards a module is loaded after what it depends on; downwards before.
    for direction in [Direction::Up, Direction::Down] {
        assert_eq!(
            shown(&generated, "shop", direction),
            ["{load_module,shop,soft_purge,soft_purge,[stock]}"]
        );
        assert_eq!(
            shown(&generated, "stock", direction),
            ["{load_module,stock,soft_purge,soft_purge,[]}"]
        );
    }
    assert_eq!(generated.refused, []);
}

#[test]
fn a_function_that_goes_goes_after_its_last_caller() {
    let modules = |code, exports: &[(&str, u32)], imports: &[(&str, &str, u32)]| {
        vec![
            module("a", code, &[], imports),
            module("b", code, exports, &[]),
        ]
    };
    let generated = generated(
        vec![application(
            "shop",
            "1",
            modules(1, &[("f", 0)], &[("b", "f", 0)]),
        )],
        vec![application("shop", "2", modules(2, &[], &[]))],
    );
    assert_eq!(
        shown(&generated, "shop", Direction::Up),
        [
            "{load_module,a,soft_purge,soft_purge,[]}",
            "{load_module,b,soft_purge,soft_purge,[a]}",
        ]
    );
    assert_eq!(generated.refused, []);
}

#[test]
fn what_is_new_comes_first_and_what_goes_last() {
    let modules = |code, other| vec![module("b", code, &[], &[]), module(other, 1, &[], &[])];
    let generated = generated(
        vec![application("shop", "1", modules(1, "a_old"))],
        vec![application("shop", "2", modules(2, "c_new"))],
    );
    let load = "{load_module,b,soft_purge,soft_purge,[]}";
    assert_eq!(
        shown(&generated, "shop", Direction::Up),
        ["{add_module,c_new}", load, "{delete_module,a_old}"]
    );
    assert_eq!(
        shown(&generated, "shop", Direction::Down),
        ["{add_module,a_old}", load, "{delete_module,c_new}"]
    );
}

#[test]
fn a_renamed_function_has_no_right_order() {
    let modules = |code, name| {
        vec![
            module("a", code, &[], &[("b", name, 0)]),
            module("b", code, &[(name, 0)], &[]),
        ]
    };
    let generated = generated(
        vec![application("shop", "1", modules(1, "f"))],
        vec![application("shop", "2", modules(2, "g"))],
    );
    let refused: Vec<_> = generated
        .refused
        .iter()
        .map(|r| (r.direction, &r.why))
        .collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    for (_, why) in refused {
        assert!(
            matches!(why, Why::CallWindow { callee, .. } if callee == "b"),
            "{why:?}"
        );
    }
}

#[test]
fn an_application_without_other_code_still_gets_its_new_directory() {
    let app = |vsn| application("shop", vsn, vec![module("a", 1, &[], &[])]);
    let generated = generated(vec![app("1")], vec![app("2")]);
    assert_eq!(
        shown(&generated, "shop", Direction::Up),
        ["{load_object_code,{shop,\"2\",[a]}}"]
    );
    assert_eq!(
        shown(&generated, "shop", Direction::Down),
        ["{load_object_code,{shop,\"1\",[a]}}"]
    );
}

#[test]
fn what_becomes_another_kind_of_process_is_refused() {
    let app = |vsn, behaviour| {
        let module = module("a", vsn, &[("code_change", 3), ("code_change", 4)], &[]);
        application("shop", &vsn.to_string(), vec![behaving(behaviour, module)])
    };
    let generated = generated(vec![app(1, "gen_server")], vec![app(2, "gen_statem")]);
    let roles = generated.refused.iter();
    assert_eq!(
        roles
            .filter(|r| matches!(r.why, Why::RoleChanged { .. }))
            .count(),
        2
    );
}

/// The functions that a module has, and the calls that it makes.
type Drawn = (BTreeSet<u8>, BTreeSet<(u8, u8)>);

/// Of each of a few modules what it is before and after.
fn calls() -> impl Strategy<Value = Vec<[Drawn; 2]>> {
    let version = || {
        let exports = prop::collection::btree_set(0_u8..3, 0..3);
        let imports = prop::collection::btree_set((0_u8..6, 0_u8..3), 0..5);
        (exports, imports)
    };
    prop::collection::vec([version(), version()], 6)
}

proptest! {
    /// Every call that fails at some moment of the order is told, and no other.
    #[test]
    fn every_window_is_told(calls in calls()) {
        let name = |i: u8| format!("m{i}");
        let function = |f: u8| format!("f{f}");
        let make = |i: usize, which: usize| {
            let (exports, imports) = &calls[i][which];
            let exports: Vec<String> = exports.iter().map(|f| function(*f)).collect();
            let exports: Vec<(&str, u32)> = exports.iter().map(|f| (f.as_str(), 0)).collect();
            let imports: Vec<_> = imports.iter().map(|(m, f)| (name(*m), function(*f))).collect();
            let imports: Vec<_> = imports.iter().map(|(m, f)| (m.as_str(), f.as_str(), 0)).collect();
            let code = u8::try_from(which).unwrap();
            Arc::new(module(&format!("m{i}"), code, &exports, &imports))
        };
        let versions: Vec<[Arc<Module>; 2]> = (0..6).map(|i| [make(i, 0), make(i, 1)]).collect();
        let replaced = versions.iter().map(|[from, to]| {
            let module = Replaced { application: "shop", from: Some(from), to: Some(to) };
            (from.name.clone(), module)
        });
        let order = order::order(&replaced.collect(), Direction::Up);
        prop_assert_eq!(order.modules.len(), 6);

        // Replaces them one after another, and looks at every call at every moment.
        let mut failing = BTreeSet::new();
        for done in 0..=6 {
            let now = |at: usize| {
                let place = order.modules.iter().position(|m| *m == format!("m{at}")).unwrap();
                &versions[at][usize::from(place < done)]
            };
            for at in 0..6 {
                for (callee, function, _) in &now(at).imports {
                    let to: usize = callee[1..].parse().unwrap();
                    // A call within, or one that was never answered, is no matter of the order.
                    let known = versions[to].iter().any(|v| v.exports(function, 0));
                    let own = versions.iter().enumerate().any(|(i, v)| {
                        let version = usize::from(Arc::ptr_eq(&v[1], now(at)));
                        i == at && versions[to][version].exports(function, 0)
                    });
                    if to != at && known && own && !now(to).exports(function, 0) {
                        failing.insert((format!("m{at}"), callee.clone(), format!("{function}/0")));
                    }
                }
            }
        }
        let told: BTreeSet<_> = order.windows.iter()
            .map(|w| (w.caller.clone(), w.callee.clone(), w.function.clone()))
            .collect();
        prop_assert_eq!(told, failing);
    }
}
