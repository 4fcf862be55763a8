//! Pairs that are safe, in both directions or up only.

use verdict::Answer::{NotSafe, Safe};
use verdict::{Kind, Severity};

use crate::against::till;
use crate::judged::{Pair, against, answers, shown};
use crate::variant::Variant;

/// A pair that is safe both ways.
pub(crate) struct SafePair {
    pub(crate) name: &'static str,
    pub(crate) old: Variant,
    pub(crate) new: Variant,
    /// What `eval` of the new release answers on the upgraded node, and what the old one did.
    pub(crate) shows: Shows,
}

/// An expression of Erlang, and its value under each release.
pub(crate) struct Shows {
    pub(crate) expression: &'static str,
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
}

const fn shows(expression: &'static str, old: &'static str, new: &'static str) -> Shows {
    Shows {
        expression,
        old,
        new,
    }
}

const LABEL: &str = "'Elixir.Shop.Text':label(7)";

/// Every pair that is safe both ways; the first ones are installed on a running node in every run.
pub(crate) fn pairs() -> Vec<SafePair> {
    let pair = |name, new, shows| SafePair {
        name,
        old: Variant::base(),
        new,
        shows,
    };
    let mut pairs = vec![
        pair(
            "a bug fixed in a callback",
            Variant::next().replace("lib/shop/counter.ex", "state.count + 1", "state.count + 2"),
            shows(
                "{A, B} = {'Elixir.Shop.Counter':bump(), 'Elixir.Shop.Counter':bump()}, B - A",
                "1",
                "2",
            ),
        ),
        pair(
            "a pure function changed",
            Variant::next().replace("lib/shop/text.ex", "count: ", "number: "),
            shows(LABEL, "<<\"count: 7\">>", "<<\"number: 7\">>"),
        ),
        pair(
            "a module added and used",
            Variant::next()
                .write(
                    "lib/shop/words.ex",
                    "defmodule Shop.Words do\n  def count(number), do: \"so many: #{number}\"\nend\n",
                )
                .replace(
                    "lib/shop/text.ex",
                    "\"count: \" <> Integer.to_string(count)",
                    "Shop.Words.count(count)",
                ),
            shows(LABEL, "<<\"count: 7\">>", "<<\"so many: 7\">>"),
        ),
        pair(
            "a template changed",
            Variant::next().write("lib/shop/page.eex", "<b><%= count %></b>"),
            shows(
                "'Elixir.Shop.Page':render(<<\"7\">>)",
                "<<\"<p>count: 7</p>\\n\">>",
                "<<\"<b>7</b>\">>",
            ),
        ),
        pair(
            "a protocol with a new implementation",
            Variant::next().write(
                "lib/shop/price_of_text.ex",
                "defimpl Shop.Price, for: BitString do\n  def cents(text), do: String.to_integer(text)\nend\n",
            ),
            shows(
                "try 'Elixir.Shop.Price':cents(<<\"12\">>) catch error:_ -> none end",
                "none",
                "12",
            ),
        ),
        pair(
            "a state converted by code_change both ways",
            Variant::next()
                .replace(
                    "lib/shop/counter.ex",
                    "{:ok, %{count: first, bumps: 0}}",
                    "{:ok, %{count: first, bumps: 0, step: 1}}",
                )
                .replace(
                    "lib/shop/counter.ex",
                    "state.count + 1",
                    "state.count + state.step",
                )
                .replace(
                    "lib/shop/counter.ex",
                    "  def handle_call(:value",
                    "  @impl true\n  def code_change({:down, _vsn}, state, _extra), do: {:ok, Map.delete(state, :step)}\n  \
                     def code_change(_vsn, state, _extra), do: {:ok, Map.put(state, :step, 1)}\n\n  \
                     @impl true\n  def handle_call(:value",
                ),
            shows(
                "maps:size(sys:get_state('Elixir.Shop.Counter'))",
                "2",
                "3",
            ),
        ),
        pair(
            "a child added at the end of a list",
            Variant::next()
                .write("lib/shop/till.ex", TILL)
                .replace(
                    "lib/shop/application.ex",
                    "{Shop.Counter, 0}\n",
                    "{Shop.Counter, 0},\n      Shop.Till\n",
                ),
            shows(
                "length(supervisor:which_children('Elixir.Shop.Supervisor'))",
                "2",
                "3",
            ),
        ),
        pair(
            "a child added to a callback module",
            Variant::next().write("lib/shop/till.ex", TILL).replace(
                "lib/shop/workers.ex",
                "      Shop.Cart,\n",
                "      Shop.Till,\n      Shop.Cart,\n",
            ),
            shows(
                "[Id || {Id, _, _, _} <- supervisor:which_children('Elixir.Shop.Workers')]",
                "[shop_gate,'Elixir.Shop.Cart']",
                "[shop_gate,'Elixir.Shop.Cart','Elixir.Shop.Till']",
            ),
        ),
        pair(
            "limits of a supervisor changed",
            Variant::next().replace(
                "lib/shop/workers.ex",
                "strategy: :one_for_one",
                "strategy: :one_for_one, max_restarts: 9",
            ),
            shows("element(6, sys:get_state('Elixir.Shop.Workers'))", "3", "9"),
        ),
        pair(
            "an Erlang gen_statem fixed",
            Variant::next().replace(
                "src/shop_gate.erl",
                "Gate#gate{passed = Passed + 1}",
                "Gate#gate{passed = Passed + 2}",
            ),
            shows(
                "P = shop_gate:passed(), shop_gate:push(), shop_gate:push(), shop_gate:passed() - P",
                "1",
                "2",
            ),
        ),
        pair(
            "a dependency changed",
            Variant::next()
                .replace("stock/mix.exs", "version: \"1.0.0\"", "version: \"1.0.1\"")
                .replace("stock/lib/stock.ex", "{:reply, left - 1, left - 1}", "{:reply, left - 2, left - 2}"),
            shows("A = 'Elixir.Stock':take(), A - 'Elixir.Stock':take()", "1", "2"),
        ),
        pair(
            "a new function in a dependency, used",
            Variant::next()
                .replace("stock/mix.exs", "version: \"1.0.0\"", "version: \"1.0.1\"")
                .replace(
                    "stock/lib/stock.ex",
                    "  def take,",
                    "  def unit, do: \"pieces: \"\n  def take,",
                )
                .replace("lib/shop/text.ex", "\"count: \"", "Stock.unit()"),
            shows(LABEL, "<<\"count: 7\">>", "<<\"pieces: 7\">>"),
        ),
        pair(
            "only files of priv changed",
            Variant::next().write("priv/notice.txt", "v2\n"),
            shows(
                "element(2, file:read_file(filename:join(code:priv_dir(shop), \"notice.txt\")))",
                "<<\"v1\\n\">>",
                "<<\"v2\\n\">>",
            ),
        ),
        pair(
            "a module deleted",
            Variant::next()
                .replace("lib/shop/text.ex", "Integer.to_string(Shop.Price.cents(thing)) <> \" ct\"", "\"#{Shop.Price.cents(thing)}\"")
                .remove("lib/shop/page.ex")
                .remove("lib/shop/page.eex"),
            shows("erlang:module_loaded('Elixir.Shop.Page')", "true", "false"),
        ),
    ];
    pairs.extend(further());
    pairs
}

