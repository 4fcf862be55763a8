use checker::{Kind, Migration, ProcessKind, Reach, Restart, State};

use crate::scene::{Scene, edit};

const SUSPEND: &str = "{suspend, [shop_cart]}.\n";
const RESUME: &str = "{resume, [shop_cart]}.\n";
const CHANGE: &str = "{code_change, up, [{shop_cart, go}]}.\n";
const LOAD: &str = "{load, {shop_cart, brutal_purge, brutal_purge}}.\n";

#[test]
fn a_state_that_nothing_converts_does_not_fit() {
    Scene::up().with(CHANGE, "").refused(Kind::StateUnfit);
    let mut injected = Scene::up();
    injected.facts_of("shop_cart").state = State::Changed {
        up: Migration::Missing,
        down: Migration::Missing,
    };
    injected.refused(Kind::StateUnfit);
    let early = Scene::up()
        .with(RESUME, "")
        .with(CHANGE, &format!("{RESUME}{CHANGE}"));
    early.refused(Kind::StateUnfit);
}

#[test]
fn a_process_does_not_change_its_behaviour() {
    let mut statem = Scene::up();
    statem.facts_of("shop_cart").state = State::Unchanged;
    edit(&mut statem.older, "shop_cart", |m| {
        m.behaviours = vec!["gen_server".to_owned()]
    });
    edit(&mut statem.newer, "shop_cart", |m| {
        m.behaviours = vec!["gen_statem".to_owned()]
    });
    statem.refused(Kind::StateUnfit);
}

#[test]
fn who_is_suspended_is_resumed() {
    Scene::up().with(RESUME, "").refused(Kind::NeverResumed);
}

#[test]
fn code_is_not_changed_under_a_running_process() {
    let running = Scene::up()
        .with(SUSPEND, "")
        .with(RESUME, "")
        .with(CHANGE, "");
    running.refused(Kind::NotSuspended);
    let mut same_state = Scene::up()
        .with(SUSPEND, "")
        .with(RESUME, "")
        .with(CHANGE, "");
    same_state.facts_of("shop_cart").state = State::Unchanged;
    same_state.facts.calls.clear();
    same_state.accepted();
}

#[test]
fn suspend_reaches_only_who_lists_the_module() {
    for reach in [
        Reach::Unsupervised,
        Reach::Listed(vec!["shop_other".to_owned()]),
    ] {
        let mut hidden = Scene::up();
        hidden.facts_of("shop_cart").reach = reach;
        hidden.refused(Kind::Unreachable);
    }
}

#[test]
fn dynamic_modules_are_answered_by_event_managers_only() {
    let mut silent = Scene::up();
    silent.facts_of("shop_cart").reach = Reach::Dynamic;
    silent.refused(Kind::DynamicUnanswered);
    let mut events = Scene::up();
    let handler = events.facts_of("shop_cart");
    (handler.reach, handler.kind) = (Reach::Dynamic, ProcessKind::GenEvent);
    events.accepted();
}

#[test]
fn a_busy_process_is_passed_by() {
    let mut busy = Scene::up();
    busy.facts_of("shop_cart").busy_ms = Some(12_000);
    busy.refused(Kind::SuspendTimeout);
    busy.with(SUSPEND, "{suspend, [{shop_cart, 20000}]}.\n")
        .accepted();
}

#[test]
fn a_suspended_supervisor_cannot_be_asked() {
    let nested = Scene::up()
        .with("{suspend, [shop_sup]}.\n", "")
        .with(SUSPEND, &format!("{{suspend, [shop_sup]}}.\n{SUSPEND}"));
    nested.refused(Kind::SupervisorSuspended);
}

#[test]
fn a_suspended_supervisor_is_not_called() {
    let call = "{apply, {supervisor, restart_child, [shop_sup, shop_new]}}.\n";
    let resume = "{resume, [shop_sup]}.\n";
    let hanging = Scene::up()
        .with(call, "")
        .with(resume, &format!("{call}{resume}"));
    hanging.refused(Kind::WouldHang);
}

