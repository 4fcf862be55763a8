defmodule Shop.Text do
  def label(count), do: "count: " <> Integer.to_string(count)
  def price(thing), do: Integer.to_string(Shop.Price.cents(thing)) <> " ct"
end
