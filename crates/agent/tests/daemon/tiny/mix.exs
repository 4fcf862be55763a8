defmodule Tiny.MixProject do
  use Mix.Project
  def project, do: [app: :tiny, version: "1.2.3", elixir: "~> 1.14", deps: []]
  def application, do: [mod: {Tiny, []}, extra_applications: [:logger]]
end
