//! What `code_change` makes of a state.

use shape::migration::{self, Migration, Way};
use shape::{Behaviour, Version};

use crate::compile::{Language, compile, version};

/// Old, new, and what must be said on the way up and down: `handled`, or a part of why not.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn check(language: Language, behaviour: Behaviour, table: &[Row]) {
    let sources: Vec<(&str, &str)> = table.iter().map(|(old, new, ..)| (*old, *new)).collect();
    let compiled = compile(language, &sources);
    for ((old, new, up, down), name) in table.iter().zip(&compiled.names) {
        let (before, after) = (version(&compiled.old, name), version(&compiled.new, name));
        let judge = |from: Version<'_>, to: Version<'_>, way| match migration::handles(
            from, to, behaviour, way,
        ) {
            Migration::Handled => "handled".to_owned(),
            Migration::NotHandled { why } => format!("not: {why}"),
            Migration::Unseen { why } => format!("unseen: {why}"),
        };
        let said = judge(before, after, Way::Up);
        assert!(
            said.contains(up),
            "up, expected {up}, said {said}\n{old}\n{new}"
        );
        let said = judge(after, before, Way::Down);
        assert!(
            said.contains(down),
            "down, expected {down}, said {said}\n{old}\n{new}"
        );
    }
}

const OLD: &str = "
defmodule @ do
  use GenServer
  §vsn \"1\"
  def init(_), do: {:ok, %{n: 0}}
  def handle_cast(_, s), do: {:noreply, %{s | n: s.n + 1}}
end";

macro_rules! newer {
    ($change:literal) => {
        concat!(
            "
defmodule @ do
  use GenServer
  §vsn \"2\"
  def init(_), do: {:ok, %{n: 0, limit: 5}}
  def handle_cast(_, s), do: {:noreply, %{s | n: min(s.n + 1, s.limit)}}
",
            $change,
            "
end"
        )
    };
}

#[test]
fn servers_of_elixir() {
    check(
        Language::Elixir,
        Behaviour::GenServer,
        &[
            (
                OLD,
                newer!(""),
                "not: after code_change/3: key `limit`",
                "not: after code_change/3: key `limit`",
            ),
            (OLD, OLD, "handled", "handled"),
            (
                OLD,
                newer!(
                    "def code_change({:down, _}, s, _), do: {:ok, Map.delete(s, :limit)}
  def code_change(_, s, _), do: {:ok, Map.put(s, :limit, 5)}"
                ),
                "handled",
                "handled",
            ),
            (
                OLD,
                newer!("def code_change(\"1\", s, _), do: {:ok, Map.put(s, :limit, 5)}"),
                "handled",
                "not: code_change/3 has no clause for that version",
            ),
            (
                OLD,
                newer!("def code_change(\"0\", s, _), do: {:ok, Map.put(s, :limit, 5)}"),
                "not: code_change/3 has no clause for that version",
                "not: code_change/3 has no clause for that version",
            ),
            (
                OLD,
                newer!(
                    "def code_change({:down, \"1\"}, %{n: n}, _), do: {:ok, %{n: n}}
  def code_change(\"1\", %{n: n}, _), do: {:ok, %{n: n, limit: :none}}"
                ),
                "`limit` of the state may be `none`",
                "handled",
            ),
            (
                OLD,
                newer!(
                    "def code_change({:down, _}, _, _), do: raise \"no way back\"
  def code_change(_, s, _), do: {:ok, Map.merge(%{limit: 9}, s)}"
                ),
                "handled",
                "not: code_change/3 raises",
            ),
            (
                OLD,
                newer!("def code_change(_, %{limit: _} = s, _), do: {:ok, Map.delete(s, :limit)}"),
                "not: code_change/3 raises",
                "handled",
            ),
            (
                OLD,
                newer!("def code_change(_, s, extra), do: {:ok, Far.Away.change(s, extra)}"),
                "unseen",
                "unseen",
            ),
            (
                OLD,
                newer!("def code_change(_, _, _), do: {:error, :never}"),
                "not: code_change/3 may return a tuple of 2 tagged `error`",
                "not: code_change/3 may return a tuple of 2 tagged `error`",
            ),
        ],
    );
}

#[test]
fn servers_of_erlang() {
    let old = "
-vsn(\"1.0\").
-export([init/1, handle_call/3]).
-record(st, {a = 0}).
init(_) -> {ok, #st{}}.
handle_call(_, _, S) -> {reply, ok, S#st{a = S#st.a + 1}}.
";
    let new = "
-vsn(\"2.0\").
-export([init/1, handle_call/3, code_change/3]).
-record(st, {a = 0, b = []}).
init(_) -> {ok, #st{}}.
handle_call(X, _, S) -> {reply, ok, S#st{b = [X | S#st.b]}}.
code_change({down, \"1.0\"}, #st{a = A}, _) -> {ok, {st, A}};
code_change(\"1.0\", {st, A}, _) -> {ok, #st{a = A}}.
";
    let none = "
-vsn(\"2.0\").
-export([init/1, handle_call/3]).
-record(st, {a = 0, b = []}).
init(_) -> {ok, #st{}}.
handle_call(X, _, S) -> {reply, ok, S#st{b = [X | S#st.b]}}.
";
    check(
        Language::Erlang,
        Behaviour::GenServer,
        &[
            (old, new, "handled", "handled"),
            (
                old,
                none,
                "not: pair1 exports no code_change/3",
                "not: pair1 exports no code_change/3",
            ),
        ],
    );
}

#[test]
fn state_machines() {
    let old = "
-vsn(1).
-export([init/1, callback_mode/0, handle_event/4]).
callback_mode() -> handle_event_function.
init(_) -> {ok, off, 0}.
handle_event(cast, flip, off, N) -> {next_state, on, N + 1};
handle_event(cast, flip, on, N) -> {next_state, off, N}.
";
    let new = "
-vsn(2).
-export([init/1, callback_mode/0, handle_event/4, code_change/4]).
callback_mode() -> handle_event_function.
init(_) -> {ok, off, #{n => 0}}.
handle_event(cast, flip, off, #{n := N} = D) -> {next_state, on, D#{n := N + 1}};
handle_event(cast, flip, on, D) -> {next_state, off, D}.
code_change({down, 1}, State, #{n := N}, _) -> {ok, State, N};
code_change(1, State, N, _) -> {ok, State, #{n => N}}.
";
    check(
        Language::Erlang,
        Behaviour::GenStatem,
        &[(old, new, "handled", "handled")],
    );
}
