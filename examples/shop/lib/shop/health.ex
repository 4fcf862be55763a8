defmodule Shop.Health do
  @moduledoc """
  What the health path answers, as a switch that can be set at boot and at run time.

  - `:ok` answers 200
  - `:fail` answers 503
  - `:slow` answers 200 after three seconds
  - `:hang` does not answer
  - `:flap` answers 200 and 503 in turn
  """

  use GenServer

  @modes [:ok, :fail, :slow, :hang, :flap]

  def start_link(mode) when mode in @modes do
    GenServer.start_link(__MODULE__, mode, name: __MODULE__)
  end

  @doc "Sets what the health path answers from now on."
  def set(mode) when mode in @modes, do: GenServer.call(__MODULE__, {:set, mode})

  @doc "Says what to answer to one probe: `:ok`, `:fail`, `:slow` or `:hang`."
  def probe, do: GenServer.call(__MODULE__, :probe)

  @doc "Reads a mode from text."
  def parse(text) do
    case Enum.find(@modes, &(Atom.to_string(&1) == text)) do
      nil -> {:error, "unknown health mode #{inspect(text)}; one of #{Enum.join(@modes, ", ")}"}
      mode -> {:ok, mode}
    end
  end

  @doc "Reads a mode from text, or raises."
  def parse!(text) do
    case parse(text) do
      {:ok, mode} -> mode
      {:error, message} -> raise ArgumentError, message
    end
  end

  @impl true
  def init(mode), do: {:ok, {mode, 0}}

  @impl true
  def handle_call({:set, mode}, _from, _state), do: {:reply, :ok, {mode, 0}}

  def handle_call(:probe, _from, {:flap, count}) do
    answer = if rem(count, 2) == 0, do: :ok, else: :fail
    {:reply, answer, {:flap, count + 1}}
  end

  def handle_call(:probe, _from, {mode, count}), do: {:reply, mode, {mode, count + 1}}
end
