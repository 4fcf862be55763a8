//! States of processes written in Elixir whose parts are made by other modules, and of other behaviours.

use shape::Behaviour::{Agent, GenEvent, GenStatem};

use crate::compile::Expect::{Changed, Same};
use crate::compile::{Language, Pair, check_states};
use crate::elixir_states::server;

fn pairs() -> Vec<Pair> {
    vec![
        server(
            "reductions over lists",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{sum: 0, by: %{}}}
  def handle_cast({:all, list}, s) do
    {:noreply, Enum.reduce(list, s, fn x, acc -> %{acc | sum: acc.sum + byte_size(x)} end)}
  end
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{sum: 0, by: %{}}}
  def handle_cast({:all, list}, s) do
    {:noreply, Enum.reduce(list, s, fn x, acc -> acc |> Map.put(:sum, 1) |> Map.put(:top, x) end)}
  end
end",
            Changed("`top`"),
            Changed("`top`"),
        ),
        server(
            "a set and a queue",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{set: MapSet.new(), q: :queue.new()}}
  def handle_cast({:a, x}, s), do: {:noreply, %{s | set: MapSet.put(s.set, x)}}
  def handle_cast({:q, x}, s), do: {:noreply, %{s | q: :queue.in(x, s.q)}}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{set: MapSet.new(), q: :queue.new()}}
  def handle_cast({:a, x}, s), do: {:noreply, %{s | set: s.set |> MapSet.put(x) |> MapSet.delete(nil)}}
  def handle_cast({:q, x}, s) do
    {_, q} = :queue.out(s.q)
    {:noreply, %{s | q: :queue.in(x, q)}}
  end
end",
            Same,
            Same,
        ),
        server(
            "what lies in a queue changes",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, :queue.new()}
  def handle_cast({:q, x}, q), do: {:noreply, :queue.in({:job, x}, q)}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, :queue.new()}
  def handle_cast({:q, x}, q), do: {:noreply, :queue.in({:job, x, 0}, q)}
end",
            Changed("queue"),
            Changed("queue"),
        ),
        server(
            "a timer that is nil or a reference",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{timer: nil}}
  def handle_info(:tick, s), do: {:noreply, %{s | timer: Process.send_after(self(), :tick, 10)}}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{timer: nil}}
  def handle_info(:tick, s) do
    if s.timer, do: Process.cancel_timer(s.timer)
    {:noreply, %{s | timer: Process.send_after(self(), :tick, 1000)}}
  end
end",
            Same,
            Same,
        ),
        server(
            "state in an ETS table: only the reference is seen",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, :ets.new(:t, [:set])}
  def handle_cast({:put, k, v}, t) do
    :ets.insert(t, {k, v})
    {:noreply, t}
  end
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, :ets.new(:t, [:set])}
  def handle_cast({:put, k, v}, t) do
    :ets.insert(t, {k, v, 1})
    {:noreply, t}
  end
end",
            Same,
            Same,
        ),
        server(
            "update_in, put_in and Access",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{conf: %{size: 1}, n: 0}}
  def handle_cast({:size, n}, s) when is_integer(n), do: {:noreply, put_in(s.conf.size, n)}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{conf: %{size: 1}, n: 0}}
  def handle_cast({:size, n}, s) when is_integer(n), do: {:noreply, put_in(s.conf[:colour], :red)}
end",
            Changed("`colour`"),
            Changed("`colour`"),
        ),
        server(
            "put_in by a path",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{conf: %{size: 1}, n: 0}}
  def handle_cast({:size, n}, s) when is_integer(n), do: {:noreply, put_in(s, [:conf, :size], n)}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{conf: %{size: 1}, n: 0}}
  def handle_cast({:size, n}, s) when is_integer(n), do: {:noreply, put_in(s, [:conf, :size], n + 1)}
end",
            Same,
            Same,
        ),
        server(
            "a struct takes the place of a map",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{a: 1}}
  def handle_cast(_, s), do: {:noreply, s}
end",
            "
defmodule @ do
  use GenServer
  defstruct a: 1
  def init(_), do: {:ok, %__MODULE__{}}
  def handle_cast(_, s), do: {:noreply, s}
end",
            Changed("a map with a"),
            Changed("%Pair"),
        ),
        server(
            "names of variables and lines do not matter",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, Far.Away.state()}
  def handle_cast({:a, x}, state), do: {:noreply, Far.Away.put(state, x)}
end",
            "
defmodule @ do
  use GenServer

  def init(_ignored), do: {:ok, Far.Away.state()}

  def handle_cast({:a, value}, s) do
    {:noreply, Far.Away.put(s, value)}
  end
end",
            Same,
            Same,
        ),
        server(
            "what was always nil is something now",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{a: nil}}
  def handle_cast(_, s), do: {:noreply, s}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{a: 0}}
  def handle_cast(_, s), do: {:noreply, s}
