defmodule Shop.Cart do
  use GenServer

  defstruct items: [], total: 0

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  def add(cents) when is_integer(cents), do: GenServer.call(__MODULE__, {:add, cents})
  def total, do: GenServer.call(__MODULE__, :total)

  @impl true
  def init(_), do: {:ok, %Shop.Cart{}}

  @impl true
  def handle_call({:add, cents}, _from, cart) do
    cart = %{cart | items: [cents | cart.items], total: cart.total + cents}
    {:reply, cart.total, cart}
  end

  def handle_call(:total, _from, cart), do: {:reply, cart.total, cart}
end
