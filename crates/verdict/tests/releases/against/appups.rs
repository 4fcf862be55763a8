//! Appups kept in a project that OTP would follow.

use beam::Limits;
use beam::term::consult_one;
use relup::{Appup, Appups, Source};
use verdict::Answer::{NotSafe, Safe};
use verdict::{Judged, Kind, judge};

use super::{COUNTER, label_changed, till};
use crate::judged::{Pair, against, answers, shown};
use crate::variant::Variant;

/// The verdict with an appup of the shop kept in the project.
fn with_appup(new: &Variant, up: &str, down: &str) -> Judged {
    let pair = Pair::of(&Variant::base(), new);
    let text = format!("{{\"1.1.0\",[{{\"1.0.0\",{up}}}],[{{\"1.0.0\",{down}}}]}}.");
    let term = consult_one(text.as_bytes(), &Limits::RELEASE).unwrap();
    let mut kept = Appups::default();
    kept.insert("shop", Source::Project, Appup::read(&term).unwrap());
    judge(&pair.old, &pair.new, &kept)
}

#[test]
fn a_kept_appup_is_checked_for_coverage() {
    let new = label_changed().replace(COUNTER, "state.count + 1", "state.count + 2");
    let whole = "[{update,'Elixir.Shop.Counter',{advanced,[]}},{load_module,'Elixir.Shop.Text'}]";
    let judged = with_appup(&new, whole, whole);
    assert_eq!(answers(&judged), (Safe, Safe), "{}", shown(&judged));

    let without = "[{update,'Elixir.Shop.Counter',{advanced,[]}}]";
    let judged = with_appup(&new, without, whole);
    assert_eq!(answers(&judged), (NotSafe, Safe), "{}", shown(&judged));
    let reason = against(&judged, Kind::ModuleUncovered)[0];
    assert!(reason.detail.contains("Shop.Text"), "{}", reason.detail);

    // OTP would look for it in the release and refuse; here the reason is named.
    let unknown = "[{update,'Elixir.Shop.Counter',{advanced,[]}},{load_module,'Elixir.Shop.Text'},\
                   {delete_module,'Elixir.Shop.Ghost'}]";
    let judged = with_appup(&new, unknown, whole);
    assert_eq!(judged.verdict.up, NotSafe, "{}", shown(&judged));
}

#[test]
fn a_call_of_which_nobody_knows_what_it_does_is_refused() {
    let script = "[{load_module,'Elixir.Shop.Text'},{apply,{os,cmd,[\"true\"]}}]";
    let judged = with_appup(&label_changed(), script, script);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
    assert!(!against(&judged, Kind::ScriptRefused).is_empty());
}

#[test]
fn loading_code_under_running_processes_is_refused_though_otp_lets_it_pass() {
    // Neither suspended nor changed: every process of the module goes on with a state that the new code
    // does not know.
    let new = Variant::next()
        .replace(COUNTER, "bumps: 0}}", "bumps: 0, step: 1}}")
        .replace(COUNTER, "state.count + 1", "state.count + state.step")
        .replace(
            COUNTER,
            "  def handle_call(:value",
            "  @impl true\n  def code_change({:down, _}, state, _), do: {:ok, Map.delete(state, :step)}\n  \
             def code_change(_, state, _), do: {:ok, Map.put(state, :step, 1)}\n\n  \
             @impl true\n  def handle_call(:value",
        );
    for script in [
        "[{load_module,'Elixir.Shop.Counter'}]",
        "[{update,'Elixir.Shop.Counter'}]",
    ] {
        let judged = with_appup(&new, script, script);
        assert_eq!(
            answers(&judged),
            (NotSafe, NotSafe),
            "{script}\n{}",
            shown(&judged)
        );
    }
    let script = "[{update,'Elixir.Shop.Counter',{advanced,[]}}]";
    let judged = with_appup(&new, script, script);
    assert_eq!(answers(&judged), (Safe, Safe), "{}", shown(&judged));
}

#[test]
fn an_update_of_the_application_module_does_not_bring_a_child() {
    // The running supervisor's callback module is `Supervisor.Default`, and it gives the old list again.
    let new = till(Variant::next(), "deps: []").replace(
        "lib/shop/application.ex",
        "{Shop.Counter, 0}",
        "{Shop.Counter, 0},\n      Till.Drawer",
    );
    let new = new.replace("till/mix.exs", "mod: {Till, []}", "env: []");
    let up = "[{update,'Elixir.Shop.Application',supervisor}]";
    let judged = with_appup(&new, up, up);
    assert_eq!(judged.verdict.up, NotSafe, "{}", shown(&judged));
    let reasons = against(&judged, Kind::SupervisionChanged);
    assert!(!reasons.is_empty(), "{}", shown(&judged));
}

#[test]
fn a_protocol_loaded_from_its_application_is_refused() {
    let new = Variant::next().replace(
        "lib/shop/price.ex",
        "defprotocol Shop.Price do\n",
        "defprotocol Shop.Price do\n  def rebate(thing)\n",
    );
    let script = "[{load_module,'Elixir.Shop.Price'}]";
    let judged = with_appup(&new, script, script);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
}