/// Pairs whose old release is not the shop as it is.
fn further() -> Vec<SafePair> {
    let both = |name,
                with: &dyn Fn(Variant) -> Variant,
                new: &dyn Fn(Variant) -> Variant,
                shows| SafePair {
        name,
        old: with(Variant::base()),
        new: new(with(Variant::next())),
        shows,
    };
    let runs = "lists:keymember(till, 1, application:which_applications())";
    vec![
        both(
            "an application with processes added",
            &|shop| shop,
            &|shop| till(shop, "deps: []"),
            shows(runs, "false", "true"),
        ),
        SafePair {
            name: "an application with processes removed",
            old: till(Variant::base(), "deps: []"),
            new: Variant::next(),
            shows: shows(runs, "true", "false"),
        },
        both(
            "workers started under a running supervisor",
            &|shop| {
                shop.write("lib/shop/line.ex", LINE).replace(
                    "lib/shop/application.ex",
                    "{Shop.Counter, 0}\n",
                    "{Shop.Counter, 0},\n      {DynamicSupervisor, name: Shop.Lines, strategy: :one_for_one}\n",
                )
            },
            &|shop| shop.replace("lib/shop/line.ex", "length + 1", "length + 2"),
            shows(
                "begin 'Elixir.Shop.Line':open(), {undefined, Pid, _, _} = hd('Elixir.DynamicSupervisor':which_children('Elixir.Shop.Lines')), \
                 A = gen_server:call(Pid, more), gen_server:call(Pid, more) - A end",
                "1",
                "2",
            ),
        ),
        both(
            "an Agent's functions changed",
            &|shop| {
                shop.write("lib/shop/open.ex", OPEN).replace(
                    "lib/shop/application.ex",
                    "{Shop.Counter, 0}\n",
                    "{Shop.Counter, 0},\n      Shop.Open\n",
                )
            },
            &|shop| {
                shop.replace(
                    "lib/shop/open.ex",
                    "{hours, hours + 1}",
                    "{hours * 2, hours + 1}",
                )
            },
            shows(
                "begin A = 'Elixir.Shop.Open':longer(), 'Elixir.Shop.Open':longer() - A end",
                "1",
                "2",
            ),
        ),
    ]
}

