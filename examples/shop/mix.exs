defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [
      app: :shop,
      version: "0.1.0",
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      deps: [],
      releases: releases()
    ]
  end

  def application do
    [
      mod: {Shop.Application, []},
      # mochiweb is the HTTP server; it comes from Debian's erlang-mochiweb.
      extra_applications: [:logger, :mochiweb]
    ]
  end

  defp releases do
    [
      shop: [
        include_executables_for: [:unix],
        applications: [runtime_tools: :permanent]
      ]
    ]
  end
end
