//! The comparison itself: what it must hold equal, and what it must tell apart.

use relup::Low;

use crate::fixture::term;
use crate::order::{Dependencies, compare};

fn script(text: &str) -> Vec<Low> {
    let term = term(&format!("[{text}]."));
    let lows = term.as_list().unwrap().iter();
    lows.map(|t| Low::read(t).unwrap()).collect()
}

/// `a` depends on `b` and `c`, which depend on `d`; `p` and `q` on each other; `z` on nothing.
fn dependencies() -> Dependencies {
    let mut dependencies = Dependencies::default();
    for (module, on) in [
        ("a", vec!["b", "c"]),
        ("b", vec!["d"]),
        ("c", vec!["d"]),
        ("d", vec![]),
        ("p", vec!["q"]),
        ("q", vec!["p"]),
        ("z", vec![]),
    ] {
        let on: Vec<String> = on.into_iter().map(str::to_owned).collect();
        dependencies.add(module, &on);
    }
    dependencies
}

const GOOD: &str = r#"{load_object_code,{one,"1",[a,b,c,d]}},
    {load_object_code,{two,"2",[p,q,z]}},
    {apply,{m,early,[]}},
    point_of_no_return,
    {suspend,[a,{b,5000},c,d]},
    {load,{d,brutal_purge,brutal_purge}},
    {remove,{c,brutal_purge,brutal_purge}},
    {purge,[c]},
    {load,{b,soft_purge,brutal_purge}},
    {load,{a,brutal_purge,soft_purge}},
    {code_change,up,[{a,x},{b,[]},{c,y}]},
    {resume,[d,c,b,a]},
    {suspend,[p,q]},
    {load,{q,brutal_purge,brutal_purge}},
    {load,{p,brutal_purge,brutal_purge}},
    {resume,[q,p]},
    {load,{z,brutal_purge,brutal_purge}},
    {apply,{m,late,[]}},
    restart_emulator"#;

fn verdict(changed: &str) -> Result<(), String> {
    compare(&script(GOOD), &script(changed), &dependencies())
}

fn replaced(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

#[test]
fn orders_that_mean_nothing_are_the_same() {
    assert_eq!(verdict(GOOD), Ok(()));
    for (from, to) in [
        ("[a,b,c,d]", "[d,b,a,c]"),
        (
            "{load_object_code,{one,\"1\",[a,b,c,d]}},\n    {load_object_code,{two,\"2\",[p,q,z]}}",
            "{load_object_code,{two,\"2\",[q,p,z]}},{load_object_code,{one,\"1\",[a,b,c,d]}}",
        ),
        ("[a,{b,5000},c,d]", "[a,c,{b,5000},d]"),
        ("[d,c,b,a]", "[d,b,c,a]"),
        ("[{a,x},{b,[]},{c,y}]", "[{a,x},{c,y},{b,[]}]"),
        (
            "{remove,{c,brutal_purge,brutal_purge}},\n    {purge,[c]},\n    {load,{b,soft_purge,brutal_purge}}",
            "{load,{b,soft_purge,brutal_purge}},{remove,{c,brutal_purge,brutal_purge}},{purge,[c]}",
        ),
    ] {
        assert_eq!(verdict(&replaced(from, to)), Ok(()), "{from} -> {to}");
    }
}

#[test]
fn wrong_scripts_are_told_apart() {
    for (from, to) in [
        // The order of what depends on each other.
        ("[a,{b,5000},c,d]", "[{b,5000},a,c,d]"),
        ("[a,{b,5000},c,d]", "[a,{b,5000},d,c]"),
        ("[d,c,b,a]", "[a,b,c,d]"),
        ("[{a,x},{b,[]},{c,y}]", "[{b,[]},{a,x},{c,y}]"),
        ("[p,q]},\n    {load,{q", "[q,p]},\n    {load,{q"),
        (
            "{load,{b,soft_purge,brutal_purge}},\n    {load,{a,brutal_purge,soft_purge}}",
            "{load,{a,brutal_purge,soft_purge}},{load,{b,soft_purge,brutal_purge}}",
        ),
        (
            "{load,{q,brutal_purge,brutal_purge}},\n    {load,{p,brutal_purge,brutal_purge}}",
            "{load,{p,brutal_purge,brutal_purge}},{load,{q,brutal_purge,brutal_purge}}",
        ),
        // The order of kinds.
        (
            "{code_change,up,[{a,x},{b,[]},{c,y}]},\n    {resume,[d,c,b,a]}",
            "{resume,[d,c,b,a]},{code_change,up,[{a,x},{b,[]},{c,y}]}",
        ),
        (
            "{suspend,[p,q]},\n    {load,{q,brutal_purge,brutal_purge}}",
            "{load,{q,brutal_purge,brutal_purge}},{suspend,[p,q]}",
        ),
        (
            "{load,{a,brutal_purge,soft_purge}},\n    {code_change,up,[{a,x},{b,[]},{c,y}]}",
            "{code_change,up,[{a,x},{b,[]},{c,y}]},{load,{a,brutal_purge,soft_purge}}",
        ),
        (
            "{apply,{m,early,[]}},\n    point_of_no_return",
            "point_of_no_return,{apply,{m,early,[]}}",
        ),
        (
            "{apply,{m,late,[]}},\n    restart_emulator",
            "restart_emulator,{apply,{m,late,[]}}",
        ),
        // Blocks that nothing holds together keep their order.
        (
            "{resume,[q,p]},\n    {load,{z,brutal_purge,brutal_purge}}",
            "{load,{z,brutal_purge,brutal_purge}},{resume,[q,p]}",
        ),
        // What belongs together is taken apart, or put together.
        ("{suspend,[p,q]}", "{suspend,[p]},{suspend,[q]}"),
        (
            "{remove,{c,brutal_purge,brutal_purge}},\n    {purge,[c]},\n    {load,{b,soft_purge,brutal_purge}}",
            "{remove,{c,brutal_purge,brutal_purge}},{load,{b,soft_purge,brutal_purge}},{purge,[c]}",
        ),
        // Options.
        ("{b,5000}", "{b,5001}"),
        ("{b,5000}", "b"),
        (
            "{b,soft_purge,brutal_purge}",
            "{b,brutal_purge,brutal_purge}",
        ),
        ("{a,brutal_purge,soft_purge}", "{a,soft_purge,brutal_purge}"),
        ("{code_change,up", "{code_change,down"),
        ("{a,x}", "{a,y}"),
        ("{one,\"1\"", "{one,\"1.0\""),
        ("[p,q,z]", "[p,q]"),
        ("{m,late,[]}", "{m,late,[1]}"),
    ] {
        assert!(verdict(&replaced(from, to)).is_err(), "{from} -> {to}");
    }
}

#[test]
fn nothing_is_dropped_or_doubled_unseen() {
    let good = script(GOOD);
    for at in 0..good.len() {
        let mut dropped = good.clone();
        dropped.remove(at);
        assert!(compare(&good, &dropped, &dependencies()).is_err(), "{at}");
        let mut doubled = good.clone();
        doubled.insert(at, good[at].clone());
        assert!(compare(&good, &doubled, &dependencies()).is_err(), "{at}");
    }
}
