//! Pairs that look harmless and are not, and the other way round.

use shape::Behaviour::{GenServer, GenStatem};

use crate::compile::Expect::{Changed, Same, Unseen};
use crate::compile::{Expect, Language, Pair, check_states};

fn server(
    name: &'static str,
    old: &'static str,
    new: &'static str,
    up: Expect,
    down: Expect,
) -> Pair {
    Pair {
        name,
        behaviour: GenServer,
        old,
        new,
        up,
        down,
    }
}

/// A server with these functions.
macro_rules! server {
    ($($body:literal),+) => {
        concat!("defmodule @ do\n  use GenServer\n", $($body, "\n"),+, "end")
    };
}

const PLAIN: &str = server!(
    "def init(_), do: {:ok, %{a: 1}}",
    "def handle_cast(:x, s), do: {:noreply, s}"
);
const CONTINUES: &str = server!(
    "def init(_), do: {:ok, %{a: nil}, {:continue, {:load, 1}}}",
    "def handle_continue({:load, a}, s), do: {:noreply, %{s | a: a}}"
);
const SETS: &str = server!(
    "def init(_), do: {:ok, %{a: nil}}",
    "def handle_cast({:set, a}, s), do: {:noreply, %{s | a: a}}",
    "def handle_call(:get, _, s), do: {:reply, s.a, s}"
);
const HANDS_ON: &str = server!(
    "def init(_), do: {:ok, %{a: 1}}",
    "def handle_cast(:x, s), do: {:noreply, Far.Away.change(s, fn s -> %{s | a: 2} end)}"
);