#[test]
fn resume_and_code_change_need_a_suspend() {
    Scene::up()
        .with(SUSPEND, "")
        .refused(Kind::ResumeWithoutSuspend);
    Scene::up()
        .with(SUSPEND, "")
        .refused(Kind::CodeChangeNotSuspended);
    let late = Scene::up()
        .with(CHANGE, "")
        .with(RESUME, &format!("{RESUME}{CHANGE}"));
    late.refused(Kind::CodeChangeNotSuspended);
}

#[test]
fn code_change_has_its_place_by_direction() {
    let early = Scene::up()
        .with(CHANGE, "")
        .with(LOAD, &format!("{CHANGE}{LOAD}"));
    early.refused(Kind::CodeChangeOrder);
    let change = "{code_change, down, [{shop_cart, go}]}.\n";
    let late = Scene::down()
        .with(change, "")
        .with(LOAD, &format!("{LOAD}{change}"));
    late.refused(Kind::CodeChangeOrder);
    let change = "{code_change, down, [{shop_sup, []}]}.\n";
    let load = "{load, {shop_sup, brutal_purge, brutal_purge}}.\n";
    let early = Scene::down()
        .with(change, "")
        .with(load, &format!("{change}{load}"));
    early.refused(Kind::CodeChangeOrder);
}

#[test]
fn code_change_goes_the_scripts_way() {
    Scene::up()
        .with("{code_change, up,", "{code_change, down,")
        .refused(Kind::CodeChangeMode);
    Scene::down()
        .with("{code_change, down,", "{code_change, up,")
        .refused(Kind::CodeChangeMode);
}

#[test]
fn a_state_is_changed_once() {
    Scene::up()
        .with(CHANGE, &format!("{CHANGE}{CHANGE}"))
        .refused(Kind::CodeChangeTwice);
}

#[test]
fn code_change_gets_the_argument_it_knows() {
    Scene::up()
        .with("{shop_cart, go}", "{shop_cart, []}")
        .refused(Kind::CodeChangeExtra);
}

#[test]
fn code_change_exists_where_it_is_called() {
    let mut none = Scene::up();
    edit(&mut none.newer, "shop_cart", |m| m.exports.clear());
    none.refused(Kind::CodeChangeMissing);
    let mut downwards = Scene::down();
    edit(&mut downwards.older, "shop_cart", |m| m.exports.clear());
    downwards.accepted();
    let mut statem = Scene::up();
    statem.facts_of("shop_cart").kind = ProcessKind::GenStatem;
    edit(&mut statem.newer, "shop_cart", |m| {
        m.exports.retain(|e| e.1 == 3)
    });
    statem.refused(Kind::CodeChangeMissing);
}

#[test]
fn the_dead_change_no_code() {
    let stop = "{apply, {supervisor, terminate_child, [shop_sup, shop_cart]}}.\n";
    Scene::up()
        .with(CHANGE, &format!("{stop}{CHANGE}"))
        .refused(Kind::CodeChangeOfDead);
}

#[test]
fn what_is_stopped_is_started() {
    let restarted = Scene::up()
        .with(SUSPEND, "{stop, [shop_cart]}.\n")
        .with(CHANGE, "")
        .with(RESUME, "{start, [shop_cart]}.\n");
    restarted.accepted();
    let lost = restarted.with("{start, [shop_cart]}.\n", "");
    lost.refused(Kind::StopWithoutStart);
    lost.refused(Kind::ChildMissing);
    Scene::up()
        .then("{start, [shop_cart]}.\n")
        .refused(Kind::StartWithoutStop);
}

#[test]
fn a_temporary_process_is_not_started_again() {
    let mut lost = Scene::up()
        .with(SUSPEND, "{stop, [shop_cart]}.\n")
        .with(CHANGE, "")
        .with(RESUME, "{start, [shop_cart]}.\n");
    lost.facts_of("shop_cart").restart = Restart::Temporary;
    lost.refused(Kind::ProcessLost);
}
