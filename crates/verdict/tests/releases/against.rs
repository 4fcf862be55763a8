//! Pairs that must not be judged safe, one for each kind of reason, and those that OTP itself lets pass.

use beam::Limits;
use beam::term::consult_one;
use relup::{Appup, Appups, Direction, Source};
use verdict::Answer::{NotSafe, Safe};
use verdict::{Judged, Kind, Severity, judge};

use crate::judged::{Pair, against, answers, shown};
use crate::variant::Variant;

const COUNTER: &str = "lib/shop/counter.ex";
const CART: &str = "lib/shop/cart.ex";
const TEXT: &str = "lib/shop/text.ex";
const ANOTHER_LABEL: (&str, &str) = ("count: ", "number: ");

fn judged(old: &Variant, new: &Variant) -> Judged {
    Pair::of(old, new).judge()
}

/// Asserts that a pair is refused both ways for a reason of that kind, and returns the first one's detail.
fn refused(old: &Variant, new: &Variant, kind: Kind) -> String {
    let judged = judged(old, new);
    let reasons = against(&judged, kind);
    assert_eq!(answers(&judged), (NotSafe, NotSafe), "{}", shown(&judged));
    assert!(
        !reasons.is_empty(),
        "no {}:\n{}",
        kind.name(),
        shown(&judged)
    );
    for reason in &reasons {
        assert!(!reason.remedy.is_empty() && !reason.detail.is_empty());
    }
    reasons[0].detail.clone()
}

/// The verdict with an appup of the shop kept in the project.
fn with_appup(new: &Variant, up: &str, down: &str) -> Judged {
    let pair = Pair::of(&Variant::base(), new);
    let text = format!("{{\"1.1.0\",[{{\"1.0.0\",{up}}}],[{{\"1.0.0\",{down}}}]}}.");
    let term = consult_one(text.as_bytes(), &Limits::RELEASE).unwrap();
    let mut kept = Appups::default();
    kept.insert("shop", Source::Project, Appup::read(&term).unwrap());
    judge(&pair.old, &pair.new, &kept)
}

fn label_changed() -> Variant {
    Variant::next().replace(TEXT, ANOTHER_LABEL.0, ANOTHER_LABEL.1)
}

#[test]
fn another_erts_otp_or_elixir_is_a_restart() {
    let mut pair = Pair::of(&Variant::base(), &label_changed());
    pair.new.erts = "99.0".to_owned();
    let judged = pair.judge();
    assert_eq!(answers(&judged), (NotSafe, NotSafe));
    assert_eq!(
        against(&judged, Kind::ErtsChanged).len(),
        1,
        "{}",
        shown(&judged)
    );

    for name in ["stdlib", "elixir"] {
        let mut pair = Pair::of(&Variant::base(), &label_changed());
        let mut apps = pair.new.applications.iter_mut();
        apps.find(|app| app.name == name).unwrap().vsn = "99.0".to_owned();
        let judged = pair.judge();
        assert_eq!(answers(&judged), (NotSafe, NotSafe));
        let reason = against(&judged, Kind::RuntimeChanged)[0];
        assert_eq!(reason.place.application.as_deref(), Some(name));
    }
}

#[test]
fn a_native_library_is_loaded_once() {
    let nif = "-module(shop_nif).\n-export([init/0, one/0]).\n-on_load(init/0).\n\
               init() -> erlang:load_nif(\"shop_nif\", 0).\none() -> erlang:nif_error(none).\n";
    let with = |variant: Variant, library: &str, code: &str| {
        variant
            .write("priv/shop_nif.so", library)
            .write("src/shop_nif.erl", code)
    };
    let old = with(Variant::base(), "one", nif);
    let library = with(Variant::next(), "two", nif);
    assert!(refused(&old, &library, Kind::NativeChanged).contains("priv/shop_nif.so"));
    let code = with(
        Variant::next(),
        "one",
        &nif.replace("error(none)", "error(no)"),
    );
    assert!(refused(&old, &code, Kind::NativeChanged).contains("shop_nif"));
}

#[test]
fn an_application_that_starts_on_code_not_loaded_yet_is_not_safe() {
    let stock = |variant: Variant| {
        variant
            .replace("stock/mix.exs", "version: \"1.0.0\"", "version: \"1.0.1\"")
            .replace("stock/lib/stock.ex", "{:ok, 100}", "{:ok, 200}")
    };
    let with = |variant: Variant| till(variant, "deps: [{:stock, path: \"../stock\"}]");
    let added = stock(with(Variant::next()));
    let judged_up = judged(&Variant::base(), &added);
    assert_eq!(answers(&judged_up).0, NotSafe, "{}", shown(&judged_up));
    let reason = against(&judged_up, Kind::ApplicationAdded)[0];
    assert!(reason.detail.contains("stock"), "{}", reason.detail);
    assert_eq!(reason.direction, Some(Direction::Up));

    // The same the other way round: what goes up must come back.
    let removed = judged(&with(Variant::base()), &stock(Variant::next()));
    let reason = against(&removed, Kind::ApplicationRemoved)[0];
    assert_eq!(reason.direction, Some(Direction::Down));
}

