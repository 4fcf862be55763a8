//! Every instruction on its own, and what has rules of its own, held against OTP.

use beam::rel::StartType;
use relup::Direction;

use crate::fixture::{App, Rel};
use crate::pairs::{agreed, outcomes};

/// The other version has `a`, `b`, `c` and `old`; this one `a`, `b`, `c` and `new`.
fn one_app(up: &str, down: &str) -> (Rel, Rel) {
    let appup = format!("{{\"2\",[{{\"1\",[{up}]}}],[{{\"1\",[{down}]}}]}}.");
    let top = App::new("shop", "2", &["a", "b", "c", "new"]).with_appup(appup);
    let base = App::new("shop", "1", &["a", "b", "c", "old"]);
    (Rel::new("r2", [top]), Rel::new("r1", [base]))
}

/// Each line both ways; this version's modules are handled one way, the other's the other way.
const SCRIPTS: &[&str] = &[
    "{update,a}",
    "{update,a,supervisor}",
    "{update,a,soft}",
    "{update,a,{advanced,extra}}",
    "{update,a,[b]},{update,b}",
    "{update,a,soft,[b]},{load_module,b}",
    "{update,a,{advanced,[]},[b]},{update,b,{advanced,1}}",
    "{update,a,{advanced,x},soft_purge,brutal_purge,[]}",
    "{update,a,infinity,{advanced,x},brutal_purge,soft_purge,[]}",
    "{update,a,3000,soft,soft_purge,soft_purge,[]}",
    "{update,a,default,soft,soft_purge,soft_purge,[]}",
    "{update,a,static,default,{advanced,x},brutal_purge,brutal_purge,[]}",
    "{update,a,dynamic,1,{advanced,x},brutal_purge,brutal_purge,[]}",
    "{update,a,static,default,{advanced,x},brutal_purge,brutal_purge,[b]},{update,b,{advanced,y}}",
    "{load_module,a}",
    "{load_module,a,[b,c]},{load_module,b},{load_module,c}",
    "{load_module,a,soft_purge,brutal_purge,[]}",
    "{add_module,a}",
    "{add_module,a,[b]},{load_module,b}",
    "{delete_module,gone}",
    "{delete_module,gone,[a]},{load_module,a}",
    "{load_module,a,[gone]},{delete_module,gone}",
    "{update,a,[gone]},{delete_module,gone,[c]},{update,c,{advanced,[]}}",
    "{restart_application,shop}",
    "{load_module,a},{apply,{m,f,[]}},{load_module,b}",
    "{load_module,a,[b]},{apply,{m,f,[]}},{load_module,b}",
    // Circles, and what hangs on them.
    "{update,a,[b]},{update,b,[a]}",
    "{update,a,[b]},{update,b,[c]},{update,c,[a]}",
    "{update,c,[a]},{update,a,[b]},{update,b,[a]}",
    "{load_module,a,[a]}",
    "{update,a,[b,b]},{update,b}",
    // Low-level instructions.
    "{load_object_code,{shop,\"2\",[x]}},{load,{x,soft_purge,brutal_purge}}",
    "{load,{x,soft_purge,brutal_purge}},{load_object_code,{shop,\"2\",[x]}}",
    "{apply,{m,f,[]}},{load_object_code,{shop,\"2\",[x]}},point_of_no_return,\
     {load,{x,brutal_purge,brutal_purge}}",
    "point_of_no_return",
    "point_of_no_return,{load_module,a}",
    "{load_object_code,{other,\"7\",[x,y]}},{load_object_code,{third,\"1\",[]}},\
     {load_object_code,{other,\"7\",[z,x]}}",
    "{load_object_code,{other,\"7\",[x,x]}},{load_object_code,{other,\"7\",[y]}}",
    "{load_object_code,{other,\"7\",[x,y]}},{load_object_code,{other,\"7\",[x]}}",
    "{remove,{x,soft_purge,brutal_purge}},{purge,[x,y]}",
    "{purge,[]}",
    "{suspend,[x,{y,5000},{z,infinity},{v,default}]},{resume,[v,z,y,x]}",
    "{suspend,[x]},{code_change,[{x,extra}]},{resume,[x]}",
    "{suspend,[x]},{code_change,up,[{x,extra}]},{resume,[x]}",
    "{suspend,[x]},{code_change,down,[{x,extra}]},{resume,[x]}",
    "{suspend,[x,y]},{resume,[x]},{resume,[y]}",
    "{stop,[x,y]},{start,[y]},{start,[x]}",
    "{sync_nodes,id,[a@b]}",
    "{sync_nodes,{any,\"id\"},{m,f,[x]}}",
    "{apply,{m,f,\"chars\"}}",
    "{load_module,a},restart_new_emulator,{load_module,b}",
    "restart_new_emulator",
    "restart_emulator,{load_module,a},restart_emulator",
    "restart_new_emulator,restart_emulator,restart_new_emulator",
    "[{apply,{m,f,[]}},{load_module,a,brutal_purge,brutal_purge,[]}]",
    "[],{update,a}",
    "",
];

