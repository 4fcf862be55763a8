//! A relup of ours taken by `release_handler`, up and down, on a node that keeps its state.

use std::path::Path;
use std::process::Command;

use beam::Term;
use relup::{Appups, compile};

use crate::fixture::{App, Rel, term};
use crate::otp::text_of;

const APPUP: &str = r#"{"2",
    [{<<"1(\\..*)?">>,
      [{update,shop_sup,supervisor},
       {update,shop_server,{advanced,extra},[shop_extra]},
       {add_module,shop_extra}]}],
    [{"1",
      [{update,shop_sup,supervisor},
       {update,shop_server,{advanced,extra},[shop_extra]},
       {delete_module,shop_extra}]}]}."#;

/// Runs Erlang expressions after `arguments`.
fn erl(arguments: &[&str], code: &str, log: &Path) {
    let output = Command::new("erl")
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .args(["-noinput"])
        .args(arguments)
        .args(["-eval", &format!("{code}, halt(0).")])
        .output()
        .expect("erl is installed (script/setup)");
    let said = [output.stdout, output.stderr].concat();
    std::fs::write(log, &said).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn release_handler_upgrades_a_node_and_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let at = |name: &str| text_of(&root.join(name));
    let log = root.join("log");
    for (name, source) in [
        ("live", include_str!("live/live.erl")),
        ("shop_server", include_str!("live/shop_server.erl")),
        ("shop_sup", include_str!("live/shop_sup.erl")),
        ("shop_extra", include_str!("live/shop_extra.erl")),
        ("bonus", include_str!("live/bonus.erl")),
    ] {
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join(format!("src/{name}.erl")), source).unwrap();
    }

    let mut first = App::new("shop", "1", &["shop_server", "shop_sup"]);
    first.callback = Some("shop_sup".to_owned());
    let mut second = first.clone();
    second.vsn = "2".to_owned();
    second.modules.push("shop_extra".to_owned());
    second.appup = Some(APPUP.to_owned());
    let bonus = App::new("bonus", "1", &["bonus"]);
    let mut r1 = Rel::new("r1", [first]);
    let mut r2 = Rel::new("r2", [second, bonus]);
    for app in r1.apps[3..].iter().chain(&r2.apps[3..]) {
        app.write(root);
    }
    let compile_live = format!(
        "{{ok, live, Code}} = compile:file({}, [binary, report]), \
         {{module, live}} = code:load_binary(live, \"live.erl\", Code)",
        at("src/live.erl")
    );
    let prepare = format!("{compile_live}, live:prepare({}, {})", at("src"), at(""));
    erl(&["-boot", "start_clean"], &prepare, &log);

    let otp = term(&std::fs::read_to_string(root.join("otp")).unwrap());
    let Some([erts, vsns]) = otp.as_tuple() else {
        panic!("{otp}");
    };
    for rel in [&mut r1, &mut r2] {
        rel.erts = erts.text().unwrap();
        for app in &mut rel.apps[..3] {
            app.vsn = vsns.get(&app.name).and_then(Term::text).unwrap();
        }
    }
    let (top, base) = (r2.value(), r1.value());
    let relup = compile(&top, &[&base], &Appups::own(&top)).unwrap();
    std::fs::write(root.join("releases/r2/relup"), relup.to_string()).unwrap();

    let create = format!(
        "{compile_live}, ok = release_handler:create_RELEASES({}, {}, {}, [{{shop, \"1\", {}}}])",
        at(""),
        at("releases"),
        at("releases/r1/r1.rel"),
        at("lib")
    );
    erl(&["-boot", "start_clean"], &create, &log);
    let boot = root.join("releases/r1/start");
    let releases = at("releases").to_string();
    erl(
        &[
            "-boot",
            boot.to_str().unwrap(),
            "-sasl",
            "sasl_error_logger",
            "false",
            "releases_dir",
            &releases,
        ],
        &format!("{compile_live}, live:upgrade({})", at("")),
        &log,
    );
    // A node that gives up an upgrade ends as quietly as one that is done.
    let done = std::fs::read_to_string(root.join("done"));
    assert_eq!(done.ok().as_deref(), Some("both_ways.\n"));
}
