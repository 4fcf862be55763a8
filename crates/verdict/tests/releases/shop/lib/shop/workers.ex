defmodule Shop.Workers do
  use Supervisor

  def start_link(_), do: Supervisor.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init(_) do
    children = [
      Shop.Cart,
      %{id: :shop_gate, start: {:shop_gate, :start_link, []}}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end
end
