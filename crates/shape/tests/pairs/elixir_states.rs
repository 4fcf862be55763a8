//! States of processes written in Elixir.

use shape::Behaviour::GenServer;

use crate::compile::Expect::{Changed, Same, Unseen};
use crate::compile::{Expect, Language, Pair, check_states};

pub(crate) const fn server(
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

const COUNTER: &str = "
defmodule @ do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, %{count: 0, name: opts[:name]}}
  def handle_call(:get, _from, state), do: {:reply, state.count, state}
  def handle_cast(:inc, state), do: {:noreply, %{state | count: state.count + 1}}
end";

fn pairs() -> Vec<Pair> {
    vec![
        server("the same code", COUNTER, COUNTER, Same, Same),
        server(
            "a fix in one callback",
            COUNTER,
            "
defmodule @ do
  use GenServer
  require Logger
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, %{count: 0, name: opts[:name]}}
  def handle_call(:get, _from, state) do
    Logger.info(\"#{state.name} has #{state.count}\")
    {:reply, state.count * 2, state}
  end
  def handle_cast(:inc, %{count: count} = state) when count < 100, do: {:noreply, %{state | count: count + 2}}
  def handle_cast(:inc, state), do: {:noreply, state}
end",
            Same,
            Same,
        ),
        server(
            "a key more",
            COUNTER,
            "
defmodule @ do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, %{count: 0, name: opts[:name], limit: 10}}
  def handle_call(:get, _from, state), do: {:reply, state.count, state}
  def handle_cast(:inc, state), do: {:noreply, %{state | count: state.count + 1}}
end",
            Changed("`limit`"),
            Changed("`limit`"),
        ),
        server(
            "a key put later",
            COUNTER,
            "
defmodule @ do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, %{count: 0, name: opts[:name]}}
  def handle_call(:get, _from, state), do: {:reply, state.count, state}
  def handle_cast(:inc, state), do: {:noreply, Map.put(state, :last, :now)}
end",
            Changed("`last`"),
            Changed("`last`"),
        ),
        server(
            "a key demanded that nobody puts",
            COUNTER,
            "
defmodule @ do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, %{count: 0, name: opts[:name]}}
  def handle_call(:get, _from, state), do: {:reply, state.limit, state}
  def handle_cast(:inc, state), do: {:noreply, %{state | count: state.count + 1}}
end",
            Changed("`limit`"),
            Same,
        ),
        server(
            "a value of another type",
            COUNTER,
            "
defmodule @ do
  use GenServer
  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  def init(opts), do: {:ok, %{count: %{}, name: opts[:name]}}
  def handle_call(:get, _from, state), do: {:reply, state.count, state}
  def handle_cast(:inc, state), do: {:noreply, %{state | count: Map.put(state.count, :a, 1)}}
end",
            Changed("`count`"),
            Changed("`count`"),
        ),
        server(
            "through helpers, pipes, with and then",
            "
defmodule @ do
  use GenServer
  defstruct items: [], total: 0, seen: nil
  def init(_), do: {:ok, new()}
  defp new, do: %__MODULE__{}
  def handle_cast({:add, n}, state) when is_integer(n) do
    state = state |> add(n) |> then(fn s -> %{s | seen: :yes} end)
    {:noreply, state}
  end
  defp add(state, n), do: state |> Map.update!(:items, &[n | &1]) |> Map.put(:total, state.total + n)
  def handle_call(:pop, _from, state) do
    with [head | tail] <- state.items, true <- head > 0 do
      {:reply, {:ok, head}, %__MODULE__{state | items: tail}}
    else
      _ -> {:reply, :empty, state}
    end
  end
end",
            "
defmodule @ do
  use GenServer
  defstruct items: [], total: 0, seen: nil
  def init(_), do: {:ok, %__MODULE__{}}
  def handle_cast({:add, n}, state) when is_integer(n), do: {:noreply, put(state, n)}
  defp put(state, n), do: struct!(state, items: [n | state.items], total: n + state.total, seen: :yes)
  def handle_call(:pop, _from, %{items: []} = state), do: {:reply, :empty, state}
  def handle_call(:pop, _from, %{items: [head | tail]} = state) do
    {:reply, {:ok, head}, Map.put(state, :items, tail)}
  end
end",
            Same,
            Same,
        ),
        server(
            "a helper adds a key",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, build(1)}
  defp build(n), do: %{n: n}
  def handle_cast(_, state), do: {:noreply, state}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, build(1)}
  defp build(n), do: %{n: n} |> with_more()
  defp with_more(map), do: Map.merge(map, %{extra: []})
  def handle_cast(_, state), do: {:noreply, state}
end",
            Changed("`extra`"),
            Changed("`extra`"),
        ),
        server(
            "a field of its struct",
            "
defmodule @ do
  use GenServer
  defstruct [:a]
  def init(a), do: {:ok, %__MODULE__{a: a}}
  def handle_info(_, s), do: {:noreply, s}
end",
            "
defmodule @ do
  use GenServer
  defstruct [:a, :b]
  def init(a), do: {:ok, %__MODULE__{a: a}}
  def handle_info(_, s), do: {:noreply, s}
end",
            Changed("`b`"),
            Changed("`b`"),
        ),
        server(
            "a nested struct of another module",
            "
defmodule @.User do
  defstruct [:name]
  def new(name) when is_binary(name), do: %__MODULE__{name: name}
end
defmodule @ do
  use GenServer
  alias @.User
  def init(_), do: {:ok, %{users: [], last: nil}}
  def handle_cast({:add, name}, s), do: {:noreply, %{s | users: [User.new(name) | s.users]}}
end",
            "
defmodule @.User do
  defstruct [:name, :email]
  def new(name) when is_binary(name), do: %__MODULE__{name: name}
end
defmodule @ do
  use GenServer
  alias @.User
  def init(_), do: {:ok, %{users: [], last: nil}}
  def handle_cast({:add, name}, s), do: {:noreply, %{s | users: [User.new(name) | s.users]}}
end",
            Changed("`email`"),
            Changed("`email`"),
        ),
        server(
            "set by handle_continue",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{conn: nil}, {:continue, :connect}}
  def handle_continue(:connect, s), do: {:noreply, %{s | conn: make_ref()}}
  def handle_call(:get, _, s), do: {:reply, s.conn, s, {:continue, :connect}}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{conn: nil}, {:continue, :connect}}
  def handle_continue(:connect, s), do: {:noreply, Map.put(%{s | conn: make_ref()}, :tries, 1)}
  def handle_call(:get, _, s), do: {:reply, s.conn, s, {:continue, :connect}}
