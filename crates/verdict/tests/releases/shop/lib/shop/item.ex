defmodule Shop.Item do
  defstruct name: "", cents: 0
end