fn elixir() -> Vec<Pair> {
    vec![
        server(
            "what it continues with changes its type",
            CONTINUES,
            server!(
                "def init(_), do: {:ok, %{a: nil}, {:continue, {:load, %{}}}}",
                "def handle_continue({:load, a}, s), do: {:noreply, %{s | a: a}}"
            ),
            Changed("`a`"),
            Changed("`a`"),
        ),
        server(
            "what came with an earlier message must have a key now",
            SETS,
            server!(
                "def init(_), do: {:ok, %{a: nil}}",
                "def handle_cast({:set, a}, s), do: {:noreply, %{s | a: a}}",
                "def handle_call(:get, _, s), do: {:reply, s.a.value, s}"
            ),
            Unseen("key `value` of what came from outside into `a`"),
            Same,
        ),
        server(
            "another message, with keys of its own",
            SETS,
            server!(
                "def init(_), do: {:ok, %{a: nil}}",
                "def handle_cast({:set, a}, s), do: {:noreply, %{s | a: a}}",
                "def handle_cast({:both, %{one: a, two: b}}, s), do: {:noreply, %{s | a: a || b}}",
                "def handle_call(:get, _, s), do: {:reply, s.a, s}"
            ),
            Same,
            Same,
        ),
        server(
            "a fun handed to an unknown function gives something else",
            HANDS_ON,
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_cast(:x, s), do: {:noreply, Far.Away.change(s, fn s -> Map.put(s, :b, 2) end)}"
            ),
            Unseen("Far.Away.change("),
            Unseen("Far.Away.change("),
        ),
        server(
            "a fun handed to an unknown function gives the same in another way",
            HANDS_ON,
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_cast(:x, s), do: {:noreply, Far.Away.change(s, &Map.put(&1, :a, 7))}"
            ),
            Same,
            Same,
        ),
        server(
            "an option of an unknown maker",
            server!(
                "def init(_), do: {:ok, %{a: Far.Away.read(as: :list)}}",
                "def handle_cast(:x, s), do: {:noreply, s}"
            ),
            server!(
                "def init(_), do: {:ok, %{a: Far.Away.read(as: :map)}}",
                "def handle_cast(:x, s), do: {:noreply, s}"
            ),
            Unseen("Far.Away.read("),
            Unseen("Far.Away.read("),
        ),
        server(
            "only another module changed",
            "
defmodule @.Made do
  def new, do: %{a: 1}
end
defmodule @ do
  use GenServer
  def init(_), do: {:ok, @.Made.new()}
  def handle_cast(:x, s), do: {:noreply, s}
end",
            "
defmodule @.Made do
  def new, do: %{a: 1, b: 2}
end
defmodule @ do
  use GenServer
  def init(_), do: {:ok, @.Made.new()}
  def handle_cast(:x, s), do: {:noreply, s}
end",
            Changed("`b`"),
            Changed("`b`"),
        ),
        server(
            "the whole state comes with a message now",
            PLAIN,
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_cast({:become, s}, _), do: {:noreply, s}"
            ),
            Unseen("outside"),
            Unseen("outside"),
        ),
        server(
            "a keyword list gets a key",
            server!(
                "def init(_), do: {:ok, [a: 1]}",
                "def handle_call(:x, _, s), do: {:reply, Keyword.fetch!(s, :a), s}"
            ),
            server!(
                "def init(_), do: {:ok, [a: 1, b: 2]}",
                "def handle_call(:x, _, s), do: {:reply, Keyword.fetch!(s, :b), s}"
            ),
            Changed("`b`"),
            Changed("`b`"),
        ),
        server(
            "a key that may be missing is read",
            PLAIN,
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_call(:x, _, s), do: {:reply, {s[:b], Map.get(s, :c, 1)}, s}"
            ),
            Same,
            Same,
        ),
        server(
            "a key that must be there is fetched",
            PLAIN,
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_call(:x, _, s), do: {:reply, Map.fetch!(s, :b), s}"
            ),
            Changed("`b`"),
            Same,
        ),
        server(
            "a key that must be there is updated",
            PLAIN,
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_cast(:x, s), do: {:noreply, %{s | b: 1}}"
            ),
            Changed("`b`"),
            Same,
        ),
        server(
            "defaults merged with what it is started with",
            server!(
                "def init(opts), do: {:ok, Map.merge(%{a: 1}, Map.new(opts))}",
                "def handle_cast(:x, s), do: {:noreply, %{s | a: s.a + 1}}"
            ),
            server!(
                "def init(opts), do: {:ok, Map.merge(%{a: 1, b: []}, Map.new(opts))}",
                "def handle_cast(:x, s), do: {:noreply, %{s | a: s.a + 1, b: [1 | s.b]}}"
            ),
            Changed("`b`"),
            Changed("`b`"),
        ),
        server(
            "a loop that puts another key",
            server!(
                "def init(_), do: {:ok, %{a: 1, b: 2}}",
                "def handle_cast({:put, m}, s), do: {:noreply, for({k, v} <- m, into: s, do: {k, v})}"
            ),
            server!(
                "def init(_), do: {:ok, %{a: 1, b: 2}}",
                "def handle_cast({:put, m}, s), do: {:noreply, for({k, v} <- m, into: Map.put(s, :c, 0), do: {k, v})}"
            ),
            Changed("`c`"),
            Changed("`c`"),
        ),
        server(
            "a branch that is rarely taken",
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_info(m, s) do
                   cond do
                     m == :x -> {:noreply, s}
                     is_tuple(m) and elem(m, 0) == :rare -> {:noreply, %{s | a: 2}}
                     true -> {:stop, :odd, s}
                   end
                 end"
            ),
            server!(
                "def init(_), do: {:ok, %{a: 1}}",
                "def handle_info(m, s) do
                   cond do
                     m == :x -> {:noreply, s}
                     is_tuple(m) and elem(m, 0) == :rare -> {:noreply, %{s | a: {2, 3}}}
                     true -> {:stop, :odd, s}
                   end
                 end"
            ),
            Same,
            Changed("`a` of the state may be a tuple of 2"),
        ),
        server(
            "a struct of a module that is chosen at run time",
            "
defmodule @.A do
  defstruct x: 1
end
defmodule @ do
  use GenServer
  def init(_), do: {:ok, struct(@.A, x: 2)}
  def handle_cast(:x, %mod{} = s), do: {:noreply, struct(mod, x: s.x)}
end",
            "
defmodule @.A do
  defstruct x: 1, y: 2
end
defmodule @ do
  use GenServer
  def init(_), do: {:ok, struct(@.A, x: 2)}
  def handle_cast(:x, %mod{} = s), do: {:noreply, struct(mod, x: s.x)}
end",
            Changed("`y`"),
            Changed("`y`"),
        ),
        server(
            "a list that was flat holds pairs",
            server!(
                "def init(_), do: {:ok, %{jobs: []}}",
                "def handle_cast({:add, j}, s) when is_atom(j), do: {:noreply, %{s | jobs: s.jobs ++ [j]}}"
            ),
            server!(
                "def init(_), do: {:ok, %{jobs: []}}",
                "def handle_cast({:add, j}, s) when is_atom(j), do: {:noreply, %{s | jobs: s.jobs ++ [{j, 0}]}}"
            ),
            Changed("an element of `jobs`"),
            Changed("an element of `jobs`"),
        ),
    ]
}

