defmodule Shop.Jobs do
  @moduledoc """
  Background work that one version at a time should do. It is done between `start/0` and `stop/0`, which
  may be called again.

  With a jobs file every change appends one line, `on LABEL` or `off LABEL`, to a file that instances may
  share: where two versions did the work at once, it shows.
  """

  use GenServer

  alias Shop.Catalogue

  def start_link(path), do: GenServer.start_link(__MODULE__, path, name: __MODULE__)

  @doc "Begins the work."
  def start, do: GenServer.call(__MODULE__, {:set, true})

  @doc "Ends the work."
  def stop, do: GenServer.call(__MODULE__, {:set, false})

  @doc "Says whether the work is done here."
  def running?, do: GenServer.call(__MODULE__, :running?)

  @impl true
  def init(path), do: {:ok, %{path: path, running: false}}

  @impl true
  def handle_call({:set, same}, _from, %{running: same} = state), do: {:reply, :ok, state}

  def handle_call({:set, running}, _from, state) do
    word = if running, do: "on", else: "off"
    if state.path, do: File.write!(state.path, "#{word} #{Catalogue.label()}\n", [:append])
    {:reply, :ok, %{state | running: running}}
  end

  def handle_call(:running?, _from, state), do: {:reply, state.running, state}
end
