defmodule Shop.Application do
  @moduledoc """
  Starts the shop: state first, the listener last, so that on a stop the listener ends first, while
  everything that a request under way needs is still there.
  """

  use Application

  @impl true
  def start(_type, _args) do
    children = [
      {Shop.Health, Application.fetch_env!(:shop, :health)},
      {Shop.Orders, Application.get_env(:shop, :orders_file)},
      {Shop.Jobs, Application.get_env(:shop, :jobs_file)},
      Shop.Traffic,
      {Shop.Listener,
       port: Application.fetch_env!(:shop, :port),
       stop_timeout_ms: Application.fetch_env!(:shop, :stop_timeout_ms)}
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end
end
