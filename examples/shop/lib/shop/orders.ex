defmodule Shop.Orders do
  @moduledoc """
  Takes orders and counts how often each idempotency key was executed here.

  With an orders file every execution also appends one line, `KEY\\tNODE\\tPID\\tNUMBER`, in a single
  write to a file opened for appending. Instances may share the file: a key that is in it twice was
  executed twice, by whichever of them.
  """

  use GenServer

  def start_link(path), do: GenServer.start_link(__MODULE__, path, name: __MODULE__)

  @doc "Executes an order; returns its number here and how often its key was executed here."
  def place(key), do: GenServer.call(__MODULE__, {:place, key})

  @doc "Returns how often a key was executed here."
  def seen(key), do: GenServer.call(__MODULE__, {:seen, key})

  @doc "Returns how many orders were executed here."
  def count, do: GenServer.call(__MODULE__, :count)

  @impl true
  def init(nil), do: {:ok, %{file: nil, seen: %{}, count: 0}}

  def init(path) do
    case :file.open(path, [:append, :raw, :binary]) do
      {:ok, file} -> {:ok, %{file: file, seen: %{}, count: 0}}
      {:error, reason} -> {:stop, {:cannot_open_orders_file, path, reason}}
    end
  end

  @impl true
  def handle_call({:place, key}, _from, state) do
    number = state.count + 1
    :ok = append(state.file, key, number)
    seen = Map.update(state.seen, key, 1, &(&1 + 1))
    {:reply, {number, seen[key]}, %{state | seen: seen, count: number}}
  end

  def handle_call({:seen, key}, _from, state), do: {:reply, Map.get(state.seen, key, 0), state}
  def handle_call(:count, _from, state), do: {:reply, state.count, state}

  defp append(nil, _key, _number), do: :ok

  defp append(file, key, number) do
    :file.write(file, "#{key}\t#{node()}\t#{System.pid()}\t#{number}\n")
  end
end
