//! Processes and supervisors that an upgrade would harm, or leave as they were.

use verdict::Answer::{NotSafe, Safe};
use verdict::Kind;

use super::{CART, COUNTER, TEXT, judged, refused};
use crate::judged::{against, answers, shown};
use crate::variant::Variant;

#[test]
fn a_child_started_otherwise_is_not_brought_to_the_running_supervisor() {
    let base = Variant::base();
    let kind = Kind::SupervisionChanged;
    let arguments = Variant::next().replace(
        "lib/shop/application.ex",
        "{Shop.Counter, 0}",
        "{Shop.Counter, 5}",
    );
    assert!(refused(&base, &arguments, kind).contains("Counter"));
    let strategy =
        Variant::next().replace("lib/shop/application.ex", ":one_for_one", ":rest_for_one");
    refused(&base, &strategy, kind);
    let form = Variant::next().replace("lib/shop/workers.ex", ":one_for_one", ":one_for_all");
    refused(&base, &form, kind);
    let computed = Variant::next().replace(
        "lib/shop/application.ex",
        "Supervisor.start_link(children,",
        "Supervisor.start_link(children ++ List.wrap(System.get_env(\"SHOP\") && Shop.Cart),",
    );
    refused(&base, &computed, kind);
}

#[test]
fn a_state_of_another_shape_without_code_change_is_not_safe() {
    let base = Variant::base();
    let kind = Kind::StateShapeChanged;
    let map = Variant::next()
        .replace(COUNTER, "bumps: 0}}", "bumps: 0, step: 1}}")
        .replace(COUNTER, "state.count + 1", "state.count + state.step");
    assert!(refused(&base, &map, kind).contains("step"));
    let structure = Variant::next()
        .replace(
            CART,
            "items: [], total: 0",
            "items: [], total: 0, discount: 0",
        )
        .replace(
            CART,
            "cart.total, cart}\nend",
            "cart.total - cart.discount, cart}\nend",
        );
    refused(&base, &structure, kind);
    let record = Variant::next()
        .replace("src/shop_gate.erl", "pushes = 0", "tries = 0, pushes = 0")
        .replace(
            "src/shop_gate.erl",
            "passed = Passed + 1",
            "passed = Passed + 1, tries = 0",
        );
    refused(&base, &record, kind);
    let states = Variant::next()
        .replace(
            "src/shop_gate.erl",
            "{ok, locked, #gate{}}",
            "{ok, closed, #gate{}}",
        )
        .replace("src/shop_gate.erl", "locked/3", "closed/3")
        .replace("src/shop_gate.erl", "locked({call", "closed({call")
        .replace(
            "src/shop_gate.erl",
            "{next_state, locked",
            "{next_state, closed",
        );
    refused(&base, &states, kind);
}

#[test]
fn a_struct_that_others_may_hold_is_not_safe() {
    let field = Variant::next().replace("lib/shop/item.ex", "cents: 0", "cents: 0, rebate: 0");
    let detail = refused(&Variant::base(), &field, Kind::StateShapeChanged);
    assert!(
        detail.contains("%Shop.Item{}") && detail.contains("rebate"),
        "{detail}"
    );
}

#[test]
fn a_closure_in_a_state_goes_on_with_the_old_code() {
    let holds = |variant: Variant| {
        variant
            .replace(
                COUNTER,
                "bumps: 0}}",
                "bumps: 0, format: fn n -> \"<#{n}>\" end}}",
            )
            .replace(
                COUNTER,
                "Shop.Text.label(state.count)",
                "state.format.(state.count)",
            )
    };
    let new = holds(Variant::next()).replace(COUNTER, "<#{n}>", "[#{n}]");
    let judged = judged(&holds(Variant::base()), &new);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
    assert!(
        !against(&judged, Kind::ClosureHeld).is_empty(),
        "{}",
        shown(&judged)
    );
}

