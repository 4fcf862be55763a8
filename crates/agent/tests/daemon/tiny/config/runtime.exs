import Config
config :tiny, port: String.to_integer(System.fetch_env!("PORT"))
System.get_env("TINY_SECRET") || raise "environment variable TINY_SECRET is missing"
