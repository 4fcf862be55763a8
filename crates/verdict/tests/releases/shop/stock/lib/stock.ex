defmodule Stock do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)
  def take, do: GenServer.call(__MODULE__, :take)

  @impl true
  def init(_), do: {:ok, 100}

  @impl true
  def handle_call(:take, _from, left), do: {:reply, left - 1, left - 1}
end

defmodule Stock.Application do
  use Application

  @impl true
  def start(_type, _args),
    do: Supervisor.start_link([Stock], strategy: :one_for_one, name: Stock.Supervisor)
end
