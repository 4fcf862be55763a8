//! Scripts and what becomes of them, each way, as text.

use beam::term::consult_one;
use beam::{AppFile, Limits};

use crate::{Application, Appups, Direction, Low, Release, compile};

fn application(name: &str, vsn: &str, modules: &str, appup: Option<&str>) -> Application {
    let text = format!("{{application,{name},[{{vsn,\"{vsn}\"}},{{modules,[{modules}]}}]}}.");
    let term = |text: &str| consult_one(text.as_bytes(), &Limits::RELEASE).unwrap();
    Application {
        name: name.to_owned(),
        vsn: vsn.to_owned(),
        start: beam::rel::StartType::Permanent,
        resource: AppFile::read(text.as_bytes(), &Limits::RELEASE).unwrap(),
        modules: Default::default(),
        appup: appup.map(term),
    }
}

fn release(vsn: &str, app: Application) -> Release {
    let otp = ["kernel", "stdlib", "sasl"].map(|name| application(name, "9", "", None));
    Release {
        name: "table".to_owned(),
        vsn: vsn.to_owned(),
        erts: "13".to_owned(),
        applications: otp.into_iter().chain([app]).collect(),
        consolidated: Default::default(),
        sys_config: None,
        runtime_config: false,
        files: Default::default(),
    }
}

/// Both versions have the modules `a` to `e`; what is expected is one instruction a line.
fn check(direction: Direction, script: &str, expected: &str) {
    let modules = "a,b,c,d,e";
    let appup = format!("{{\"1\",[{{\"1\",[{script}]}}],[{{\"1\",[{script}]}}]}}.");
    let appup = appup.replacen("\"1\"", "\"2\"", 1);
    let top = release("r2", application("app", "2", modules, Some(&appup)));
    let base = release("r1", application("app", "1", modules, None));
    let relup = compile(&top, &[&base], &Appups::own(&top)).unwrap();
    let lows = relup.edges(direction)[0].instructions.iter();
    let text: Vec<String> = lows.map(|low: &Low| low.to_term().to_string()).collect();
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    let expected: Vec<&str> = expected
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(text, expected, "{direction}: {script}");
}

#[test]
fn states_change_after_the_code_up_and_before_it_down() {
    let script = "{update,a,{advanced,x}}";
    check(
        Direction::Up,
        script,
        "{load_object_code,{app,\"2\",[a]}}
         point_of_no_return
         {suspend,[a]}
         {load,{a,brutal_purge,brutal_purge}}
         {code_change,up,[{a,x}]}
         {resume,[a]}",
    );
    check(
        Direction::Down,
        script,
        "{load_object_code,{app,\"1\",[a]}}
         point_of_no_return
         {suspend,[a]}
         {code_change,down,[{a,x}]}
         {load,{a,brutal_purge,brutal_purge}}
         {resume,[a]}",
    );
}

#[test]
fn dependents_stop_first_and_states_of_static_modules_change_late() {
    let script = "{update,c,static,7000,{advanced,[]},soft_purge,soft_purge,[]},
                  {update,a,{advanced,x},[b,c]},{load_module,b,[c]}";
    check(
        Direction::Up,
        script,
        "{load_object_code,{app,\"2\",[a,b,c]}}
         point_of_no_return
         {suspend,[a,{c,7000}]}
         {load,{c,soft_purge,soft_purge}}
         {load,{b,brutal_purge,brutal_purge}}
         {load,{a,brutal_purge,brutal_purge}}
         {code_change,up,[{a,x},{c,[]}]}
         {resume,[c,a]}",
    );
    check(
        Direction::Down,
        script,
        "{load_object_code,{app,\"1\",[a,b,c]}}
         point_of_no_return
         {suspend,[a,{c,7000}]}
         {code_change,down,[{a,x}]}
         {load,{a,brutal_purge,brutal_purge}}
         {load,{b,brutal_purge,brutal_purge}}
         {load,{c,soft_purge,soft_purge}}
         {code_change,down,[{c,[]}]}
         {resume,[c,a]}",
    );
}