#[test]
fn a_process_that_suspend_does_not_find_is_not_safe() {
    let kind = Kind::Unreachable;
    let fix = |variant: Variant| variant.replace(COUNTER, "state.count + 1", "state.count + 2");
    // The child specification lists another module.
    let unlisted = |variant: Variant| {
        variant.replace(
            "lib/shop/application.ex",
            "{Shop.Counter, 0}",
            "%{id: Shop.Counter, start: {Shop.Counter, :start_link, [0]}, modules: [Shop.Text]}",
        )
    };
    let detail = refused(
        &unlisted(Variant::base()),
        &fix(unlisted(Variant::next())),
        kind,
    );
    assert!(detail.contains("Shop.Text"), "{detail}");
    // Nobody supervises it.
    let alone = |variant: Variant| {
        variant
            .replace("lib/shop/application.ex", "Shop.Workers,\n      {Shop.Counter, 0}", "Shop.Workers")
            .replace(
                "lib/shop/application.ex",
                "    children = [",
                "    {:ok, _} = GenServer.start(Shop.Counter, 0, name: Shop.Counter)\n\n    children = [",
            )
    };
    refused(&alone(Variant::base()), &fix(alone(Variant::next())), kind);
    // A loop that knows no system messages.
    let task = |variant: Variant| {
        variant
            .write(
                "lib/shop/ticker.ex",
                "defmodule Shop.Ticker do\n  use Task, restart: :permanent\n\n  \
                 def start_link(_), do: Task.start_link(__MODULE__, :loop, [1])\n\n  \
                 def loop(n) do\n    Process.sleep(1000)\n    loop(n + 1)\n  end\nend\n",
            )
            .replace(
                "lib/shop/application.ex",
                "{Shop.Counter, 0}",
                "{Shop.Counter, 0},\n      Shop.Ticker",
            )
    };
    let faster = task(Variant::next()).replace("lib/shop/ticker.ex", "1000", "500");
    let detail = refused(&task(Variant::base()), &faster, kind);
    assert!(detail.contains("Shop.Ticker"), "{detail}");
}

#[test]
fn a_message_that_waits_must_find_its_clause() {
    let kind = Kind::MessageUnhandled;
    let renamed = Variant::next()
        .replace(COUNTER, ":bump,", ":inc,")
        .replace(COUNTER, ":bump)", ":inc)");
    assert!(refused(&Variant::base(), &renamed, kind).contains("bump"));
    // A message more is nothing to the new code, and unknown to the old one on the way back.
    let more = Variant::next().replace(
        COUNTER,
        "  def handle_call(:value",
        "  def handle_call(:twice, _from, state), do: {:reply, 2 * state.count, state}\n  def handle_call(:value",
    );
    let judged = judged(&Variant::base(), &more);
    assert_eq!(answers(&judged), (Safe, NotSafe), "{}", shown(&judged));
}

#[test]
fn what_a_process_does_at_its_start_is_not_done_by_one_that_runs() {
    let base = Variant::base();
    let kind = Kind::StartChanged;
    let name = Variant::next().replace(COUNTER, "__MODULE__", ":shop_counter");
    refused(&base, &name, kind);
    let table = Variant::next().replace(
        COUNTER,
        "def init(first), do: {:ok,",
        "def init(first), do: :ets.new(:shop, [:named_table]) && {:ok,",
    );
    assert!(refused(&base, &table, kind).contains("ets:new"));
    let application = Variant::next().replace(
        "lib/shop/application.ex",
        "    children = [",
        "    :persistent_term.put(:shop, 1)\n    children = [",
    );
    assert!(refused(&base, &application, kind).contains("persistent_term:put"));
}

#[test]
fn what_another_module_makes_of_a_state_is_followed() {
    // Nothing in the process's own module differs, and OTP would not even suspend it.
    let through = |variant: Variant| {
        variant
            .write(
                "lib/shop/first.ex",
                "defmodule Shop.First do\n  def state(first), do: Shop.Second.state(first)\nend\n",
            )
            .write(
                "lib/shop/second.ex",
                "defmodule Shop.Second do\n  def state(first), do: %{count: first, bumps: 0}\nend\n",
            )
            .replace(COUNTER, "{:ok, %{count: first, bumps: 0}}", "{:ok, Shop.First.state(first)}")
    };
    let new = through(Variant::next()).replace(
        "lib/shop/second.ex",
        "%{count: first, bumps: 0}",
        "%{count: {first, :pieces}, bumps: 0}",
    );
    refused(&through(Variant::base()), &new, Kind::StateShapeChanged);
}

#[test]
fn another_shape_within_a_state_is_seen() {
    let kind = Kind::StateShapeChanged;
    let items = Variant::next()
        .replace(
            CART,
            "items: [cents | cart.items]",
            "items: [{cents, :eur} | cart.items]",
        )
        .replace(
            CART,
            "def handle_call(:total, _from, cart), do: {:reply, cart.total, cart}",
            "def handle_call(:total, _from, cart),\n    \
             do: {:reply, Enum.sum(Enum.map(cart.items, fn {cents, :eur} -> cents end)), cart}",
        );
    refused(&Variant::base(), &items, kind);
    let tuple = Variant::next()
        .replace(
            COUNTER,
            "%{count: first, bumps: 0}",
            "%{count: {first, 0}, bumps: 0}",
        )
        .replace(
            COUNTER,
            "count: state.count + 1,",
            "count: {elem(state.count, 0) + 1, 0},",
        );
    refused(&Variant::base(), &tuple, kind);
}