end",
            Changed("`tries`"),
            Changed("`tries`"),
        ),
        server(
            "a reply with a continue that grows the state",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, {0, []}}
  def handle_call(x, _, {n, l}), do: {:reply, n, {n + 1, [x | l]}, {:continue, :more}}
  def handle_continue(:more, s), do: {:noreply, s}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, {0, [], nil}}
  def handle_call(x, _, {n, l, y}), do: {:reply, n, {n + 1, [x | l], y}, {:continue, :more}}
  def handle_continue(:more, s), do: {:noreply, s}
end",
            Changed("a tuple of 2"),
            Changed("a tuple of 3"),
        ),
        server(
            "the whole state is what it was started with",
            "
defmodule @ do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_call(:name, _, state), do: {:reply, state.name, state}
end",
            "
defmodule @ do
  use GenServer
  def init(state), do: {:ok, state}
  def handle_call(:name, _, state), do: {:reply, {state.name, state.age}, state}
end",
            Changed("`age`"),
            Same,
        ),
        server(
            "what it is started with is made by its own start function",
            "
defmodule @ do
  use GenServer
  def start_link(name), do: GenServer.start_link(__MODULE__, %{name: name})
  def init(state), do: {:ok, state}
  def handle_call(:name, _, state), do: {:reply, state.name, state}
end",
            "
defmodule @ do
  use GenServer
  def start_link(name), do: GenServer.start_link(__MODULE__, %{name: name, age: 0})
  def init(state), do: {:ok, state}
  def handle_call(:name, _, state), do: {:reply, state.name, state}
end",
            Changed("`age`"),
            Changed("`age`"),
        ),
        server(
            "default arguments",
            "
defmodule @ do
  use GenServer
  def start_link(opts \\\\ []), do: GenServer.start_link(__MODULE__, opts)
  def init(opts), do: {:ok, %{max: Keyword.get(opts, :max, 5), n: 0}}
  def handle_cast(:inc, s), do: {:noreply, bump(s)}
  defp bump(s, by \\\\ 1), do: %{s | n: s.n + by}
end",
            "
defmodule @ do
  use GenServer
  def start_link(opts \\\\ []), do: GenServer.start_link(__MODULE__, opts)
  def init(opts), do: {:ok, %{max: Keyword.get(opts, :max, 50), n: 0}}
  def handle_cast(:inc, s), do: {:noreply, bump(s, 2)}
  defp bump(s, by \\\\ 1), do: %{s | n: s.n + by}
end",
            Same,
            Same,
        ),
        server(
            "a mode that only the new one has",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{mode: :idle}}
  def handle_cast(:go, s), do: {:noreply, %{s | mode: :busy}}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{mode: :idle}}
  def handle_cast(:go, s), do: {:noreply, %{s | mode: :busy}}
  def handle_cast(:halt, s), do: {:noreply, %{s | mode: :halted}}
end",
            Same,
            Changed("`halted`"),
        ),
        server(
            "an unknown maker of a part, called another way",
            "
defmodule @ do
  use GenServer
  def init(url), do: {:ok, %{conn: Far.Conn.open(url)}}
  def handle_cast(:go, s), do: {:noreply, s}
end",
            "
defmodule @ do
  use GenServer
  def init(url), do: {:ok, %{conn: Far.Conn.open(url, [:fast])}}
  def handle_cast(:go, s), do: {:noreply, s}
end",
            Unseen("Far.Conn.open("),
            Unseen("Far.Conn.open("),
        ),
        server(
            "an unknown maker of a part, called the same way",
            "
defmodule @ do
  use GenServer
  def init(url), do: {:ok, %{conn: Far.Conn.open(url), n: 1}}
  def handle_cast(:go, s), do: {:noreply, %{s | n: s.n + 1}}
end",
            "
defmodule @ do
  use GenServer
  def init(url), do: {:ok, %{conn: Far.Conn.open(url), n: 1}}
  def handle_cast(:go, s) do
    Far.Conn.ping(s.conn)
    {:noreply, %{s | n: s.n + 10}}
  end
end",
            Same,
            Same,
        ),
        server(
            "a table by computed keys, whose values change",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{}}
  def handle_cast({:put, k, v}, s) when is_binary(v), do: {:noreply, Map.put(s, k, v)}
  def handle_cast({:drop, k}, s), do: {:noreply, Map.delete(s, k)}
end",
            "
defmodule @ do
  use GenServer
  def init(_), do: {:ok, %{}}
  def handle_cast({:put, k, v}, s) when is_binary(v), do: {:noreply, Map.put(s, k, {v, System.monotonic_time()})}
  def handle_cast({:drop, k}, s), do: {:noreply, Map.delete(s, k)}
end",
            Changed("a value of"),
            Changed("a value of"),
        ),
    ]
}

#[test]
fn states_of_elixir() {
    check_states(Language::Elixir, &pairs());
}
