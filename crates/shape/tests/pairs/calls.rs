//! What outlives a change of code.

use shape::calls::{self, Kind};

use crate::compile::{Language, compile, version};

/// A module with the deeds that are seen in it: kind, function, what it says.
type Row<'a> = (&'a str, &'a [(Kind, &'a str, &'a str)]);

fn check(language: Language, table: &[Row<'_>]) {
    let sources: Vec<(&str, &str)> = table.iter().map(|(source, _)| (*source, *source)).collect();
    let compiled = compile(language, &sources);
    for ((source, expected), name) in table.iter().zip(&compiled.names) {
        let deeds = calls::of(version(&compiled.new, name).code);
        let found: Vec<(Kind, String, &str)> = deeds
            .iter()
            .map(|deed| {
                (
                    deed.kind,
                    format!("{}/{}", deed.function, deed.arity),
                    deed.call.as_str(),
                )
            })
            .collect();
        let found: Vec<(Kind, &str, &str)> = found
            .iter()
            .map(|(kind, function, call)| (*kind, function.as_str(), *call))
            .collect();
        assert_eq!(found.as_slice(), *expected, "{source}");
    }
}

#[test]
fn deeds_of_elixir() {
    check(
        Language::Elixir,
        &[
            (
                "
defmodule @ do
  def a, do: Application.put_env(:my, :key, 1)
  def b do
    case Application.fetch_env(:my, :made) do
      {:ok, made} -> made
      :error -> Application.put_env(:my, :made, a())
    end
  end
  def c, do: spawn(fn -> :ok end)
  def d, do: Task.start(fn -> :ok end)
  def e, do: Process.send_after(self(), :x, 1)
  def f, do: Enum.map([1], fn x -> x end)
end",
                &[
                    (Kind::EnvironmentWritten, "a/0", "Application:put_env/3"),
                    (Kind::EnvironmentCached, "b/0", "Application:put_env/3"),
                    (Kind::ProcessStarted, "c/0", "erlang:spawn/1"),
                    (Kind::ProcessStarted, "d/0", "Task:start/1"),
                ],
            ),
            (
                "
defmodule @ do
  def a, do: :telemetry.attach(:x, [:a], &handle/4, nil)
  def b, do: :telemetry.attach(:x, [:a], &__MODULE__.handle/4, nil)
  def c do
    fun = &handle/4
    :telemetry.attach(:x, [:a], fun, nil)
  end
  def d(t), do: :ets.insert(t, {:f, fn -> 1 end})
  def e(t), do: :ets.insert(t, {:f, 1})
  def handle(_, _, _, _), do: :ok
end",
                &[
                    (Kind::ClosureKept, "a/0", "telemetry:attach/4"),
                    (Kind::ClosureKept, "c/0", "telemetry:attach/4"),
                    (Kind::ClosureKept, "d/1", "ets:insert/2"),
                ],
            ),
            (
                "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{back: fn x -> x + 1 end, by_name: &String.upcase/1}}
  def handle_call({:run, x}, _, s), do: {:reply, s.back.(x), s}
end",
                &[(Kind::ClosureKept, "init/1", "a fun in the state's `back`")],
            ),
        ],
    );
}

#[test]
fn deeds_of_erlang() {
    check(
        Language::Erlang,
        &[(
            "
-export([a/0, b/0, c/0, d/0, start_link/0, on_load/0, spawn/1]).
-on_load(on_load/0).
on_load() -> erlang:load_nif(\"x\", 0).
a() -> application:set_env(my, key, 1).
b() -> spawn_link(fun() -> ok end).
c() -> open_port({spawn, \"cat\"}, []).
d() -> persistent_term:put(k, fun a/0).
spawn(X) -> X.
start_link() -> proc_lib:start_link(?MODULE, a, []).
",
            &[
                (Kind::EnvironmentWritten, "a/0", "application:set_env/3"),
                (Kind::ProcessStarted, "b/0", "erlang:spawn_link/1"),
                (Kind::PortOpened, "c/0", "erlang:open_port/2"),
                (Kind::EnvironmentWritten, "d/0", "persistent_term:put/2"),
                (Kind::NativeLoaded, "on_load/0", "erlang:load_nif/2"),
            ],
        )],
    );
}

#[test]
fn modules_started_under_a_supervisor_are_named() {
    let compiled = compile(
        Language::Elixir,
        &[(
            "defmodule @ do end",
            "
defmodule @ do
  def a(x), do: DynamicSupervisor.start_child(My.Dyn, {My.Worker, x})
  def b do
    spec = %{id: 1, start: {My.Other, :start_link, []}}
    Supervisor.start_child(My.Sup, spec)
  end
  def c(spec), do: Supervisor.start_child(My.Sup, spec)
end",
        )],
    );
    let code = version(&compiled.new, &compiled.names[0]).code;
    assert_eq!(
        calls::started(code),
        ["Elixir.My.Other", "Elixir.My.Worker"]
    );
}