#[test]
fn what_lies_in_tables_keeps_its_shape() {
    let writes = |variant: Variant, row: &str| {
        variant.replace(
            CART,
            "    {:reply, cart.total, cart}\n",
            &format!("    :ets.insert(:shop, {row})\n    {{:reply, cart.total, cart}}\n"),
        )
    };
    let old = writes(Variant::base(), "{:total, cart.total}");
    let new = writes(Variant::next(), "{:total, cart.total, :eur}");
    refused(&old, &new, Kind::StateShapeChanged);
}

#[test]
fn a_function_handed_out_by_name_must_stay() {
    let old = Variant::base().replace(
        CART,
        "def init(_), do: ",
        "def init(_), do: :timer.apply_interval(60_000, Shop.Text, :label, [1]) && ",
    );
    let new = Variant::next()
        .replace(
            CART,
            "def init(_), do: ",
            "def init(_), do: :timer.apply_interval(60_000, Shop.Text, :caption, [1]) && ",
        )
        .replace(
            TEXT,
            "  def price",
            "  def caption(count), do: Integer.to_string(count)\n  def price",
        )
        .replace(
            TEXT,
            "def label(count), do: \"count: \" <> Integer.to_string(count)\n",
            "",
        )
        .replace(COUNTER, "Shop.Text.label", "Integer.to_string");
    let judged = judged(&old, &new);
    assert_eq!(judged.verdict.up, NotSafe, "{}", shown(&judged));
    let held = against(&judged, Kind::ClosureHeld);
    assert!(
        held.iter().any(|r| r.detail.contains("Shop.Text.label/1")),
        "{}",
        shown(&judged)
    );
}

#[test]
fn a_loop_in_a_supervised_task_goes_on_with_the_old_code() {
    let polls = |variant: Variant| {
        variant
            .replace(
                "lib/shop/application.ex",
                "{Shop.Counter, 0}",
                "{Shop.Counter, 0},\n      {Task.Supervisor, name: Shop.Tasks}",
            )
            .write(
                "lib/shop/poll.ex",
                "defmodule Shop.Poll do\n  \
                 def start, do: Task.Supervisor.start_child(Shop.Tasks, fn -> loop(0) end)\n\n  \
                 def loop(n) do\n    Process.sleep(1000)\n    loop(n + 1)\n  end\nend\n",
            )
    };
    let new = polls(Variant::next()).replace("lib/shop/poll.ex", "1000", "500");
    let judged = judged(&polls(Variant::base()), &new);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
}

#[test]
fn a_supervisor_that_no_supervisor_knows_gets_no_update() {
    let alone = |variant: Variant| {
        variant
            .replace("lib/shop/application.ex", "      Shop.Workers,\n", "")
            .replace(
                COUNTER,
                "def init(first), do: {:ok,",
                "def init(first), do: Shop.Workers.start_link([]) && {:ok,",
            )
    };
    let new = alone(Variant::next()).replace(
        "lib/shop/workers.ex",
        "strategy: :one_for_one",
        "strategy: :one_for_one, max_restarts: 9",
    );
    let judged = judged(&alone(Variant::base()), &new);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
}

#[test]
fn a_plug_whose_options_differ_meets_the_older_ones() {
    let plug = |variant: Variant, options: &str, taken: &str| {
        variant.write(
            "lib/shop/plug.ex",
            &format!(
                "defmodule Plug do\n  @callback init(term) :: term\n  @callback call(term, term) :: term\nend\n\n\
                 defmodule Shop.Plug do\n  @behaviour Plug\n\n  @impl true\n  def init(_), do: {options}\n\n  \
                 @impl true\n  def call(conn, {taken}), do: conn\nend\n"
            ),
        )
    };
    let old = plug(Variant::base(), "[]", "[]");
    let new = plug(Variant::next(), "%{limit: 1}", "%{limit: _}");
    refused(&old, &new, Kind::StateShapeChanged);
}

#[test]
fn a_closure_handed_to_another_place_goes_on_with_the_old_code() {
    for call in [
        "GenServer.cast(Shop.Counter, {:watch, fn n -> n + 1 end})",
        "send(Shop.Counter, {:watch, fn n -> n + 1 end})",
        ":ets.insert(:shop, {:watch, fn n -> n + 1 end})",
    ] {
        let watches = |variant: Variant, number| {
            let code = format!(
                "defmodule Shop.Watch do\n  def watch, do: {call}\n  def number, do: {number}\nend\n"
            );
            variant.write("lib/shop/watch.ex", &code)
        };
        let new = watches(Variant::next(), 2);
        let judged = judged(&watches(Variant::base(), 1), &new);
        assert_eq!(
            answers(&judged),
            (NotSafe, NotSafe),
            "{call}\n{}",
            shown(&judged)
        );
        assert!(!against(&judged, Kind::ClosureHeld).is_empty(), "{call}");
    }
}
