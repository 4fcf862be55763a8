defprotocol Shop.Price do
  def cents(thing)
end

defimpl Shop.Price, for: Integer do
  def cents(number), do: number
end

defimpl Shop.Price, for: Shop.Item do
  def cents(item), do: item.cents
end
