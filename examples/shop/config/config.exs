import Config

# What the health path answers after boot; see Shop.Health for the modes.
config :shop, health: :ok

# How long a stopping shop waits for requests under way.
config :shop, stop_timeout_ms: 10_000

# How often a WebSocket and an event stream get a tick.
config :shop, tick_ms: 500

config :logger, :console,
  format: "$time [$level] $message\n",
  level: :info

# Tests listen on any free port.
if config_env() == :test do
  config :shop, port: 0, stop_timeout_ms: 2_000, tick_ms: 20
  config :logger, level: :warning
end

if config_env() == :dev do
  config :shop, port: 4000
end