#[test]
fn circles_stay_in_the_order_of_the_appup_and_ties_too() {
    check(
        Direction::Up,
        "{update,e,[d]},{update,c,[b]},{update,b,[c,a]},{update,a},{update,d,[a]}",
        "{load_object_code,{app,\"2\",[e,c,b,d,a]}}
         point_of_no_return
         {suspend,[e,c,b,d,a]}
         {load,{a,brutal_purge,brutal_purge}}
         {load,{d,brutal_purge,brutal_purge}}
         {load,{b,brutal_purge,brutal_purge}}
         {load,{c,brutal_purge,brutal_purge}}
         {load,{e,brutal_purge,brutal_purge}}
         {resume,[a,d,b,c,e]}",
    );
}

#[test]
fn what_stands_between_modules_of_a_block_comes_after_it() {
    check(
        Direction::Up,
        "{load_module,a,[c]},{apply,{m,f,[1]}},{delete_module,gone},{apply,{m,f,[2]}},{load_module,c}",
        "{load_object_code,{app,\"2\",[a,c]}}
         point_of_no_return
         {load,{c,brutal_purge,brutal_purge}}
         {load,{a,brutal_purge,brutal_purge}}
         {apply,{m,f,[1]}}
         {remove,{gone,brutal_purge,brutal_purge}}
         {purge,[gone]}
         {apply,{m,f,[2]}}",
    );
}

#[test]
fn restarts_of_the_node_have_their_places() {
    let script = "{load_module,a},restart_emulator,restart_new_emulator,{apply,{m,f,[]}}";
    check(
        Direction::Up,
        script,
        "restart_new_emulator
         {load_object_code,{app,\"2\",[a]}}
         point_of_no_return
         {load,{a,brutal_purge,brutal_purge}}
         {apply,{m,f,[]}}
         restart_emulator",
    );
    check(
        Direction::Down,
        script,
        "{load_object_code,{app,\"1\",[a]}}
         point_of_no_return
         {load,{a,brutal_purge,brutal_purge}}
         {apply,{m,f,[]}}
         restart_emulator",
    );
}

#[test]
fn a_restarted_application_is_stopped_purged_loaded_and_started() {
    check(
        Direction::Up,
        "{restart_application,app}",
        "{load_object_code,{app,\"2\",[a,b,c,d,e]}}
         point_of_no_return
         {apply,{application,stop,[app]}}
         {remove,{a,brutal_purge,brutal_purge}}
         {remove,{b,brutal_purge,brutal_purge}}
         {remove,{c,brutal_purge,brutal_purge}}
         {remove,{d,brutal_purge,brutal_purge}}
         {remove,{e,brutal_purge,brutal_purge}}
         {purge,[a,b,c,d,e]}
         {load,{a,brutal_purge,brutal_purge}}
         {load,{b,brutal_purge,brutal_purge}}
         {load,{c,brutal_purge,brutal_purge}}
         {load,{d,brutal_purge,brutal_purge}}
         {load,{e,brutal_purge,brutal_purge}}
         {apply,{application,start,[app,permanent]}}",
    );
}

#[test]
fn reads_are_merged_and_come_first() {
    check(
        Direction::Up,
        "{apply,{m,early,[]}},{load_object_code,{other,\"7\",[x,y]}},point_of_no_return,
         {load,{y,soft_purge,soft_purge}},{load_module,a},{load_object_code,{other,\"7\",[z,x]}}",
        "{load_object_code,{other,\"7\",[y,z,x]}}
         {load_object_code,{app,\"2\",[a]}}
         {apply,{m,early,[]}}
         point_of_no_return
         {load,{y,soft_purge,soft_purge}}
         {load,{a,brutal_purge,brutal_purge}}",
    );
}