#[test]
fn every_instruction_is_translated_as_otp_does() {
    let pairs: Vec<(Rel, Rel)> = SCRIPTS.iter().map(|text| one_app(text, text)).collect();
    let of: Vec<_> = pairs.iter().map(|(top, base)| (top, vec![base])).collect();
    let outcomes = outcomes(&of);
    for ((text, (top, bases)), outcome) in SCRIPTS.iter().zip(&of).zip(&outcomes) {
        match agreed(top, bases, outcome) {
            Ok(true) => {}
            Ok(false) => panic!("{text}: refused: {:?}", outcome.ours),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

fn app(name: &str, vsn: &str) -> App {
    let modules = [format!("{name}_b"), format!("{name}_a")];
    App::new(name, vsn, &[&modules[0], &modules[1]])
}

fn started(mut app: App, start: StartType) -> App {
    app.start = start;
    app
}

fn using(mut app: App, uses: &[&str]) -> App {
    app.uses = uses.iter().map(|&name| name.to_owned()).collect();
    app
}

#[test]
fn releases_are_gathered_as_otp_does() {
    use StartType::{Load, None, Permanent, Temporary, Transient};
    let updating = |name: &str| {
        let script = format!("{{update,{name}_a}},{{load_module,{name}_b}}");
        let appup = format!("{{\"2\",[{{\"1\",[{script}]}}],[{{\"1\",[{script}]}}]}}.");
        app(name, "2").with_appup(appup)
    };
    let restarting = |name: &str, start| {
        let script = format!("{{restart_application,{name}}}");
        let appup = format!("{{\"2\",[{{\"1\",[{script}]}}],[{{\"1\",[{script}]}}]}}.");
        started(app(name, "2").with_appup(appup), start)
    };
    let mut cases: Vec<(&str, Rel, Vec<Rel>)> = Vec::new();
    for start in [Permanent, Transient, Temporary, Load, None] {
        cases.push((
            "added and removed",
            Rel::new("r2", [started(app("new", "1"), start), app("stays", "1")]),
            vec![Rel::new(
                "r1",
                [started(app("gone", "1"), start), app("stays", "1")],
            )],
        ));
        cases.push((
            "restarted",
            Rel::new("r2", [restarting("shop", start)]),
            vec![Rel::new("r1", [started(app("shop", "1"), Permanent)])],
        ));
    }
    cases.push((
        "in the order of the start, not of the .rel file",
        Rel::new(
            "r2",
            [
                using(updating("one"), &["two"]),
                updating("two"),
                updating("three"),
            ],
        ),
        vec![Rel::new(
            "r1",
            [app("three", "1"), app("two", "1"), app("one", "1")],
        )],
    ));
    let mut other_erts = Rel::new("r1", [app("shop", "1"), app("gone", "1")]);
    other_erts.erts = "12.0".to_owned();
    cases.push((
        "on another ERTS",
        Rel::new("r2", [updating("shop"), app("new", "1")]),
        vec![other_erts.clone()],
    ));
    cases.push((
        "several bases",
        Rel::new("r2", [updating("shop"), app("new", "1")]),
        vec![
            other_erts,
            Rel::new("r0", [app("shop", "1")]),
            Rel::new("rx", [app("shop", "2"), app("other", "1")]),
        ],
    ));
    let included = |mut app: App, name: &str| {
        app.includes = vec![name.to_owned()];
        app
    };
    cases.push((
        "with included applications",
        Rel::new(
            "r2",
            [
                included(updating("outer"), "inner"),
                using(updating("user"), &["inner"]),
                updating("inner"),
            ],
        ),
        vec![Rel::new(
            "r1",
            [app("user", "1"), app("inner", "1"), app("outer", "1")],
        )],
    ));
    cases.push((
        "nothing to do",
        Rel::new("r2", [app("shop", "1")]),
        vec![Rel::new("r1", [app("shop", "1")])],
    ));

    let of: Vec<_> = cases
        .iter()
        .map(|(_, top, bases)| (top, bases.iter().collect()))
        .collect();
    let outcomes = outcomes(&of);
    for (((name, ..), (top, bases)), outcome) in cases.iter().zip(&of).zip(&outcomes) {
        match agreed(top, bases, outcome) {
            Ok(true) => {}
            Ok(false) => panic!("{name}: refused: {:?}", outcome.ours),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    let several = outcomes[cases.len() - 3].ours.as_ref().unwrap();
    let bases: Vec<_> = several
        .edges(Direction::Up)
        .iter()
        .map(|e| e.vsn.as_str())
        .collect();
    assert_eq!(bases, ["rx", "r0", "r1"]);
}