const LINE: &str = "defmodule Shop.Line do\n  use GenServer\n\n  \
    def open, do: DynamicSupervisor.start_child(Shop.Lines, {Shop.Line, 0})\n  \
    def start_link(first), do: GenServer.start_link(__MODULE__, first)\n\n  \
    @impl true\n  def init(first), do: {:ok, first}\n\n  \
    @impl true\n  def handle_call(:more, _from, length), do: {:reply, length + 1, length + 1}\nend\n";

const OPEN: &str = "defmodule Shop.Open do\n  use Agent\n\n  \
    def start_link(_), do: Agent.start_link(fn -> 0 end, name: __MODULE__)\n  \
    def longer, do: Agent.get_and_update(__MODULE__, fn hours -> {hours, hours + 1} end)\nend\n";

const TILL: &str = "defmodule Shop.Till do\n  use GenServer\n\n  \
    def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)\n\n  \
    @impl true\n  def init(_), do: {:ok, 0}\n\n  \
    @impl true\n  def handle_call(:open, _from, times), do: {:reply, times, times + 1}\nend\n";

#[test]
fn what_is_safe_is_found_safe_both_ways() {
    let mut wrong = Vec::new();
    for pair in pairs() {
        let judged = Pair::of(&pair.old, &pair.new).judge();
        if answers(&judged) != (Safe, Safe) || judged.relup.is_none() {
            wrong.push(format!("{}:\n{}", pair.name, shown(&judged)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_code_change_without_a_way_back_is_safe_up_only() {
    let new = Variant::next()
        .replace(
            "lib/shop/counter.ex",
            "{:ok, %{count: first, bumps: 0}}",
            "{:ok, %{count: first, bumps: 0, step: 1}}",
        )
        .replace(
            "lib/shop/counter.ex",
            "%{state | count: state.count + 1, bumps: state.bumps + 1}",
            "%{count: state.count + state.step, bumps: state.bumps + 1, step: state.step}",
        )
        .replace(
            "lib/shop/counter.ex",
            "  def handle_call(:value",
            "  @impl true\n  def code_change({:down, _}, _state, _extra), do: {:error, :no_way_back}\n  \
             def code_change(_vsn, state, _extra), do: {:ok, Map.put(state, :step, 1)}\n\n  \
             @impl true\n  def handle_call(:value",
        );
    let judged = Pair::of(&Variant::base(), &new).judge();
    assert_eq!(answers(&judged), (Safe, NotSafe), "{}", shown(&judged));
    let reasons = against(&judged, Kind::StateShapeChanged);
    assert!(!reasons.is_empty(), "{}", shown(&judged));
}

#[test]
fn equal_input_gives_an_equal_verdict() {
    let pair = &pairs()[7];
    let read = Pair::of(&pair.old, &pair.new);
    let (one, two) = (read.judge(), read.judge());
    assert_eq!(one.verdict, two.verdict);
    assert_eq!(
        one.relup.map(|r| r.to_string()),
        two.relup.map(|r| r.to_string())
    );
}

#[test]
fn what_was_generated_is_noted() {
    let pair = &pairs()[0];
    let judged = Pair::of(&pair.old, &pair.new).judge();
    let mut reasons = judged.verdict.reasons.iter();
    let note = reasons
        .find(|reason| reason.kind == Kind::AppupMissing)
        .unwrap();
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(note.place.application.as_deref(), Some("shop"));
}
