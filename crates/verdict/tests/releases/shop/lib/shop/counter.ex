defmodule Shop.Counter do
  use GenServer

  def start_link(first), do: GenServer.start_link(__MODULE__, first, name: __MODULE__)

  def bump, do: GenServer.call(__MODULE__, :bump)
  def value, do: GenServer.call(__MODULE__, :value)
  def label, do: GenServer.call(__MODULE__, :label)

  @impl true
  def init(first), do: {:ok, %{count: first, bumps: 0}}

  @impl true
  def handle_call(:bump, _from, state) do
    state = %{state | count: state.count + 1, bumps: state.bumps + 1}
    {:reply, state.count, state}
  end

  def handle_call(:value, _from, state), do: {:reply, state.count, state}
  def handle_call(:label, _from, state), do: {:reply, Shop.Text.label(state.count), state}
end
