defmodule Shop.Catalogue do
  @moduledoc """
  What the shop says to a visitor.

  The edition is part of the label that every answer carries in `x-version`, so that an edit of this
  file is visible even where `version:` in `mix.exs` stays as it is.
  """

  @edition "spring"
  @greeting "Welcome to the shop"

  @doc "The greeting on the front page."
  def greeting, do: @greeting

  @doc "The label of this code, such as `0.1.0 spring`."
  def label, do: "#{Application.spec(:shop, :vsn)} #{@edition}"
end
