import Config

# A release is told by its environment where to listen and what to do.
if config_env() == :prod do
  config :shop, port: String.to_integer(System.fetch_env!("PORT"))

  if mode = System.get_env("SHOP_HEALTH") do
    config :shop, health: Shop.Health.parse!(mode)
  end

  if path = System.get_env("SHOP_ORDERS_FILE") do
    config :shop, orders_file: path
  end

  if path = System.get_env("SHOP_JOBS_FILE") do
    config :shop, jobs_file: path
  end
end