fn erlang() -> Vec<Pair> {
    let pair = |name, behaviour, old, new, up, down| Pair {
        name,
        behaviour,
        old,
        new,
        up,
        down,
    };
    vec![
        pair(
            "setelement",
            GenServer,
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, {a, 1, []}}.
handle_cast(X, S) -> {noreply, setelement(3, S, [X | element(3, S)])}.
",
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, {a, 1, []}}.
handle_cast(X, S) -> {noreply, setelement(2, S, [X | element(3, S)])}.
",
            Unseen("an element of element 3"),
            Changed("element 2"),
        ),
        pair(
            "a helper with a variable that is compared",
            GenServer,
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, #{a => 1}}.
handle_cast({X, Y}, S) -> {noreply, same(X, Y, S)}.
same(X, X, S) -> S;
same(_, _, S) -> S#{a := 2}.
",
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, #{a => 1}}.
handle_cast({X, Y}, S) -> {noreply, same(X, Y, S)}.
same(X, X, S) -> S;
same(_, _, S) -> S#{b => 2}.
",
            Changed("`b`"),
            Changed("`b`"),
        ),
        pair(
            "a proplist",
            GenServer,
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, [{a, 1}]}.
handle_cast(_, S) -> {noreply, lists:keystore(a, 1, S, {a, 2})}.
",
            "
-export([init/1, handle_cast/2]).
init(_) -> {ok, [{a, 1}]}.
handle_cast(_, S) -> {noreply, lists:keystore(b, 1, S, {b, 2})}.
",
            Changed("`b`"),
            Changed("`b`"),
        ),
        pair(
            "data of a state machine, by a helper",
            GenStatem,
            "
-export([init/1, callback_mode/0, handle_event/4]).
-record(d, {n = 0, log = []}).
callback_mode() -> handle_event_function.
init(_) -> {ok, idle, #d{}}.
handle_event(cast, E, idle, D) -> {next_state, busy, note(E, D), [{state_timeout, 10, done}]};
handle_event(state_timeout, done, busy, D) -> {next_state, idle, D}.
note(E, D) -> D#d{log = [E | D#d.log]}.
",
            "
-export([init/1, callback_mode/0, handle_event/4]).
-record(d, {n = 0, log = []}).
callback_mode() -> handle_event_function.
init(_) -> {ok, idle, #d{}}.
handle_event(cast, E, idle, D) -> {next_state, busy, note(E, D), [{state_timeout, 99, done}]};
handle_event(state_timeout, done, busy, D) -> {next_state, idle, D}.
note(E, D) -> D#d{log = lists:sublist([E | D#d.log], 5), n = D#d.n + 1}.
",
            Same,
            Same,
        ),
    ]
}

#[test]
fn treacherous_elixir() {
    check_states(Language::Elixir, &elixir());
}

#[test]
fn treacherous_erlang() {
    check_states(Language::Erlang, &erlang());
}
