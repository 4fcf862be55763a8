import Config

config :shop, greeting: "welcome"