/// The shop with an application `till` of its own processes beside it.
pub(crate) fn till(variant: Variant, keywords: &str) -> Variant {
    variant
        .replace("mix.exs", "{:stock, path: \"stock\"}", "{:stock, path: \"stock\"}, {:till, path: \"till\"}")
        .write(
            "till/mix.exs",
            &format!(
                "defmodule Till.MixProject do\n  use Mix.Project\n  \
                 def project, do: [app: :till, version: \"1.0.0\", {keywords}]\n  \
                 def application, do: [extra_applications: [:logger], mod: {{Till, []}}]\nend\n"
            ),
        )
        .write(
            "till/lib/till.ex",
            "defmodule Till do\n  use Application\n\n  @impl true\n  def start(_type, _args),\n    \
             do: Supervisor.start_link([Till.Drawer], strategy: :one_for_one, name: Till.Supervisor)\nend\n\n\
             defmodule Till.Drawer do\n  use GenServer\n\n  \
             def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n\n  \
             @impl true\n  def init(_), do: {:ok, 0}\n\n  \
             @impl true\n  def handle_call(:open, _from, times), do: {:reply, times, times + 1}\nend\n",
        )
}

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
fn a_protocol_that_trades_implementations_is_not_safe() {
    let new = Variant::next().replace(
        "lib/shop/price.ex",
        "for: Integer do\n  def cents(number), do: number",
        "for: Atom do\n  def cents(_), do: 0",
    );
    assert!(refused(&Variant::base(), &new, Kind::ProtocolChanged).contains("Shop.Price"));
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
fn other_content_under_the_same_version_is_not_safe() {
    let kind = Kind::VersionUnchanged;
    let same = Variant::base().replace(TEXT, ANOTHER_LABEL.0, ANOTHER_LABEL.1);
    refused(&Variant::base(), &same, kind);
    // OTP takes the dependency for unchanged, and the old code stays.
    let dependency = Variant::next().replace("stock/lib/stock.ex", "{:ok, 100}", "{:ok, 200}");
    let detail = refused(&Variant::base(), &dependency, kind);
    assert!(detail.contains("stock 1.0.0"), "{detail}");
}

#[test]
fn environment_written_at_run_time_is_lost() {
    let writes = |variant: Variant| {
        variant.replace(
            CART,
            "def init(_), do: {:ok, %Shop.Cart{}}",
            "def init(_) do\n    Application.put_env(:shop, :opened, true)\n    {:ok, %Shop.Cart{}}\n  end",
        )
    };
    let new = writes(label_changed());
    let judged = judged(&writes(Variant::base()), &new);
    let reason = against(&judged, Kind::EnvironmentWritten)[0];
    assert_eq!(reason.place.module.as_deref(), Some("Elixir.Shop.Cart"));
    assert_eq!(answers(&judged), (NotSafe, NotSafe));
}

#[test]
fn other_configuration_is_not_seen_by_who_has_read_it() {
    let base = Variant::base();
    let kind = Kind::ConfigChanged;
    let value = label_changed().replace("config/config.exs", "welcome", "hello");
    assert!(refused(&base, &value, kind).contains("greeting"));
    let default = label_changed().replace("mix.exs", "mod: {", "env: [size: 1], mod: {");
    assert!(refused(&base, &default, kind).contains("size"));
    let computed = label_changed().write("config/runtime.exs", "import Config\n");
    refused(&base, &computed, kind);

    // An application that is told of it says itself what it makes of it.
    let told = |variant: Variant| {
        variant.replace(
            "lib/shop/application.ex",
            "  @impl true\n",
            "  @impl true\n  def config_change(_changed, _new, _removed), do: :ok\n\n  @impl true\n",
        )
    };
    let judged = judged(&told(Variant::base()), &told(value));
    assert!(against(&judged, kind).is_empty(), "{}", shown(&judged));
}

#[test]
fn files_of_priv_are_noted() {
    let new = Variant::next().write("priv/notice.txt", "v2\n");
    let judged = judged(&Variant::base(), &new);
    let mut reasons = judged.verdict.reasons.iter();
    let note = reasons
        .find(|reason| reason.kind == Kind::PrivChanged)
        .unwrap();
    assert_eq!(note.severity, Severity::Note);
    assert!(note.detail.contains("priv/notice.txt"), "{}", note.detail);
}

#[test]
fn a_function_renamed_across_modules_is_missing_for_a_moment() {
    let new = Variant::next()
        .replace(TEXT, "def label", "def caption")
        .replace(COUNTER, "Shop.Text.label", "Shop.Text.caption");
    let detail = refused(&Variant::base(), &new, Kind::CallWindow);
    assert!(detail.contains("Shop.Counter calls Shop.Text."), "{detail}");
}

#[test]
fn stripped_releases_are_not_judged_safe() {
    let stripped =
        |variant: Variant| variant.replace("mix.exs", "strip_beams: false", "strip_beams: true");
    let new = stripped(Variant::next()).replace(COUNTER, "state.count + 1", "state.count + 2");
    let detail = refused(&stripped(Variant::base()), &new, Kind::Unseen);
    assert!(detail.contains("Shop.Counter"), "{detail}");
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