end",
            Changed("`nil`"),
            Changed("an integer"),
        ),
        server(
            "a try that keeps the state",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{n: 0, err: nil}}
  def handle_cast({:do, f}, s) do
    try do
      {:noreply, %{s | n: f.()}}
    rescue
      e -> {:noreply, %{s | err: Exception.message(e)}}
    end
  end
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{n: 0, err: nil}}
  def handle_cast({:do, f}, s) do
    try do
      {:noreply, %{s | n: f.()}}
    rescue
      e -> {:noreply, Map.put(s, :error, Exception.message(e))}
    end
  end
end",
            Changed("`error`"),
            Changed("`error`"),
        ),
        server(
            "a loop over what is left",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{pending: [], done: 0}}
  def handle_info(:run, s), do: {:noreply, drain(s)}
  defp drain(%{pending: []} = s), do: s
  defp drain(%{pending: [_ | rest]} = s), do: drain(%{s | pending: rest, done: s.done + 1})
  def handle_cast({:add, x}, s), do: {:noreply, %{s | pending: [x | s.pending]}}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{pending: [], done: 0}}
  def handle_info(:run, s), do: {:noreply, drain(s, 0)}
  defp drain(%{pending: []} = s, n), do: %{s | done: s.done + n}
  defp drain(%{pending: [_ | rest]} = s, n), do: drain(%{s | pending: rest}, n + 1)
  def handle_cast({:add, x}, s), do: {:noreply, %{s | pending: [x | s.pending]}}
end",
            Same,
            Same,
        ),
        Pair {
            name: "an Agent's map gets a key",
            behaviour: Agent,
            old: "
defmodule @ do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{n: 0} end, name: __MODULE__)
  def inc, do: Agent.update(__MODULE__, fn s -> %{s | n: s.n + 1} end)
  def get, do: Agent.get(__MODULE__, & &1.n)
end",
            new: "
defmodule @ do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{n: 0} end, name: __MODULE__)
  def inc, do: Agent.update(__MODULE__, &Map.put(&1, :at, System.os_time()))
  def get, do: Agent.get(__MODULE__, & &1.n)
end",
            up: Changed("`at`"),
            down: Changed("`at`"),
        },
        Pair {
            name: "an Agent that counts otherwise",
            behaviour: Agent,
            old: "
defmodule @ do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{n: 0} end, name: __MODULE__)
  def inc, do: Agent.get_and_update(__MODULE__, fn s -> {s.n, %{s | n: s.n + 1}} end)
end",
            new: "
defmodule @ do
  use Agent
  def start_link(_), do: Agent.start_link(fn -> %{n: 0} end, name: __MODULE__)
  def inc, do: Agent.get_and_update(__MODULE__, fn s -> {s.n, %{s | n: s.n + 2}} end)
  def get, do: Agent.get(__MODULE__, fn s -> s.n end)
end",
            up: Same,
            down: Same,
        },
        Pair {
            name: "data of a gen_statem",
            behaviour: GenStatem,
            old: "
defmodule @ do
  §behaviour :gen_statem
  def callback_mode, do: :handle_event_function
  def init(_), do: {:ok, :off, %{n: 0}}
  def handle_event({:call, from}, :flip, :off, d), do: {:next_state, :on, %{d | n: d.n + 1}, {:reply, from, :ok}}
  def handle_event({:call, from}, :flip, :on, d), do: {:next_state, :off, d, {:reply, from, :ok}}
end",
            new: "
defmodule @ do
  §behaviour :gen_statem
  def callback_mode, do: :handle_event_function
  def init(_), do: {:ok, :off, %{n: 0}}
  def handle_event({:call, from}, :flip, :off, d), do: {:next_state, :on, Map.put(d, :at, 1), {:reply, from, :ok}}
  def handle_event({:call, from}, :flip, :on, d), do: {:next_state, :off, d, {:reply, from, :ok}}
end",
            up: Changed("`at`"),
            down: Changed("`at`"),
        },
        Pair {
            name: "a handler of gen_event",
            behaviour: GenEvent,
            old: "
defmodule @ do
  §behaviour :gen_event
  def init(_), do: {:ok, []}
  def handle_event(e, s), do: {:ok, [e | s]}
  def handle_call(:get, s), do: {:ok, s, []}
end",
            new: "
defmodule @ do
  §behaviour :gen_event
  def init(_), do: {:ok, []}
  def handle_event(e, s), do: {:ok, [e | Enum.take(s, 9)]}
  def handle_call(:get, s), do: {:ok, s, s}
end",
            up: Same,
            down: Same,
        },
    ]
}

#[test]
fn states_of_elixir_made_elsewhere() {
    check_states(Language::Elixir, &pairs());
}
